import AttentionStore
import Formatting
import Foundation
import Results
import Tensors

/// What a database holds of an experiment, as `show` prints it.
struct ExperimentReportOfStore: Encodable {
  struct Run: Encodable {
    let hash, status, role, intervention, prompt: String
    let sourcePrompt: String?
    let seed: Seed
    let metrics: [String: Double]
    let error: String?
  }

  let name, folder: String
  var question, model, modelHash, toolVersion, engine, createdAt: String?
  let records: [String]
  /// Of the plan that was begun last, in its order.
  let runs: [Run]
  /// Stored runs of other plans.
  let otherRuns: Int
  /// Of all plans.
  let maps, bytes: Int

  init(_ store: AttentionStore, _ results: ResultsFolder) throws {
    let experiment = try store.experiment()
    name = experiment?.name ?? results.name
    folder = results.url.path
    question = experiment?.question
    model = experiment?.model
    modelHash = experiment?.modelHash
    toolVersion = experiment?.toolVersion
    engine = experiment?.engine
    createdAt = experiment.map { $0.createdAt.formatted(.iso8601) }
    var names: Set<String> = []
    records = try store.records().map(\.record.name).filter { names.insert($0).inserted }
    otherRuns = try store.countOfOtherRuns()
    runs = try store.runs(.planned).map { run in
      Run(
        hash: run.run.hash, status: run.status.rawValue, role: run.run.role.rawValue,
        intervention: run.run.intervention, prompt: run.prompt, sourcePrompt: run.sourcePrompt, seed: run.run.seed,
        metrics: try store.metrics(run.id), error: run.error)
    }
    maps = try store.mapCount()
    bytes = try store.bytesStored()
  }

  var text: String {
    var facts = [("experiment", name)]
    if let question, !question.isEmpty { facts.append(("question", question)) }
    facts.append(("folder", folder))
    if let model, let modelHash { facts.append(("model", "\(model), \(modelHash.prefix(16))")) }
    if let toolVersion, let engine { facts.append(("made with", "attnlab \(toolVersion), \(engine)")) }
    if let createdAt { facts.append(("begun", createdAt)) }
    facts.append(("records", records.isEmpty ? "none" : records.joined(separator: ", ")))
    facts.append(("maps", "\(maps), \(Readable.bytes(bytes))"))
    if otherRuns > 0 { facts.append(("other runs", otherRunsText(otherRuns))) }

    let metrics = Set(runs.flatMap(\.metrics.keys)).sorted()
    var table = Table(
      ["run", "status", "intervention", "seed"] + metrics + ["prompt"], right: Set(3..<4 + metrics.count))
    for run in runs {
      let values = metrics.map { name in run.metrics[name].map { String(format: "%.4g", $0) } ?? "" }
      let prompt = run.sourcePrompt.map { "\($0) -> \(run.prompt)" } ?? run.prompt
      table.add([String(run.hash.prefix(16)), run.status, run.intervention, "\(run.seed)"] + values + [prompt])
    }
    let failed = runs.compactMap { run in run.error.map { "\(run.hash.prefix(16)) failed: \(printable($0))\n" } }
    return list(facts) + "\n" + table.text + failed.joined()
  }
}

/// What a database holds of one run, as `show --run` prints it.
struct RunReport: Encodable {
  struct File: Encodable {
    let kind, path, sha256: String
  }

  struct Record: Encodable {
    let name: String
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

  init(_ stored: StoredRun, _ store: AttentionStore, _ results: ResultsFolder) throws {
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
        name: record.record.name, maps: try store.mapCount(filter), bytes: try store.bytesStored(filter),
        words: try store.recordKeys(of: record.id, for: run.prompt).map(\.label))
    }
  }

  var text: String {
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
      return ("record", "\(record.name), \(record.maps) maps, \(Readable.bytes(record.bytes))\(words)")
    }
    return list(facts)
  }
}
