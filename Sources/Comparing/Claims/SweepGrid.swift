import Analysis
import ExperimentFiles
import Formatting
import Foundation
import Measures
import Results

/// The interventions of a sweep as rows and columns, and what the runs of each say of some metrics.
///
/// An intervention belongs to a sweep by its name, which a sweep gives it: `swap words=end, layers=1-4`. Of two keys the values
/// of the first are rows, those of the second columns. Sweeps of the same single key stand beside one another, a column each.
package struct SweepGrid: Sendable {
  package struct Cell: Sendable {
    package let intervention: String
    /// Among the interventions of the file, from 0.
    package let number: Int
    /// From the first to the last of the steps in which it changes something; nil where it is not told.
    package let steps: ClosedRange<Int>?
    /// One for each metric of the grid.
    package let means: [ClaimEstimate]
    /// The metric less that with nothing done, over the edits that have both; one for each metric of the grid. nil where the file has
    /// no intervention that changes nothing.
    package let differences: [ClaimEstimate]?
  }

  /// What the interventions are called before their values; nil where that names the columns.
  package let name: String?
  /// The swept key of the rows, and that of the columns; nil where columns are sweeps.
  package let keys: (rows: String, columns: String?)
  package let rows: [String]
  package let columns: [String]
  package let metrics: [Metric]
  /// For each row one for each column; nil where the file has no such intervention.
  package let cells: [[Cell?]]
  /// Of the intervention that changes nothing, one for each metric; nil where the file has none.
  package let untouched: [ClaimEstimate]?
  /// Of each interval of `differences`: so high that all of the grid's hold together as often as ``confidence`` says; nil where there
  /// are none.
  package let differenceConfidence: Double?
  /// Which edits count; nil: all.
  package let rule: SourceRule?

  /// Of the interval of each mean, and of all intervals of a grid's differences together.
  package static let confidence = 0.95

  /// The grids of an experiment, in the order of its file.
  ///
  /// They are of the shares that its claims are judged by; without claims, of all shares of edits that it measures. Edits are
  /// left out that all of its claims leave out.
  package static func grids(of data: StoredResults) -> [SweepGrid] {
    let judged = data.spec.claims?.metrics
    let metrics = data.metrics.filter { metric in
      metric.isShare && (judged?.contains(metric.name) ?? metric.measure.isOfEdits)
    }
    let rules = data.spec.claims?.claims.map(\.sources).uniqued ?? []
    let rule = rules.count == 1 ? rules[0] : nil
    let runs = ClaimRuns(data, seeds: data.spec.claims?.heldOutSeeds)
    let steps = data.spec.interventions.map { intervention in
      let all = intervention.operations.flatMap { (try? $0.steps.resolve(count: data.callCount)) ?? [] }
      return (intervention.name, all.min().flatMap { first in all.max().map { first...$0 } })
    }
    return grids(
      steps.map(\.0), steps: Dictionary(steps, uniquingKeysWith: { first, _ in first }),
      untouched: data.untouched?.name, metrics, rule.map(runs.counting) ?? runs, rule)
  }

  static func grids(
    _ interventions: [String], steps: [String: ClosedRange<Int>?] = [:], untouched: String?, _ metrics: [Metric],
    _ runs: ClaimRuns, _ rule: SourceRule?
  ) -> [SweepGrid] {
    guard !metrics.isEmpty else { return [] }
    let bootstrap = Bootstrap(confidence: confidence)
    func means(_ name: String) -> [ClaimEstimate] {
      metrics.map { runs.estimate($0.name, of: name, bootstrap) }
    }
    let places = interventions.enumerated().compactMap { Place($1, number: $0) }
    return places.map(\.grid).uniqued.map { grid in
      let members = places.filter { $0.grid == grid }
      let (rows, columns) = (members.map(\.row).uniqued, members.map(\.column).uniqued)
      let joint = Bootstrap(jointly: confidence, intervals: members.count * metrics.count)
      func differences(_ name: String) -> [ClaimEstimate]? {
        untouched.map { nothing in metrics.map { runs.estimate($0.name, of: name, against: nothing, joint) } }
      }
      return SweepGrid(
        name: grid.name, keys: (grid.rows, grid.columns), rows: rows, columns: columns, metrics: metrics,
        cells: rows.map { row in
          columns.map { column in
            members.first { $0.row == row && $0.column == column }.map {
              Cell(
                intervention: $0.intervention, number: $0.number, steps: steps[$0.intervention] ?? nil,
                means: means($0.intervention),
                differences: differences($0.intervention))
            }
          }
        }, untouched: untouched.map(means), differenceConfidence: untouched.map { _ in joint.confidence }, rule: rule)
    }
  }

  /// What a sweep is called that made an intervention, `swap` of `swap words=end, layers=1-4`; nil for an intervention of no sweep.
  package static func sweep(of intervention: String) -> String? {
    guard let equals = intervention.firstIndex(of: "="), let space = intervention[..<equals].lastIndex(of: " ") else {
      return nil
    }
    return String(intervention[..<space])
  }

  /// Where an intervention stands.
  private struct Place {
    struct Grid: Hashable {
      let name: String?
      let rows: String
      let columns: String?
    }

    let intervention: String
    let number: Int
    let grid: Grid
    let row: String
    let column: String

    /// nil for an intervention of no sweep, and of one of three keys or more.
    init?(_ intervention: String, number: Int) {
      guard let name = SweepGrid.sweep(of: intervention) else { return nil }
      let choices = intervention.dropFirst(name.count + 1).components(separatedBy: ", ").map { choice in
        choice.split(separator: "=", maxSplits: 1).map(String.init)
      }
      guard (1...2).contains(choices.count), choices.allSatisfy({ $0.count == 2 }) else { return nil }
      self.intervention = intervention
      self.number = number
      row = choices[0][1]
      column = choices.count == 2 ? choices[1][1] : name
      grid = Grid(
        name: choices.count == 2 ? name : nil, rows: choices[0][0], columns: choices.count == 2 ? choices[1][0] : nil)
    }
  }
}
