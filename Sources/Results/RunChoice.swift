import AttentionStore
import ExperimentFiles
import Formatting
import Plotting
import Tensors

/// One stored run, as the options of a command name it.
package struct RunChoice {
  /// The first digits of the hash; the others choose where it is nil.
  private let hash: String?
  private let seed: Seed?
  private let prompt, intervention: String?

  package init(hash: String? = nil, seed: Seed? = nil, prompt: String? = nil, intervention: String? = nil) {
    self.hash = hash
    self.seed = seed
    self.prompt = prompt
    self.intervention = intervention
  }

  /// The run of the hash, or the first done one of the plan begun last that fits.
  /// - Parameter experiment: what the user calls it.
  /// - Throws: `ExperimentError` that says what there is; `StoreError`.
  package func run(in store: AttentionStore, of experiment: String) throws -> StoredRun {
    if let hash { return try StoredRun.find(hash, in: store) }
    let runs = try store.runs(RunFilter(status: .done, isPlanned: true))
    let fitting = runs.first { run in
      (seed == nil || run.run.seed == seed)
        && (prompt == nil || run.prompt == prompt)
        && (intervention == nil || run.run.intervention == intervention)
    }
    if let fitting { return fitting }
    let known = [
      "--seed: \(Self.listed(runs.map { "\($0.run.seed)" }))",
      "--prompt: \(Self.listed(runs.map { "\"\($0.prompt)\"" }))",
      "--intervention: \(Self.listed(runs.map(\.run.intervention)))",
    ]
    throw ExperimentError(
      runs.isEmpty
        ? ["\(experiment) has no run that is done"]
        : ["no run that is done fits all that is asked for; there are"] + known.map { "  " + printable($0) })
  }

  /// Each once.
  private static func listed(_ items: [String]) -> String { Set(items).sorted().joined(separator: ", ") }
}

extension StoredRun {
  /// The run whose hash begins with some digits.
  /// - Throws: `ExperimentError` if there is none, or several.
  package static func find(_ digits: String, in store: AttentionStore) throws -> StoredRun {
    let runs = try store.runs()
    let found = runs.filter { $0.run.hash.hasPrefix(digits.lowercased()) }
    if let run = found.first, found.count == 1, !digits.isEmpty { return run }
    let some = (found.isEmpty ? runs : found).prefix(5).map { $0.run.hash.prefix(16) }.joined(separator: ", ")
    if found.isEmpty {
      let known = runs.isEmpty ? "there are no runs" : "the runs begin with \(some)\(runs.count > 5 ? ", ..." : "")"
      throw ExperimentError("--run: no run begins with \"\(printable(digits))\"; \(known)")
    }
    throw ExperimentError("--run: \(found.count) runs begin with \"\(printable(digits))\": \(some); give more digits")
  }

  /// `3f9a000000000000, "a red car", source, seed 1`
  package var title: String { "\(run.hash.prefix(16)), \"\(prompt)\", \(run.intervention), seed \(run.seed)" }

  /// What figures of the run are headed with: its prompt, what was done to it, and its seed.
  package var figureTitle: String { "\(prompt) · \(run.intervention) · seed \(run.seed)" }

  /// What the run left as its picture.
  /// - Throws: `ResultsFileError` if it is not there; what reading throws.
  package func picture(_ store: AttentionStore, _ results: ResultsFolder) throws -> Picture {
    guard let artifact = try store.artifacts(id).first(where: { $0.kind == "picture" }) else {
      throw ResultsFileError("run \(run.hash.prefix(16)) has no picture (it is \(status.rawValue))")
    }
    return try PNG.read(results.open().file(artifact.path))
  }
}
