import Attention

extension StatisticsView {
  /// What is charted, as means over steps.
  package struct Summary {
    /// A record's site.
    package struct Row {
      package let record: String
      package let site: AttentionSite
      package let steps: Int
      /// One for each of the statistics; nil where the site has none.
      package let means: [Double?]
    }

    package let statistics: [MapStatistic]
    /// By record, kind and layer.
    package let rows: [Row]
  }

  package func summary(of charts: [Chart]) -> Summary {
    let shown = MapStatistic.allCases.filter { statistic in charts.contains { $0.statistic == statistic } }
    let word = charts.first { !$0.word.isEmpty }?.word ?? ""
    let summarized = parts.flatMap { record, kind in
      let rows = rows.filter { row -> Bool in
        row.record == record && row.site.kind == kind && (row.word.isEmpty || row.word == word)
      }
      return Dictionary(grouping: rows, by: \.site).sorted { $0.key.index < $1.key.index }.map { site, rows in
        let means = shown.map { statistic -> Double? in
          let values = rows.filter { $0.statistic == statistic }.map(\.value)
          return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
        }
        return Summary.Row(record: record, site: site, steps: Set(rows.map(\.step)).count, means: means)
      }
    }
    return Summary(statistics: shown, rows: summarized)
  }
}
