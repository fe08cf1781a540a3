import Measures

/// Where a grid differs from nothing done: where the interval of the difference, which is corrected for all of the grid, excludes 0.
extension SweepGrid {
  /// A cell beside nothing done, in one metric.
  package struct Difference: Sendable {
    package let cell: Cell
    package let estimate: ClaimEstimate
  }

  /// How far along a sweep, whose values are in order, a metric differs from nothing done.
  package struct Reach: Sendable {
    package struct Value: Sendable {
      /// Of the swept key, as the intervention's name has it.
      package let name: String
      package let estimate: ClaimEstimate
    }

    /// From where on nothing differs.
    package enum End: Hashable, Sendable {
      /// From this value on.
      case from(String)
      /// The last value differs.
      case never
      /// A value beyond the last that differs has no interval.
      case unknown
    }

    /// What the sweep is called.
    package let sweep: String
    package let metric: Metric
    /// The first value that differs, in the order of the file; nil where none does.
    package let first: Value?
    /// The last.
    package let last: Value?
    package let end: End

    init(sweep: String, metric: Metric, _ values: [Value]) {
      self.sweep = sweep
      self.metric = metric
      let differing = values.indices.filter { values[$0].estimate.excludesZero == true }
      first = differing.first.map { values[$0] }
      last = differing.last.map { values[$0] }
      let rest = values[(differing.last.map { $0 + 1 } ?? 0)...]
      let isKnown = rest.allSatisfy { $0.estimate.excludesZero != nil }
      end = isKnown ? rest.first.map { End.from($0.name) } ?? .never : .unknown
    }
  }

  /// All differences of a metric, in the order of the file; none where there is nothing to compare with.
  /// - Parameter metric: an index into `metrics`.
  package func differences(in metric: Int) -> [Difference] {
    cells.joined().compactMap { $0 }.sorted { $0.number < $1.number }.compactMap { cell in
      cell.differences.map { Difference(cell: cell, estimate: $0[metric]) }
    }
  }

  /// The cells that differ in a metric, the largest difference of either sign first.
  /// - Parameter metric: an index into `metrics`.
  package func differing(in metric: Int) -> [Difference] {
    differences(in: metric).filter { $0.estimate.excludesZero == true }.sorted { one, other in
      let (size, otherSize) = (abs(one.estimate.result.difference), abs(other.estimate.result.difference))
      return size == otherSize ? one.cell.number < other.cell.number : size > otherSize
    }
  }

  /// Whether there is but one key and its values are in an order, so that one can say from where on nothing differs: numbers that rise or
  /// fall, or steps of which each begins and ends no earlier than the one before, or no later.
  package var isInOrder: Bool {
    guard keys.columns == nil, !Self.labels.contains(keys.rows) else { return false }
    return columns.indices.allSatisfy { column in
      let values = values(ofSweep: column)
      let found = values.compactMap { keys.rows == "steps" ? $0.cell.steps.map(Self.ends) : Self.number($0.row) }
      let pairs = Array(zip(found, found.dropFirst()))
      func goOn(_ pair: (ClosedRange<Double>, ClosedRange<Double>)) -> Bool {
        pair.0 != pair.1 && pair.0.lowerBound <= pair.1.lowerBound && pair.0.upperBound <= pair.1.upperBound
      }
      return found.count == values.count && (pairs.allSatisfy(goOn) || pairs.allSatisfy { goOn(($0.1, $0.0)) })
    }
  }

  /// Keys whose numbers are names, not amounts.
  private static let labels: Set = ["seed", "source_seed", "source_seed_added", "heads"]

  private static func number(_ text: String) -> ClosedRange<Double>? {
    Double(text).flatMap { $0.isNaN ? nil : $0...$0 }
  }

  private static func ends(_ steps: ClosedRange<Int>) -> ClosedRange<Double> {
    Double(steps.lowerBound)...Double(steps.upperBound)
  }

  /// By sweep, then by metric; none where values are in no order, or where there is nothing to compare with.
  package var reaches: [Reach] {
    guard isInOrder, differenceConfidence != nil else { return [] }
    return columns.indices.flatMap { column in
      metrics.indices.map { metric in
        let found = values(ofSweep: column).compactMap { row, cell in
          cell.differences.map { Reach.Value(name: row, estimate: $0[metric]) }
        }
        return Reach(sweep: columns[column], metric: metrics[metric], found)
      }
    }
  }

  /// The cells of a column in the order of the file, which that of the rows is not where sweeps have different values.
  private func values(ofSweep column: Int) -> [(row: String, cell: Cell)] {
    zip(rows, cells).compactMap { row, cells in cells[column].map { (row: row, cell: $0) } }
      .sorted { $0.cell.number < $1.cell.number }
  }
}
