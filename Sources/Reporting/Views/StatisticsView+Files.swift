import Attention
import Formatting
import Foundation
import Plotting
import Tensors

extension StatisticsView {
  /// What one chart shows.
  public struct Chart: Hashable, Sendable {
    let record: String
    let kind: AttentionKind
    let statistic: MapStatistic
    public let word: String
    /// For file names, each once: `self-distance`, `cross-spread`, and `cross-spread-2` of a second record.
    public let name: String
  }

  /// The words whose spread there is, in the order of the prompt.
  public var words: [String] { rows.map(\.word).filter { !$0.isEmpty }.uniqued }

  /// The kinds of each record.
  var parts: [(record: String, kind: AttentionKind)] {
    rows.map(\.record).uniqued.flatMap { record in
      AttentionKind.allCases.filter { kind in rows.contains { $0.record == record && $0.site.kind == kind } }.map {
        (record, $0)
      }
    }
  }

  /// The statistics that are charted: of those that say the same in two units one.
  static let charted: [MapStatistic] = [.relativeEntropy, .distance, .spread, .headDivergence]

  /// What there is to chart, in the order of the records.
  /// - Parameter word: Whose spread is charted.
  public func charts(word: String?) -> [Chart] {
    var names: [String: Int] = [:]
    return parts.flatMap { record, kind in
      Self.charted.filter { statistic in
        rows.contains {
          $0.record == record && $0.site.kind == kind && $0.statistic == statistic
            && ($0.word.isEmpty || $0.word == word)
        }
      }.map { statistic in
        let name = "\(kind.rawValue)-\(statistic.rawValue.split(separator: "_").last ?? "")"
        names[name, default: 0] += 1
        let number = names[name, default: 1]
        return Chart(
          record: record, kind: kind, statistic: statistic, word: statistic == .spread ? word ?? "" : "",
          name: number == 1 ? name : "\(name)-\(number)")
      }
    }
  }

  /// A statistic, layers by steps; a cell of a color each. The scale runs from the lowest to the highest value.
  /// - Throws: `PlottingError` if there is no value.
  public func picture(of chart: Chart) throws -> Picture {
    let shown = rows.filter {
      $0.record == chart.record && $0.site.kind == chart.kind && $0.statistic == chart.statistic
        && $0.word == chart.word
    }
    let steps = Set(shown.map(\.step)).sorted()
    let maps = try Dictionary(grouping: shown, by: \.site).sorted { $0.key.index < $1.key.index }.map { site, rows in
      // Few steps leave wide cells; flat ones keep the layers together.
      let width = steps.count > 8 ? 1 : 3
      let values = Dictionary(rows.map { ($0.step, Float($0.value)) }, uniquingKeysWith: { first, _ in first })
      return LayerRow(
        site.figureLabel,
        try steps.map { step in
          try HeatMap(width: width, height: 1, values: [Float](repeating: values[step] ?? .nan, count: width))
        })
    }
    let ranges = maps.flatMap(\.maps).compactMap(\.range)
    let scale = ColorScale.shared(
      min: ranges.map(\.lowerBound).min() ?? 0, max: ranges.map(\.upperBound).max() ?? 0)
    let what = chart.word.isEmpty ? chart.statistic.title : "\(chart.statistic.title), of \"\(chart.word)\""
    return try Figures.layerStepGrid(
      title: "\(run.figureTitle) · \(chart.kind.title): \(what)", rows: maps,
      steps: steps.map(String.init), scale: scale)
  }

  /// A line a number: `run,record,kind,layer,site,step,statistic,word,value,uniform`.
  public var csv: Data {
    var table = Self.emptyTable
    append(to: &table)
    return table.data
  }

  static var emptyTable: CSVTable {
    CSVTable(["run", "record", "kind", "layer", "site", "step", "statistic", "word", "value", "uniform"])
  }

  /// Adds the lines to a table of several runs.
  func append(to table: inout CSVTable) {
    for row in rows {
      table.append([
        String(run.run.hash.prefix(16)), row.record, row.site.kind.rawValue, "\(row.site.layer)", row.site.path,
        "\(row.step)", row.statistic.rawValue, row.word, CSVTable.number(row.value), CSVTable.number(row.uniform),
      ])
    }
  }
}
