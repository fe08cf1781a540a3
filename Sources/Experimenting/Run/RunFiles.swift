import AttentionStore
import Checkpoints
import Foundation
import Pipelines
import Plotting
import Tensors

/// A file of a run, before it is written.
struct RunFile {
  let kind: String
  /// Relative to the folder of the results.
  let path: String
  let data: Data

  var artifact: Artifact { Artifact(kind: kind, path: path, sha256: sha256(data)) }
}

/// The files that runs leave beside the database: pictures, final latents, and predicted pictures on the way.
struct RunFiles {
  let plan: ExperimentPlan
  let results: ResultsFolder

  /// The kind of a predicted picture in the table of artifacts, `predicted-007` for the one after step 7.
  static func predictedKind(step: Int) -> String {
    let digits = "\(step)"
    return "predicted-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  /// The step of such a kind; nil for other kinds.
  static func predictedStep(kind: String) -> Int? {
    kind.hasPrefix("predicted-") ? Int(kind.dropFirst("predicted-".count)) : nil
  }

  /// The kinds of files that each finished run of a group has.
  func kinds(of group: PlannedGroup) -> [String] {
    ["picture", "latents"] + group.predictedSteps.map(Self.predictedKind)
  }

  /// Relative to the folder of the results.
  func path(_ kind: String, of run: PlannedRun) -> String {
    "\(ResultsFolder.runPath(run.hash))/\(kind).\(kind == "latents" ? "safetensors" : "png")"
  }

  private func texts(_ run: PlannedRun, _ group: PlannedGroup) -> [PNG.Text] {
    [
      PNG.Text("Prompt", run.prompt.prompt), PNG.Text("Seed", "\(group.settings.seed)"),
      PNG.Text("Intervention", run.intervention), PNG.Text("Content-Hash", run.hash),
      PNG.Text("Software", "attnlab \(attnlabVersion)"),
    ]
  }

  // MARK: - Making

  /// What the model expected of a run in the last step, where the file asks for it.
  /// - Throws: `BrokenPicture`; what decoding throws.
  func predicted(_ index: Int, _ group: PlannedGroup, _ denoising: Denoising) throws -> RunFile? {
    let step = denoising.step - 1
    guard group.predictedSteps.contains(step), let expected = denoising.predictedClean else { return nil }
    let run = group.runs[index]
    let picture = try plan.model.picture(expected.slice(index..<(index + 1)))
    let kind = Self.predictedKind(step: step)
    let texts = texts(run, group) + [PNG.Text("Predicted-After-Step", "\(step)")]
    return RunFile(kind: kind, path: path(kind, of: run), data: Data(try PNG.encode(picture, texts: texts)))
  }

  /// The picture and the latents of a run whose steps are all taken.
  /// - Throws: `BrokenPicture`; what decoding throws.
  func finished(_ index: Int, _ group: PlannedGroup, _ denoising: Denoising) throws -> [RunFile] {
    let run = group.runs[index]
    let latents = try denoising.latents(of: index)
    let picture = try PNG.encode(plan.model.picture(latents), texts: texts(run, group))
    let tensors = try SafetensorsWriter.encode(
      [("latents", latents.channelsFirst())], metadata: ["hash": run.hash], name: "latents.safetensors")
    return [
      RunFile(kind: "picture", path: path("picture", of: run), data: Data(picture)),
      RunFile(kind: "latents", path: path("latents", of: run), data: tensors),
    ]
  }

  // MARK: - Writing

  func write(_ file: RunFile) throws { try writeAtomically(file.data, to: results.url.appending(path: file.path)) }

  /// Writes what the model expected of a run in the last step, where the file asks for it.
  func writePredicted(_ index: Int, _ group: PlannedGroup, _ denoising: Denoising) throws {
    if let file = try predicted(index, group, denoising) { try write(file) }
  }

  /// Writes a finished run's picture and latents.
  /// - Returns: all that it leaves.
  func write(_ index: Int, _ group: PlannedGroup, _ denoising: Denoising) throws -> [Artifact] {
    let finished = try finished(index, group, denoising)
    for file in finished { try write(file) }
    let predicted = try group.predictedSteps.map(Self.predictedKind).map { kind in
      let path = path(kind, of: group.runs[index])
      return Artifact(kind: kind, path: path, sha256: sha256(try read(path)))
    }
    return finished.map(\.artifact) + predicted
  }

  // MARK: - Looking

  private func read(_ path: String) throws -> Data { try Data(contentsOf: results.url.appending(path: path)) }

  /// Whether every predicted picture of some runs and of the steps before one is there.
  func hasPredicted(_ group: PlannedGroup, of runs: [Int], before step: Int) -> Bool {
    group.predictedSteps.filter { $0 < step }.allSatisfy { step in
      runs.allSatisfy { index in
        let path = path(Self.predictedKind(step: step), of: group.runs[index])
        return FileManager.default.fileExists(atPath: results.url.appending(path: path).path)
      }
    }
  }

  /// Whether a file of a run is there with the bytes that it was written with.
  func isWhole(_ kind: String, of run: PlannedRun, sha256 hash: String) -> Bool {
    (try? read(path(kind, of: run))).map { sha256($0) == hash } ?? false
  }
}
