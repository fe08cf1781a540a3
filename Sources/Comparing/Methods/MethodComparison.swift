import Analysis
import Attention
import ExperimentFiles
import Formatting
import Generation
import Measures
import Results

/// Editing methods beside one another: at their published settings, and where they keep equally much.
public struct MethodComparison: Sendable {
  /// A metric where the held one has the level.
  public enum Reading: Sendable {
    case reached(ClaimEstimate)
    /// Why there is none.
    case unreached(String)
  }

  /// A metric of one method.
  public struct Cell: Sendable {
    public let metric: String
    /// What is held where this metric is read; beside a metric of the second scene reader as that reader sees it.
    public let heldMetric: String
    /// ``heldMetric`` at the published setting.
    public let kept: ClaimEstimate
    /// At the published setting.
    public let literal: ClaimEstimate
    /// Where the held metric has the level.
    public let held: Reading
    /// The mean of the held metric and of this one at each point that has runs, with the point's name.
    public let curve: [(name: String, mean: DialCurve.Value)]
  }

  /// One method.
  public struct Row: Sendable {
    public let curve: CurveSpec
    /// In the order of the file's metrics.
    public let cells: [Cell]
    /// `accepted` at the published setting; nil where the file does not measure it.
    public let accepted: ClaimEstimate?
    /// Of pairs with two seeds or more the share whose edits are all accepted or all refused, at the published setting.
    public let agreement: (share: Double, pairs: Int)?
    /// Calls of the model that an edit costs at the published setting, with those that its source takes first; nil without runs.
    public let calls: Int?

    /// Seeds to be tried until an edit is accepted, as the inverse of the share of those that are; nil where none is.
    public var expectedTries: Double? {
      accepted.flatMap { $0.result.treatmentMean > 0 ? 1 / $0.result.treatmentMean : nil }
    }
  }

  public let spec: MethodsSpec
  public let confidence: Double
  public let rows: [Row]
  /// Edits that do not count, as their source is not as it should be, and how many edits there are.
  public let leftOut: EditsLeftOut

  /// - Returns: nil if the experiment compares no methods.
  package init?(_ data: StoredResults) {
    guard let spec = data.spec.methods else { return nil }
    let all = ClaimRuns(data, seeds: nil)
    let runs = spec.sources.map(all.counting) ?? all
    let calls = Dictionary(
      data.spec.interventions.map { ($0.name, $0.calls(of: data.callCount)) }, uniquingKeysWith: { first, _ in first })
    let measuresAccepted = data.spec.metrics.contains { $0.name == Self.accepted }
    self.init(spec, runs, calls: calls, measuresAccepted: measuresAccepted)
  }

  /// - Parameter calls: of an edit, by its intervention.
  init(_ spec: MethodsSpec, _ runs: ClaimRuns, calls: [String: Int], measuresAccepted: Bool) {
    self.spec = spec
    confidence = ClaimsSpec.defaultConfidence
    leftOut = runs.editsLeftOut
    let bootstrap = Bootstrap(confidence: confidence)
    func estimate(_ metric: String, _ name: String) -> ClaimEstimate {
      runs.estimate(metric, of: name, bootstrap)
    }
    rows = spec.curves.map { curve in
      let cells = spec.metrics.map { metric in
        let held: Reading =
          switch runs.held(metric, of: curve.name) {
          case .success(let held):
            .reached(
              ClaimEstimate(
                held.values, bootstrap, standardError: held.standardError, within: runs.range(of: metric, against: nil))
            )
          case .failure(let failure): .unreached(failure.reason)
          }
        let hold = runs.heldMetric(spec, for: metric)
        return Cell(
          metric: metric, heldMetric: hold, kept: estimate(hold, curve.published),
          literal: estimate(metric, curve.published), held: held, curve: runs.points(metric, of: curve.name))
      }
      return Row(
        curve: curve, cells: cells,
        accepted: measuresAccepted ? estimate(Self.accepted, curve.published) : nil,
        agreement: measuresAccepted ? Self.agreement(runs.values(Self.accepted, of: curve.published).found) : nil,
        calls: calls[curve.published])
    }
  }

  private static let accepted = "accepted"

  private static func agreement(_ values: [ClaimRuns.Value]) -> (share: Double, pairs: Int)? {
    let pairs = Dictionary(grouping: values) { $0.key.prompts + [$0.key.settings] }.values.filter { $0.count > 1 }
    guard !pairs.isEmpty else { return nil }
    let alike = pairs.count { Set($0.map(\.of)).count == 1 }
    return (Double(alike) / Double(pairs.count), pairs.count)
  }
}

extension InterventionSpec {
  /// Calls of the model that an edit takes, with those of the source that it takes from.
  fileprivate func calls(of run: Int) -> Int {
    let strength = operations.lazy.filter(\.op.changesStart).compactMap { operation -> Double? in
      if case .number(let value)? = operation.change.values["strength"] { Double(value) } else { nil }
    }.first
    let own = strength.map { Int(($0 * Double(run) + 1e-6).rounded(.down)) } ?? run
    return own + (strength != nil || operations.contains(where: \.op.needsSource) ? run : 0)
  }
}

extension MethodComparison {
  /// A line a method, metric and reading, and a line a point of a curve: `kept` is the mean of the metric that `held` names.
  /// Numbers that do not exist are empty.
  package var csv: CSVTable {
    var table = CSVTable([
      "method", "metric", "held", "reading", "point", "kept", "mean", "low", "high", "n", "clusters", "reason",
      "accepted", "expected_tries", "stable_over_seeds", "calls",
    ])
    for row in rows {
      let cost =
        [row.accepted?.result.treatmentMean, row.expectedTries, row.agreement?.share].map { CSVTable.number($0) }
        + [row.calls.map { "\($0)" } ?? ""]
      for cell in row.cells {
        let start = [row.curve.name, cell.metric, cell.heldMetric]
        table.append(
          start + ["published", row.curve.published, CSVTable.number(cell.kept.result.treatmentMean)]
            + numbers(cell.literal) + [""] + cost)
        switch cell.held {
        case .reached(let estimate):
          table.append(start + ["held", "", CSVTable.number(spec.at)] + numbers(estimate) + ["", "", "", "", ""])
        case .unreached(let reason):
          table.append(
            start + ["held", "", CSVTable.number(spec.at), "", "", "", "", "", reason, "", "", "", ""])
        }
        for point in cell.curve {
          table.append(
            start + ["point", point.name, CSVTable.number(point.mean.held), CSVTable.number(point.mean.metric)]
              + Array(repeating: "", count: 9))
        }
      }
    }
    return table
  }

  /// mean, low, high, n, clusters.
  private func numbers(_ estimate: ClaimEstimate) -> [String] {
    let result = estimate.result
    let mean = result.count > 0 ? result.treatmentMean : nil
    return [mean, estimate.interval?.lowerBound, estimate.interval?.upperBound].map { CSVTable.number($0) }
      + ["\(result.count)", "\(result.clusters)"]
  }
}
