import Analysis
import Comparing
import ExperimentFiles
import Formatting
import Foundation
import Results
import Tensors

/// What a report says of an experiment's claims.
struct ReportVerdicts {
  static let table = "claims.csv"

  let judgement: ClaimsJudgement
  /// Since when the file makes its claims; nil where nobody asked.
  var thresholds: ThresholdOrigin?
  /// When the first run was begun.
  var firstRun: Date = .distantFuture

  private var spec: ClaimsSpec { judgement.spec }

  // MARK: - Three lines at the top

  /// What was asked, what came out, and how sure that is, for a reader who knows no statistics.
  var summary: String {
    [("Asked", asked), ("Found", found), ("How sure", sure)].map { "- **\($0.0).** \($0.1)" }.joined(separator: "\n")
  }

  private var asked: String {
    let statements = spec.claims.map {
      "\(Markdown.text($0.name)): \(ClaimText.withoutStop(Markdown.text($0.statement)))"
    }
    let count = spec.claims.count == 1 ? "Does this claim hold" : "Which of these \(spec.claims.count) claims hold"
    return "\(count)? \(statements.joined(separator: "; "))."
  }

  private var found: String { judgement.claims.map(plain).joined(separator: " ") }

  private func plain(_ claim: ClaimsJudgement.Claim) -> String {
    let name = Markdown.text(claim.spec.name)
    func said(_ verdict: Verdict) -> String {
      listed(claim.tests.filter { $0.verdict == verdict }.map { "“\(Markdown.text($0.spec.says))”" })
    }
    switch claim.verdict {
    case .shown: return "\(name) is **shown**: all that it says was found."
    case .refuted: return "\(name) is **refuted**: the pictures speak against \(said(.refuted))."
    case .undecided: return "\(name) is **undecided**: the pictures do not settle \(said(.undecided))."
    case .notTestable:
      let reasons = claim.tests.compactMap { $0.verdict == .notTestable ? $0.reason : nil }.uniqued
      return "\(name) is **not testable here**: \(reasons.map(Markdown.text).joined(separator: "; "))."
    }
  }

  private var sure: String {
    guard judgement.pictures > 0 else { return "Nothing can be said: no picture has the measurements." }
    let heldOut = spec.heldOutSeeds == nil ? "" : " that were held out from looking"
    return
      "Judged by \(counted(judgement.pictures, "picture")) from \(counted(judgement.seeds, "random start"))\(heldOut). "
      + "The margins of error are set so wide that in \(ClaimText.percent(spec.confidence)) of such experiments no part of a claim "
      + "is shown or refuted wrongly, with this model and pictures like these."
  }

  // MARK: - The section

  /// - Parameter figure: nil where there is nothing to draw.
  func section(_ figure: FigureFile?) -> String {
    var parts = ["## Verdicts", method] + (fixed.map { [$0] } ?? [])
    if let averages = spec.averages { parts.append(ClaimText.meaning(averages)) }
    if !judgement.gates.isEmpty { parts += ["### Gates", gates] }
    parts += judgement.claims.flatMap(section)
    if let figure {
      parts.append(
        "Each bar is a mean or a mean difference. The black line is its corrected interval, and the red line is "
          + "the threshold, with its feet on the side that is claimed.\n\n\(figure.markdown)")
    }
    parts.append("The numbers: [tables/\(Self.table)](tables/\(Self.table)).")
    return parts.joined(separator: "\n\n")
  }

  private var method: String {
    let seeds =
      spec.heldOutSeeds.map { "Only runs of the held-out \(Self.seeds($0)) count." } ?? "Runs of all seeds count."
    return
      "*Shown*: the interval lies beyond the threshold, and the interval of the difference to the placebo lies "
      + "beyond 0. *Refuted*: the whole interval lies on the other side of the threshold. *Undecided*: anything "
      + "else, and where simulated samples show that such intervals are surely too short (unless the mean lies further from the "
      + "threshold than twice the interval's half-width). *Not testable here*: a gate failed, both sides of a difference are above 0.98 or below 0.02, or there are fewer than "
      + "two clusters. A claim is shown if all of its tests are, and refuted if one of them is. "
      + "\(seeds) Intervals are by Student's t of the clusters, or where there are \(Comparison.fewClusters) seeds or runs or more BCa "
      + "bootstraps. Those of a share by clusters are Korn and Graubard's, which hold near 0 and 100 % too, and those of a "
      + "difference of two shares are put together from them, as Zou and Donner do. The tests of a claim are one family, corrected by Holm's procedure (1979): in "
      + "\(ClaimText.percent(spec.confidence)) of such experiments none of them is shown or refuted wrongly. Claims are corrected "
      + "apart. Clusters are the pairs where \(Comparison.enoughSeeds) or more have their seeds to themselves, else the seeds where "
      + "there are \(Comparison.enoughSeeds) or more, else each pair and seed."
  }

