import Attention
import AttentionStore
import Formatting
import Foundation
import Tensors

/// What a database holds of one run, as `show --run` prints it.
package struct StoredRunReport: Encodable {
  package struct File: Encodable {
    let kind, path, sha256: String
  }

  package struct Record: Encodable {
    let name: String
    /// The recorded quantity.
    let of: String
    let maps, bytes: Int
    let words: [String]
  }

  let hash, groupHash, status, role, intervention, prompt: String
  let negativePrompt, sourceHash, sourcePrompt, error: String?
  let seed: Seed
  let height, width, steps: Int
  /// Of the model.
  let calls: Int
  let guidanceScale: Double
  let scheduler: String
  /// What differs from the model's configuration, as JSON; `{}` for nothing.
  let schedulerSettings: String
  let metrics: [String: Double]
  let files: [File]
  let records: [Record]

  package init(_ stored: StoredRun, _ store: AttentionStore, _ results: ResultsFolder) throws {
    let run = stored.run
    hash = run.hash
    groupHash = stored.groupHash
    status = stored.status.rawValue
    role = run.role.rawValue
    intervention = run.intervention
    prompt = stored.prompt
    negativePrompt = stored.negativePrompt
    sourceHash = run.sourceHash
    sourcePrompt = stored.sourcePrompt
    error = stored.error
    seed = run.seed
    height = run.setting.height
    width = run.setting.width
    steps = run.setting.numInferenceSteps
    calls = run.calls
    guidanceScale = run.setting.guidanceScale
    scheduler = run.setting.scheduler
    schedulerSettings = run.setting.schedulerSettings
    metrics = try store.metrics(stored.id)
    files = try store.artifacts(stored.id).map {
      File(kind: $0.kind, path: results.url.appending(path: $0.path).path, sha256: $0.sha256)
    }
    records = try store.records(of: stored.id).map { record in
      let filter = MapFilter(runs: [stored.id], records: [record.record.name])
      return Record(
        name: record.record.name, of: record.record.quantity.rawValue, maps: try store.mapCount(filter),
        bytes: try store.bytesStored(filter),
        words: try store.recordKeys(of: record.id, for: run.prompt).map(\.label))
    }
  }

  package var text: String {
    var facts = [("run", hash), ("status", status), ("role", "\(role), intervention \"\(intervention)\"")]
    if let error { facts.append(("error", error)) }
    facts.append(("prompt", prompt))
    if let negativePrompt, !negativePrompt.isEmpty { facts.append(("negative", negativePrompt)) }
    if let sourceHash, let sourcePrompt { facts.append(("source", "\(sourcePrompt), \(sourceHash.prefix(16))")) }
    facts.append(("picture", "\(width) x \(height) pixels, seed \(seed)"))
    facts.append(
      (
        "denoising",
        "\(steps) \(scheduler) steps, " + (schedulerSettings == "{}" ? "" : "\(schedulerSettings), ")
          + (calls == steps ? "" : "\(calls) calls of the model, ")
          + "guidance \(guidanceScale)"
      ))
    facts += metrics.sorted { $0.key < $1.key }.map { ($0.key, String(format: "%.6g", $0.value)) }
    facts += files.map { ($0.kind, $0.path) }
    facts += records.map { record in
      // Long lists are those of all 77 positions, which say nothing.
      let words = record.words.isEmpty || record.words.count > 40 ? "" : ": \(record.words.joined(separator: " "))"
      let what = record.of == RecordedQuantity.probabilities.rawValue ? "" : " of \(record.of)"
      return ("record", "\(record.name), \(record.maps) maps\(what), \(Readable.bytes(record.bytes))\(words)")
    }
    return TextTable.facts(facts)
  }
}
