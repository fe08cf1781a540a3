import Analysis
import Comparing
import ExperimentFiles
import Formatting
import Foundation
import Plotting
import Results
import Tensors

/// What a report says of the layers that matter.
struct ReportLayers {
  static let table = "layers.csv"
  static let figure = "layers"
  /// The operations of the set that follows, as `--set` takes them.
  static let foundFile = "found.yaml"

  let effects: LayerEffects

  private var spec: LayersSpec { effects.spec }
  /// `layers` or `heads`, and `layer` or `head`.
  private var units: String { spec.unit.rawValue }
  private var unit: String { String(units.dropLast()) }

  // MARK: - The section

  func section(_ figures: [FigureFile]) -> String {
    var parts = ["## Which \(units)", how]
    if let rule = spec.sources { parts.append(rule.leftOut(effects.leftOut)) }
    parts.append(fits)
    let hasFit = effects.metrics.contains { $0.fit != nil }
    if hasFit { parts.append(effectTable) }
    parts += figures.map(\.markdown)
    if hasFit { parts += ["### The set that follows", found] }
    parts.append("The numbers: [tables/\(Self.table)](tables/\(Self.table)).")
    return parts.joined(separator: "\n\n")
  }

  private var how: String {
    "\(counted(effects.sets.count, "set")) of \(units) were changed alike. What each \(unit) of self-attention adds is fitted by least squares: a "
      + "metric's mean under a set is taken to be a base and the sum of the effects of the set's \(units). The fit is a surrogate: it knows no "
      + "interplay of \(units). Intervals are by Student's t of the clusters at \(ClaimText.percent(effects.confidence)), for each \(unit) by itself."
      + notFitted
  }

  /// The sets that the fit leaves out; empty without a fit.
  private var notFitted: String {
    let names = effects.sets.filter { !$0.isFitted }.map { Markdown.code($0.intervention) }
    guard !names.isEmpty, effects.metrics.contains(where: { $0.fit != nil }) else { return "" }
    return " The fit leaves out \(listed(names)), as the sets do not tell all \(units) there apart."
  }

  private var fits: String {
    effects.metrics.map { metric in
      let name = Markdown.code(metric.name)
      if let problem = metric.problem { return "- \(name): no fit, as \(Markdown.text(problem))." }
      let share = metric.fit.map { ClaimText.percent(max(0, $0.explained)) } ?? ""
      let left = metric.missing == 0 ? "" : ", \(metric.missing) left out that lack it under a set"
      return
        "- \(name): \(counted(metric.subjects, "edit")) under every set\(left), clustered by \(metric.clustering.text). The sums explain "
        + "\(share) of what differs between the means of sets."
    }.joined(separator: "\n")
  }

  private var effectTable: String {
    let rows = effects.parts.enumerated().map { number, part in
      [part.label]
        + effects.metrics.map { metric in
          guard let effect = metric.fit?.effects[number] else { return "–" }
          let interval = effect.studentInterval(confidence: effects.confidence)
          return "\(ClaimText.signed(effect.mean)) \(ClaimText.interval(interval, ClaimText.signed))"
        }
    }
    return Markdown.table(
      [spec.unit == .layers ? "layer:" : "layer.head:"] + effects.metrics.map { "\(Markdown.text($0.name)):" }, rows)
  }

  private var found: String {
    guard let found = effects.found else { return "Nothing follows, as \(Markdown.code(spec.find)) has no fit." }
    let rule =
      "By \(Markdown.code(spec.find)), greedily: the \(unit) is added that adds most, as long as the interval of its effect lies above 0."
    guard let intervention = effects.intervention else { return "\(rule) No \(unit) is added." }
    let predicted = effects.metrics.compactMap { metric in
      effects.predicted(metric, of: found).map { "\(Markdown.code(metric.name)) \(ClaimText.number($0))" }
    }
    let setting = "interventions.\(intervention.name)=@REPORT/tables/\(Self.foundFile)"
    return
      "\(rule) In this order: \(found.map(\.label).joined(separator: ", ")). The sums predict \(listed(predicted)). These are the pairs that "
      + "it was found on, so other pairs must judge it. As an intervention of another file, and as an option for YOUR-FILE.yaml, which stands "
      + "for a file of yours that has an intervention `\(intervention.name): []`; REPORT stands for the folder of this report, whose "
      + "[tables/\(Self.foundFile)](tables/\(Self.foundFile)) has the operations alone:\n\n"
      + Markdown.fence("\(intervention.name): \(intervention.fileText)", "yaml") + "\n\n"
      + Markdown.fence(shellLine(["attnlab", "run", "YOUR-FILE.yaml", "--set", setting]), "sh")
  }

