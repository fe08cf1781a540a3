import ArgumentParser
import Attention
import Formatting
import Reporting
import Results

struct MapsStatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Measure entropy, locality and head diversity of each layer and step.",
    discussion: """
      Computes these for every recorded map, with rows brought to a sum of 1 and queries without attention left out:

        entropy           - sum p ln p of a query's row, in nats, the mean over
                          queries; of the map that is the mean over heads
        relative_entropy  entropy / ln(keys): 0 one key, 1 all alike
        head_entropy      entropy of each head's own rows, the mean over heads
        head_divergence   entropy - head_entropy: the Jensen-Shannon divergence
                          of the heads, 0 alike, ln(heads) apart
        distance          of self-attention: sum p |query - key| between middles
                          of cells, over the grid's diagonal
        spread            of a word: sqrt(sum w |cell - centroid|^2), w its map
                          with a sum of 1, over the grid's diagonal

      The diagonal is sqrt(height^2 + width^2) of the map's grid in cells. `uniform` in the table is the value of \
      attention that is the same everywhere. Entropy of cross-attention needs a record of all tokens, and head \
      statistics need a record with `heads: all`. The console shows means over steps; the table, --json and the \
      charts (layers by steps, stats-<kind>-<statistic>.png) show each step.

      Examples:
        attnlab maps stats first-look
        attnlab maps stats first-look --sites "cross:*" --word car --csv words.csv
      """)

  @OptionGroup var view: ViewOptions

  @Option(
    name: .long,
    help: ArgumentHelp("The word whose spread is shown and drawn. (default: the first recorded)", valueName: "word"))
  var word: String?

  private struct Row: Encodable {
    let record, kind, site, statistic, word: String
    let layer, step: Int
    let value, uniform: Double
  }

  func run() throws {
    try view.with { store, _ in
      let run = try view.run(in: store)
      let statistics = try StatisticsView(view.request(run), store: store)
      let words = statistics.words
      if let word, !words.contains(word) {
        throw UsageError("--word: \"\(printable(word))\" was not recorded; there are \(words.joined(separator: ", "))")
      }
      let charts = statistics.charts(word: word ?? words.first)
      try view.write(
        try charts.map { ("stats-\($0.name).png", try statistics.picture(of: $0)) }, of: [run], csv: statistics.csv,
        text: "run  \(printable(run.title))\n\n\(table(statistics, charts).text)"
          + statistics.missing.map { "not there: \($0)\n" }.joined(),
        json: statistics.rows.map {
          Row(
            record: $0.record, kind: $0.site.kind.rawValue, site: $0.site.path, statistic: $0.statistic.rawValue,
            word: $0.word, layer: $0.site.layer, step: $0.step, value: $0.value, uniform: $0.uniform)
        })
    }
  }

  private func table(_ statistics: StatisticsView, _ charts: [StatisticsView.Chart]) -> TextTable {
    let summary = statistics.summary(of: charts)
    let word = charts.first { !$0.word.isEmpty }?.word ?? ""
    var table = TextTable(
      ["record", "kind", "layer", "steps"]
        + summary.statistics.map { $0 == .spread ? "spread of \(word)" : $0.rawValue },
      right: Set(3..<(4 + summary.statistics.count)))
    for row in summary.rows {
      table.add(
        [row.record, row.site.kind.rawValue, row.site.figureLabel, "\(row.steps)"] + row.means.map(Readable.value))
    }
    return table
  }
}
