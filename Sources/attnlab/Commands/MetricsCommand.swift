import ArgumentParser
import Formatting
import Foundation
import Measures

struct MetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract:
      "Explain the metrics: what each measures, its range, what a higher value says, how far it can be trusted.",
    discussion: """
      Metrics stand under `metrics` of an experiment file, and in the options of measure and compare. A metric that \
      an instrument takes is only as right as the instrument. The last line of each metric says how often the \
      instrument was right, on scenes that it was not trained on.

      Examples:
        attnlab metrics
        attnlab metrics layout_kept color_gain
        attnlab metrics ./my_metric.py
        attnlab metrics --json
      """)

  @Argument(help: ArgumentHelp("The metrics to explain. (default: all)", valueName: "name"))
  var names: [String] = []

  @OptionGroup var output: JSONOption

  private struct Entry: Encodable {
    let name, title: String
    let unit: String?
    let of, range, direction, reference, accuracy: String
  }

  func run() throws {
    let metrics = names.isEmpty ? MetricRegistry.all : try names.map(namedMetric)
    let folders = InstrumentFolders()
    let entries = try metrics.map { metric in
      Entry(
        name: metric.name, title: metric.title, unit: metric.unit, of: metric.measure.subject, range: metric.range,
        direction: metric.direction, reference: metric.reference, accuracy: try folders.accuracy(of: metric))
    }
    if output.json { return try StandardOutput.write(json: entries) }
    let blocks = entries.map { entry in
      "\(entry.name)\n"
        + [
          ("of", entry.of), ("range", entry.range + (entry.unit.map { ", \($0)" } ?? "")),
          ("says", entry.direction), ("from", entry.reference), ("accuracy", entry.accuracy),
        ].map { "  \(padded($0, 9)) \(printable($1))\n" }.joined()
    }
    try StandardOutput.write(blocks.joined(separator: "\n"))
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}

/// The metric of a name on the command line.
/// - Throws: `ValidationError` with the nearest name.
func namedMetric(_ text: String) throws -> Metric {
  let name = text.trimmingCharacters(in: .whitespaces)
  if name.contains("/") {
    do { return try Metric(program: name) } catch { throw ValidationError("\(error)") }
  }
  guard let metric = MetricRegistry.named(name) else {
    let near = nearestName(to: name, in: MetricRegistry.all.map(\.name)).map { " did you mean \"\($0)\"?" } ?? ""
    throw ValidationError("\"\(name)\" is not a metric;\(near) attnlab metrics lists them")
  }
  return metric
}

/// Reads `psnr,ssim`.
/// - Throws: `ValidationError`.
func metricNames(_ text: String) throws -> [Metric] {
  try text.split(separator: ",", omittingEmptySubsequences: false).map { try namedMetric(String($0)) }
}