  /// What ``foundFile`` holds; nil where no set follows.
  var foundText: String? { effects.intervention.map { "\($0.fileText)\n" } }

  // MARK: - The figures

  func write(_ writer: FigureWriter, _ data: StoredResults) throws -> [FigureFile] {
    func write(_ picture: Picture, _ number: Int, _ title: String) throws -> FigureFile {
      try writer.write(
        picture, as: "\(Self.figure)-\(number).png", title: title, prompts: data.spec.generate.pairs.map(\.label),
        seeds: data.spec.generate.allSeeds, hashes: [data.experiment.modelHash])
    }
    let tested = Set(data.spec.claims?.claims.flatMap(\.tests).flatMap { [$0.of, $0.against ?? $0.of] } ?? [])
    let byLayer = "\(data.spec.name): what each \(unit) adds"
    let front = "\(data.spec.name): sets of \(units)"
    let first = try effectChart(byLayer).map { try write($0, 1, byLayer) }
    let second = try frontChart(front, tested: tested).map { try write($0, 2, front) }
    return [first, second].compactMap { $0 }
  }

  /// The effects by layer; nil without a fit.
  private func effectChart(_ title: String) throws -> Picture? {
    let series = effects.metrics.compactMap { metric -> LineSeries? in
      // A database may hold any number: what is too large to be drawn is left to the table.
      guard let fit = metric.fit, fit.effects.allSatisfy({ abs($0.mean) <= 1e150 }) else { return nil }
      return LineSeries(
        metric.name,
        points: fit.effects.map { effect in
          let interval = effect.studentInterval(confidence: effects.confidence)
          let isClear = interval.map { $0.lowerBound > 0 || $0.upperBound < 0 } ?? false
          return LineSeries.Point(effect.mean, interval: interval, isFilled: isClear)
        })
    }
    guard !series.isEmpty else { return nil }
    let zero = [ReferenceLine("nothing", at: 0)]
    let panels =
      effects.parts.count > Self.crowded
      ? series.map { LinePanel($0.label, series: [$0], references: zero) }
      : [LinePanel(series: series, references: zero)]
    return try Figures.lineChart(
      title: title, panels: panels,
      positions: ChartPositions(
        spec.unit == .layers ? "layer of self-attention" : "layer.head of self-attention", effects.parts.map(\.label)),
      vertical: "what changing the \(unit) adds",
      note:
        "Least squares over all sets. Bars are \(ClaimText.percent(effects.confidence)) intervals; filled marks exclude 0."
    )
  }

  /// The first metric against the second, a color a number of layers; nil for one metric or without values.
  /// - Parameter tested: interventions that claims are about, which are named.
  private func frontChart(_ title: String, tested: Set<String>) throws -> Picture? {
    guard spec.metrics.count > 1 else { return nil }
    let points = effects.sets.compactMap { set -> (count: Int, point: TradeoffLine.Point)? in
      guard let gained = set.means[0], let kept = set.means[1], abs(gained) <= 1e300, abs(kept) <= 1e300 else {
        return nil
      }
      let count = set.parts.count
      return (
        count,
        TradeoffLine.Point(kept: kept, gained: gained, isFilled: count > 0, label: frontLabel(set, tested: tested))
      )
    }
    guard !points.isEmpty else { return nil }
    let lines = Set(points.map(\.count)).sorted().map { count in
      TradeoffLine(counted(count, unit), points: points.filter { $0.count == count }.map(\.point), isJoined: false)
    }
    return try Figures.tradeoffChart(
      title: title, lines: lines, horizontal: spec.metrics[1], vertical: spec.metrics[0], note: frontNote)
  }

  /// How the front names a set: sets of a size that many have are not, but for those that claims are about.
  func frontLabel(_ set: LayerEffects.LayerSet, tested: Set<String>) -> String {
    let isTested = tested.contains(set.intervention)
    let isCommon = effects.sets.count { $0.parts.count == set.parts.count } > Self.named
    if isCommon && !isTested { return "" }
    let isByName = isTested || set.parts.isEmpty || spec.unit == .heads
    return isByName ? set.intervention : set.text
  }

  var frontNote: String {
    "A mark a set of \(units), colored by how many it has. Sets of a rare size or that are tested are named. n = "
      + "\(extent(of: effects.metrics.prefix(2).map(\.subjects))) edits under every set."
  }

  /// With more layers or heads than this, each metric has a panel of its own.
  private static let crowded = 16
  /// Up to so many sets of one size are named.
  private static let named = 4
}
