import AttentionStore
import Formatting
import Foundation
import Tensors

/// What a database holds of an experiment, as `show` prints it.
package struct StoredExperimentReport: Encodable {
  package struct Run: Encodable {
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

  package init(_ store: AttentionStore, _ results: ResultsFolder) throws {
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

  package var text: String {
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
    var table = TextTable(
      ["run", "status", "intervention", "seed"] + metrics + ["prompt"], right: Set(3..<4 + metrics.count))
    for run in runs {
      let values = metrics.map { name in run.metrics[name].map { String(format: "%.4g", $0) } ?? "" }
      let prompt = run.sourcePrompt.map { "\($0) -> \(run.prompt)" } ?? run.prompt
      table.add([String(run.hash.prefix(16)), run.status, run.intervention, "\(run.seed)"] + values + [prompt])
    }
    let failed = runs.compactMap { run in run.error.map { "\(run.hash.prefix(16)) failed: \(printable($0))\n" } }
    return TextTable.facts(facts) + "\n" + table.text + failed.joined()
  }
}
