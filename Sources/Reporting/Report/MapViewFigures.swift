import Attention
import AttentionStore
import Formatting
import Foundation
import Plotting
import Results

/// Components, statistics and differences of attention maps.
extension MapFigures {
  static let statisticsTable = "map_statistics.csv"
  static let differencesTable = "map_differences.csv"

  /// The subjects whose runs differ: pairs may share their source.
  private var ofDifferentRuns: [FigureSubject] {
    var drawn = Set<RunID>()
    return subjects.filter { drawn.insert($0.run.stored.id).inserted }
  }

  private func caption(_ subject: FigureSubject) -> String { "\(subject.tokens.prompt), seed \(subject.seed)" }

  // MARK: - Components

  func selfPCA(_ writer: FigureWriter) throws -> FigureSection {
    var section = FigureSection(
      heading: "What looks alike",
      reading: """
        Each cell of the picture has a color for what its self-attention looks at. The map of a layer at a step has queries \
        as rows and keys as columns (the keys of all heads side by side if each head was recorded). Its first three principal \
        components are red, green and blue, each from its lowest to its highest score. Cells of one color look at the same \
        places: ask whether an object has a color of its own, and from which step. You cannot compare colors between maps. \
        The percentages are the shares of the variance that the three components hold, for each step.
        """)
    guard let looks else { return missing(section, Self.noSelf) }
    var hidden = 0
    for subject in ofDifferentRuns {
      guard try has(subject.run, looks, .selfAttention) else { continue }
      let view = try ComponentsView(request(subject.run, looks), store: data.store)
      let title = "\(caption(subject)) · components of self-attention"
      let file = try write(view.figure(), "self_pca-\(subject.number).png", title, subject.run, writer)
      section.entries.append((caption(subject), [file]))
      hidden = max(hidden, view.recordedSteps - view.steps.count)
    }
    section.omitted = omitted
    if hidden > 0 {
      section.omitted.append("\(ComponentsView.mostSteps) of the recorded steps are shown, evenly chosen.")
    }
    return section.entries.isEmpty ? missing(section, Self.noSelf) : section
  }

  private func has(_ run: RunResults, _ record: String, _ kind: AttentionKind) throws -> Bool {
    try ViewMaps.exist(of: run.stored.id, record: record, kind: kind, in: data.store)
  }

  // MARK: - Statistics

  func mapStatistics(_ writer: FigureWriter) throws -> FigureSection {
    var section = FigureSection(
      heading: "Attention in numbers",
      reading: """
        Each recorded layer (row) and step (column) has a color for the number. **Entropy**: how many keys a query spreads \
        over, 0 one, 1 all alike; of the map that is the mean over heads. **Distance**: how far a place looks in \
        self-attention, as part of the grid's diagonal. **Spread**: how far a word's attention reaches about its centroid, \
        likewise; of the word that the target changes, or of a single prompt's last. **Divergence**: how much the heads \
        differ, 0 not at all. The table has the same for every word, with the value that attention would have that is the \
        same everywhere (`uniform`); on small grids that alone differs from layer to layer.
        """)
    var table = StatisticsView.emptyTable
    var missingParts: [String] = []
    for subject in ofDifferentRuns {
      guard
        try AttentionKind.allCases.contains(where: {
          try ViewMaps.exist(of: subject.run.stored.id, kind: $0, in: data.store)
        })
      else { continue }
      let view = try StatisticsView(request(subject.run, nil), store: data.store)
      view.append(to: &table)
      missingParts += view.missing
      let files = try view.charts(word: subject.wordLabel).map { chart in
        let name = "map_statistics-\(subject.number)-\(chart.name).png"
        let title = "\(caption(subject)) · \(chart.record) · \(chart.kind.title): \(chart.statistic.title)"
        return try write(view.picture(of: chart), name, title, subject.run, writer)
      }
      if !files.isEmpty { section.entries.append((caption(subject), files)) }
    }
    guard !section.entries.isEmpty else {
      return missing(section, Self.noCross)
    }
    section.tables = [(Self.statisticsTable, table)]
    // What it needs stands in backticks already, and the names of records have none.
    section.omitted =
      omitted
      + missingParts.uniqued.map {
        "Not there: \(Markdown.text($0).replacingOccurrences(of: "\\`", with: "`"))."
      }
    return section
  }

  // MARK: - Differences

  func mapDifferences(_ writer: FigureWriter) throws -> FigureSection {
    var section = FigureSection(
      heading: "What changed in the attention",
      reading: """
        The attention of the second run less that of the first, layers by steps: red where the second has more, blue where \
        the first has, on one scale for a figure, whose middle is 0. For a pair it is the target that is left alone less \
        the source, and the word that the target changes less the one in its place; for a single prompt an intervention \
        less the run that is left alone. Self-attention is drawn of one point, where the first run's word has most \
        attention, or the middle, in multiples of 1 / keys. The table has the distances of the maps: half the sum of the absolute differences \
        (`total_variation`, 0 to 1) and the Jensen-Shannon divergence in nats (0 to 0.693), of a word's map over the \
        cells, and of self-attention the mean over all queries.
        """)
    var table = DifferenceView.emptyTable
    for subject in subjects {
      guard let other = subject.counterpart else { continue }
      var files: [FigureFile] = []
      for (record, what) in try compared(subject, with: other) {
        let view = try DifferenceView(
          request(subject.run, record), second: other.stored.run.hash, subject: what, store: data.store)
        view.append(to: &table)
        let name = "map_differences-\(subject.number)-\(what.kind.rawValue).png"
        files.append(try write(view.figure(), name, "\(subject.caption) · \(view.subjectText)", subject.run, writer))
      }
      if !files.isEmpty { section.entries.append((subject.caption, files)) }
    }
    guard !section.entries.isEmpty else {
      return missing(
        section,
        "Nothing to draw: there are no two finished runs of one pair or prompt with maps of the same words, or of "
          + "self-attention, in the conditional half of guidance.")
    }
    section.tables = [(Self.differencesTable, table)]
    section.omitted = omitted
    return section
  }

  /// What can be compared of two runs, and from which record.
  private func compared(
    _ subject: FigureSubject, with other: RunResults
  ) throws -> [(record: String, what: DifferenceView.Subject)] {
    var found: [(String, DifferenceView.Subject)] = []
    if let cross, let view = wordViews[subject.number], let tokens = try data.store.tokens(other.stored.run.prompt),
      let counterpart = try WordView.ifRecorded(other.stored, record: cross, gridWord: nil, in: data.store),
      case .word(let word, let otherWord)? = DifferenceView.words(of: subject.tokens, and: tokens),
      view.words.contains(word), counterpart.words.contains(otherWord)
    {
      found.append((cross, .word(word, other: otherWord)))
    }
    if let looks, try has(subject.run, looks, .selfAttention), try has(other, looks, .selfAttention) {
      found.append((looks, .point(peak(of: subject).point)))
    }
    return found
  }
}
