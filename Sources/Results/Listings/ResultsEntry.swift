import AttentionStore
import Formatting

/// An experiment that has results, as `list` prints it.
package struct ResultsEntry: Encodable {
  package let name, folder: String
  private(set) var question, model: String?
  /// Of the plan that was begun last, by status; those that are not stored yet are `not begun`.
  private(set) var runs: [String: Int] = [:]
  /// Of other plans.
  private(set) var otherRuns = 0
  private(set) var maps, bytes: Int?
  /// Why the database cannot be read.
  package private(set) var problem: String?

  package init(_ results: ResultsFolder) {
    name = results.name
    folder = results.url.path
    do {
      let store = try AttentionStore.open(results.database, mode: .readOnly)
      let experiment = try store.experiment()
      question = experiment?.question
      model = experiment?.model
      for status in RunStatus.allCases { runs[status.rawValue] = 0 }
      for status in try store.statusOfRuns(isPlanned: true).values { runs[status.rawValue, default: 0] += 1 }
      runs["not begun"] = try store.countOfRunsNotBegun()
      otherRuns = try store.countOfOtherRuns()
      maps = try store.mapCount()
      bytes = try store.bytesStored()
      try store.close()
    } catch {
      problem = "\(error)"
    }
  }

  fileprivate var row: [String] {
    let total = runs.values.reduce(0, +)
    return [
      name, "\(runs["done"] ?? 0)/\(total)", otherRuns == 0 ? "" : "\(otherRuns)", maps.map(String.init) ?? "?",
      bytes.map(Readable.bytes) ?? "?",
      model ?? "?", question ?? "",
    ]
  }
}

extension [ResultsEntry] {
  /// For a reader, one line an experiment.
  package var table: String {
    var table = TextTable(["name", "runs done", "others", "maps", "bytes", "model", "question"], right: [1, 2, 3, 4])
    for entry in self { table.add(entry.row) }
    return table.text
  }
}