  /// When the thresholds were fixed, as far as that can be checked.
  private var fixed: String? {
    switch thresholds {
    case nil: return nil
    case .commit(let hash, let time):
      let order =
        time <= firstRun
        ? "The first run was begun later."
        : "**The first run was begun before that**, so they may follow what it showed."
      return "The claims and thresholds stand since commit \(Markdown.code(String(hash.prefix(12)))) of "
        + "\(time.formatted(.iso8601)). \(order)"
    case .notCommitted:
      return
        "**The claims and thresholds were in no commit when the runs were begun**, so nobody can check that they were fixed "
        + "beforehand."
    case .notVersioned:
      return
        "The file of the claims was under no version control, so nobody can check that their thresholds were fixed "
        + "before the first run."
    }
  }

  private static func seeds(_ seeds: [Seed]) -> String {
    "\(seeds.count == 1 ? "seed" : "seeds") \(seeds.map(String.init).joined(separator: ", "))"
  }

  private var gates: String {
    judgement.gates.map { "- \($0.holds ? "holds" : "**fails**"): \(Markdown.text($0.text))" }.joined(separator: "\n")
  }

  private func section(_ claim: ClaimsJudgement.Claim) -> [String] {
    let exclusions = claim.spec.exclusions
    let rows = claim.tests.map(row)
    let table = Markdown.table(
      [
        "test", "metric", "n:", "clusters:", "left out:", "mean of:", "mean against:", "difference:", "interval:",
        "confidence:", "threshold:", "less placebo:", "its interval:", "verdict",
      ], rows)
    let gates = claim.removals.map(\.text).joined(separator: "\n\n")
    let parts: [String?] = [
      "### \(Markdown.text(claim.spec.name)): \(claim.verdict.rawValue)", "> \(Markdown.text(claim.spec.statement))",
      exclusions.isEmpty ? nil : "Left out: \(Markdown.text(exclusions))", claim.spec.sources?.leftOut(claim.leftOut),
      gates.isEmpty ? nil : gates, table,
      coverage(claim),
    ]
    return parts.compactMap { $0 }
  }

  /// What simulated samples say of the intervals; nil where pairs are not the clusters.
  private func coverage(_ claim: ClaimsJudgement.Claim) -> String? {
    let rows = claim.tests.compactMap { test -> [String]? in
      guard let coverage = test.estimate.coverage else { return nil }
      let values = coverage.values
      let seeds =
        values.lowerBound == values.upperBound ? "\(values.lowerBound)" : "\(values.lowerBound)-\(values.upperBound)"
      func share(_ found: IntervalCoverage) -> String {
        let text = ClaimText.percent(found.share)
        return found.isEnough ? text : "**\(text)**"
      }
      return [
        Markdown.text(test.spec.says), "\(coverage.pairs) x \(seeds)", ClaimText.number(coverage.components.between),
        ClaimText.number(coverage.components.within), coverage.normal.map(share) ?? "–", share(coverage.drawn),
      ]
    }
    guard !rows.isEmpty else { return nil }
    return
      "How far these intervals can be trusted: so often an interval of \(ClaimText.percent(IntervalCoverage.confidence)) held the true "
      + "mean of simulated samples of this size, \(IntervalCoverage.samples) each (below \(ClaimText.percent(IntervalCoverage.bar)) it "
      + "promises too much). Normal samples have the deviations that were found; the others are drawn from the pairs themselves.\n\n"
      + Markdown.table(
        ["test", "pairs x seeds:", "deviation between pairs:", "within a pair:", "normal:", "drawn:"], rows)
  }

