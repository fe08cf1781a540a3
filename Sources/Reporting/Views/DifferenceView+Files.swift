import Attention
import AttentionStore
import Formatting
import Foundation
import Plotting
import Tensors

extension DifferenceView {
  /// `"red" → "blue"`, or the point.
  public var subjectText: String {
    switch subject {
    case .word(let word, let other): word == other ? "\"\(word)\"" : "\"\(other)\" less \"\(word)\""
    case .point: "where the point looks, in multiples of 1 / keys"
    }
  }

  /// The differences, layers by steps: red where the second run has more, blue where the first has, on one scale.
  /// - Throws: `PlottingError` if no site has maps of every step that is drawn.
  public func figure() throws -> Picture {
    let steps = DrawnChoice.steps(Set(rows.map(\.step)).sorted())
    let bySite = Dictionary(grouping: rows.filter { steps.contains($0.step) }, by: \.site)
    let whole = bySite.filter { $0.value.count == steps.count }
    let layers = whole.sorted { $0.key.index < $1.key.index }.map { site, rows -> LayerRow in
      LayerRow(site.figureLabel, rows.map(\.map))
    }
    return try Figures.layerStepGrid(
      title: "\(Self.name(second)) less \(Self.name(first)) · \(subject.kind.title): \(subjectText)", rows: layers,
      steps: steps.map(String.init), scale: .centered(on: layers.flatMap(\.maps)), colorMap: .coolwarm)
  }

  /// `a red car, source, seed 1`
  private static func name(_ run: StoredRun) -> String {
    "\(run.prompt), \(run.run.intervention), seed \(run.run.seed)"
  }

  /// A line a site and step: `first,second,record,kind,layer,site,step,word,other_word,total_variation,jensen_shannon`.
  public var csv: Data {
    var table = Self.emptyTable
    append(to: &table)
    return table.data
  }

  static var emptyTable: CSVTable {
    CSVTable([
      "first", "second", "record", "kind", "layer", "site", "step", "word", "other_word", "total_variation",
      "jensen_shannon",
    ])
  }

  /// Adds the lines to a table of several pairs of runs.
  func append(to table: inout CSVTable) {
    var words = ["", ""]
    if case .word(let word, let other) = subject { words = [word, other] }
    for row in rows {
      table.append(
        [
          String(first.run.hash.prefix(16)), String(second.run.hash.prefix(16)), record, row.site.kind.rawValue,
          "\(row.site.layer)", row.site.path, "\(row.step)",
        ] + words + [CSVTable.number(row.distance.totalVariation), CSVTable.number(row.distance.jensenShannon)])
    }
  }
}
