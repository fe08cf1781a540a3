import Analysis
import ExperimentFiles
import Formatting
import Foundation

/// What claims, tests and gates are called in a report, and their numbers.
enum ClaimText {
  /// A value for a reader; `–` where there is none.
  static func number(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "–" }
    // 0 has no sign.
    return String(format: "%.4g", value == 0 ? 0 : value)
  }

  /// The same with its sign.
  static func signed(_ value: Double?) -> String {
    guard let value, value.isFinite, value != 0 else { return number(value) }
    return String(format: "%+.4g", value)
  }

  static func interval(_ interval: ClosedRange<Double>?, _ text: (Double?) -> String) -> String {
    interval.map { "[\(text($0.lowerBound)), \(text($0.upperBound))]" } ?? "–"
  }

  /// A share as a percentage, with as many digits as it takes to tell it from 100 %.
  static func percent(_ share: Double) -> String {
    var text = String(format: share < 0.99 ? "%.2f" : "%.4f", share * 100)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return "\(text) %"
  }

  static func threshold(_ threshold: ClaimThreshold) -> String { "\(threshold.side) \(number(threshold.value))" }

  /// What each average is of, an item a line.
  static func meaning(_ averages: [AverageSpec]) -> String {
    averages.map { average in
      "- *\(Markdown.text(average.name))* is, for each edit, the mean over its \(average.interventions.count) runs with "
        + "\(listed(average.interventions.map(Markdown.code)))."
    }.joined(separator: "\n")
  }

  /// What is estimated: `ssim of "self 4-14" less that of "none"`.
  static func estimand(_ metric: String, _ of: String, against: String?) -> String {
    "\(metric) of \"\(of)\"" + (against.map { " less that of \"\($0)\"" } ?? "")
  }

  /// A statement that another sentence goes on after.
  static func withoutStop(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }
}