  private func row(_ test: ClaimsJudgement.Test) -> [String] {
    let (spec, estimate, result) = (test.spec, test.estimate, test.estimate.result)
    let isDifference = spec.against != nil
    let text = isDifference ? ClaimText.signed : ClaimText.number
    let columns = [spec.of] + (spec.against.map { [$0] } ?? [])
    let reason = test.reason.map { ": \($0)" } ?? ""
    let second =
      test.bySecondReader.map { other in
        let value = isDifference ? other.result.difference : other.result.treatmentMean
        return "; by the second scene reader \(text(value)) \(ClaimText.interval(other.interval, text))"
      } ?? ""
    return [
      Markdown.text(spec.says),
      "\(Markdown.text(spec.metric)), \(Markdown.text(columns.joined(separator: " − ")))"
        + (spec.isHeld == true ? ", where they keep equally much" : "")
        + (spec.settings.map { ", in \(Markdown.text($0))" } ?? ""), "\(result.count)",
      clusters(estimate), "\(estimate.missing + result.excluded)", ClaimText.number(result.treatmentMean),
      isDifference ? ClaimText.number(result.baselineMean) : "–", isDifference ? text(result.difference) : "–",
      ClaimText.interval(estimate.interval, text), ClaimText.percent(test.confidence),
      ClaimText.threshold(spec.threshold),
      test.placebo.map { "\(ClaimText.signed($0.result.difference)) (n \($0.result.count), \(clusters($0)))" } ?? "–",
      ClaimText.interval(test.placebo?.interval, ClaimText.signed),
      "**\(test.verdict.rawValue)**\(Markdown.text(reason + second))",
    ]
  }

  private func clusters(_ estimate: ClaimEstimate) -> String {
    "\(estimate.result.clusters) \(estimate.clustering.text)"
  }
}

extension ClaimsJudgement.Gate {
  /// What the gate says, what was found and what it takes.
  fileprivate var text: String {
    let found = problem ?? numbers
    switch spec.condition {
    case .mean(let metric, let of, let atLeast):
      return "\(spec.says): the mean of \(ClaimText.estimand(metric, of, against: nil)) is to be "
        + "\(ClaimText.number(atLeast)) or more; \(found)"
    case .difference(let metric, let of, let against):
      return
        "\(spec.says): the interval of \(ClaimText.estimand(metric, of, against: against)) is to exclude 0; \(found)"
    case .instrument(let name, let atLeast):
      return "\(spec.says): \"\(name)\" is to be right \(ClaimText.percent(atLeast)) of the time or more; \(found)"
    }
  }

  private var numbers: String {
    guard let estimate else { return accuracy.map { "it is \(ClaimText.percent($0))" } ?? "" }
    let result = estimate.result
    let left = estimate.missing + result.excluded
    let size = "of \(counted(result.count, "run"))" + (left == 0 ? "" : ", \(left) left out")
    if case .mean = spec.condition { return "it is \(ClaimText.number(result.treatmentMean)) \(size)" }
    return
      "it is \(ClaimText.signed(result.difference)), \(ClaimText.interval(estimate.interval, ClaimText.signed)), \(size), "
      + "\(result.clusters) clusters (\(estimate.clustering.text))"
  }
}

extension ClaimsJudgement.Removal {
  /// What the gate asks for and what was found.
  fileprivate var text: String {
    func found(_ estimate: ClaimEstimate) -> String {
      if let problem = estimate.problem { return problem }
      let fall = ClaimText.signed(-estimate.result.difference)
      let ends = estimate.interval.map { -$0.upperBound ... -$0.lowerBound }
      return "\(fall) \(ClaimText.interval(ends, ClaimText.signed)), \(counted(estimate.result.count, "run")), "
        + "\(estimate.result.clusters) clusters (\(estimate.clustering.text))"
    }
    let second = bySecondReader.map { "; by the second scene reader \(found($0))" } ?? ""
    return
      "Gate, which \(holds ? "holds" : "**fails**"): with the attention removed (\(Markdown.text(spec.removed))) "
      + "\(Markdown.text(metric)) is to be lower by \(ClaimText.number(RemovalGate.fall)) or more than with "
      + "\(Markdown.text(spec.against)), and surely by more than \(ClaimText.number(RemovalGate.surely)); it is "
      + "\(found(estimate))\(second)."
  }
}
