import Comparing
import Formatting

/// What a report says of where a sweep differs from nothing done: of values in an order the first and the last that do, else the cells
/// that differ most.
struct SweepText {
  /// At most so many cells of a metric are named.
  private static let named = 3

  private let grid: SweepGrid
  /// The intervention that changes nothing.
  private let untouched: String
  /// Of each interval.
  private let confidence: Double
  /// Which of several grids it is; nil where there is but one.
  private let caption: String?

  /// - Returns: nil where there is nothing to compare with, or no interval yet.
  init?(_ grid: SweepGrid, untouched: String?, caption: String?) {
    guard let untouched, let confidence = grid.differenceConfidence,
      grid.metrics.indices.contains(where: { grid.differences(in: $0).contains { $0.estimate.interval != nil } })
    else { return nil }
    self.grid = grid
    self.untouched = untouched
    self.confidence = confidence
    self.caption = caption
  }

  var markdown: String {
    let reaches = grid.reaches
    let heading = reaches.isEmpty ? "What differs from nothing done" : "What still matters"
    let title = "**\(heading)\(caption.map { ": \(Markdown.text($0))" } ?? "").**"
    let parts = ["\(title) \(how)", reaches.isEmpty ? cells : table(reaches), gaps(reaches)]
    return parts.compactMap { $0 }.joined(separator: "\n\n")
  }

  private var how: String {
    let interventions = grid.cells.joined().compactMap { $0 }.count
    let size = "\(counted(interventions, "intervention")), \(counted(grid.metrics.count, "metric"))"
    return
      "Each intervention is compared with \(Markdown.code(untouched)), edit by edit. It differs in a metric where the interval of the "
      + "difference excludes 0. Differences are in percentage points. Their intervals are at \(ClaimText.percent(confidence)), so wide that "
      + "all of them (\(size)) hold in \(ClaimText.percent(SweepGrid.confidence)) of such experiments. What does not differ may still have "
      + "changed, by less than these edits can show."
  }

  // MARK: - Values in an order

  private func table(_ reaches: [SweepGrid.Reach]) -> String {
    let key = Markdown.code(grid.keys.rows)
    return Markdown.table(
      ["sweep", "metric", "first value of \(key) that differs", "last that differs", "from here on nothing differs"],
      reaches.map { reach in
        [
          Markdown.code(reach.sweep), Markdown.text(reach.metric.title), reach.first.map(Self.value) ?? "none",
          reach.last.map(Self.value) ?? "none", Self.end(reach.end),
        ]
      })
  }

  /// `call 16: -11.63 points [-25.1, -1.2], n 43`
  private static func value(_ value: SweepGrid.Reach.Value) -> String {
    "\(Markdown.text(value.name)): \(difference(value.estimate))"
  }

  private static func end(_ end: SweepGrid.Reach.End) -> String {
    switch end {
    case .from(let value): Markdown.text(value)
    case .never: "the last still differs"
    case .unknown: "–"
    }
  }

  // MARK: - Cells in no order

  private var cells: String {
    grid.metrics.indices.map { metric in
      let title = Markdown.text(grid.metrics[metric].title)
      let all = counted(grid.differences(in: metric).count, "cell")
      let found = grid.differing(in: metric)
      guard !found.isEmpty else { return "- \(title): none of \(all) differs." }
      let largest = found.prefix(Self.named).map { found in
        "\(Markdown.code(found.cell.intervention)) (\(Self.difference(found.estimate)))"
      }
      let which = found.count > Self.named ? ", most of all" : ":"
      return
        "- \(title): \(found.count) of \(all) \(found.count == 1 ? "differs" : "differ")\(which) \(listed(largest))."
    }.joined(separator: "\n")
  }

  // MARK: - Both

  /// `-11.63 points [-25.1, -1.2], n 43`
  private static func difference(_ estimate: ClaimEstimate) -> String {
    "\(points(estimate.result.difference)) points \(ClaimText.interval(estimate.interval, points)), n \(estimate.result.count)"
  }

  private static func points(_ difference: Double?) -> String { ClaimText.signed(difference.map { 100 * $0 }) }

  /// How many differences have no interval; nil where all have one.
  private func gaps(_ reaches: [SweepGrid.Reach]) -> String? {
    let all = grid.metrics.indices.flatMap { grid.differences(in: $0) }
    let missing = all.count { $0.estimate.interval == nil }
    guard missing > 0 else { return nil }
    let isOpen = reaches.contains { $0.end == .unknown }
    return "For \(missing) of \(counted(all.count, "difference")) too few edits are measured to tell."
      + (isOpen ? " A dash stands where one of them may be the last that differs." : "")
  }
}
