import ArgumentParser
import Comparing
import Foundation

/// What `compare` can ask beside its intervals.
struct ComparisonTestOptions: ParsableArguments {
  /// The fewest signs that a p-value of 0.05 can be read from with some rest.
  private static let allowedPermutations = 999...1_000_000

  @Flag(name: .customLong("test"), help: "Also test the rows of each metric together by turning signs of clusters.")
  var isTested = false

  @Option(
    name: .long,
    help: ArgumentHelp("Signs to draw for --test, 999 to 1000000. (default: 9999)", valueName: "number"))
  var permutations: Int?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Also test whether the differences of a metric lie within this bound; may be given for several metrics.",
      valueName: "metric=bound"),
    transform: metricBound)
  var equivalence: [MetricBound] = []

  @Option(
    name: .long,
    help: ArgumentHelp("Also correlate two metrics over the runs of each intervention.", valueName: "metric,metric"),
    transform: metricPair)
  var correlate: MetricPair?

  /// Signs of the test; nil without one.
  var drawn: Int? { isTested ? permutations ?? 9_999 : nil }

  var bounds: [String: Double] { Dictionary(equivalence.map { ($0.metric, $0.bound) }) { first, _ in first } }

  /// What does not fit together, for `validate`.
  var problems: [String] {
    var problems: [String] = []
    if let permutations {
      if !Self.allowedPermutations.contains(permutations) {
        problems.append("--permutations: \(permutations) is not allowed; it is 999 to 1000000")
      }
      if !isTested { problems.append("--permutations needs --test") }
    }
    let metrics = equivalence.map(\.metric)
    for (index, metric) in metrics.enumerated() where metrics[..<index].contains(metric) {
      problems.append("--equivalence: \(metric) has two bounds; give one")
    }
    return problems
  }
}

/// The difference of a metric that would not matter.
struct MetricBound {
  let metric: String
  let bound: Double
}

/// Reads `ssim=0.02`.
/// - Throws: `ValidationError`.
func metricBound(_ text: String) throws -> MetricBound {
  let parts = text.split(separator: "=", omittingEmptySubsequences: false).map {
    $0.trimmingCharacters(in: .whitespaces)
  }
  guard parts.count == 2, !parts[0].isEmpty, let bound = Double(parts[1]), bound > 0, bound <= 1e300 else {
    throw ValidationError("write a metric and a bound above 0, in the metric's unit, as ssim=0.02")
  }
  return MetricBound(metric: parts[0], bound: bound)
}

/// Reads `psnr,ssim`.
/// - Throws: `ValidationError`.
func metricPair(_ text: String) throws -> MetricPair {
  let parts = text.split(separator: ",", omittingEmptySubsequences: false).map {
    $0.trimmingCharacters(in: .whitespaces)
  }
  guard parts.count == 2, !parts.contains(""), parts[0] != parts[1] else {
    throw ValidationError("write two different metrics with a comma between, as psnr,ssim")
  }
  return MetricPair(parts[0], parts[1])
}
