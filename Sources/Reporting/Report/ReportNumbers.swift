import Analysis
import ExperimentFiles
import Formatting
import Foundation
import Generation
import Measures
import Results
import Tensors

extension Metric {
  /// What its values say, and how far they can be trusted.
  fileprivate func reading(_ accuracy: String) -> String {
    let what =
      "\(title.asSentence)\(unit.map { " in \($0)" } ?? ""), \(range), one value for each \(measure.subject). \(direction.asSentence)."
    return "\(Markdown.text(what))\n\n*How far it can be trusted: \(Markdown.text(accuracy)).*"
  }

  /// A value for a reader; `–` where there is none.
  func text(_ value: Double?) -> String {
    guard let value, !value.isNaN else { return "–" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return String(format: "%.\(digits)f", value)
  }
}

/// A metric over some runs: the finite values summed up, the others counted.
struct MetricSummary {
  let finite: Summary
  let infinite: Int
  /// Values that are no number.
  let undefined: Int

  init(_ values: [Double]) {
    finite = Summary(values)
    infinite = values.count { $0.isInfinite }
    undefined = values.count { $0.isNaN }
  }

  /// The mean of the finite values; infinity where all there are are infinite.
  var mean: Double { finite.count == 0 && infinite > 0 ? .infinity : finite.mean }
}

/// The numbers of a report and its tables.
struct ReportNumbers {
  /// More cells than this stand in the tables' files alone.
  private static let mostCells = 400

  let data: StoredResults
  let accuracies: MetricAccuracies

  private var metrics: [Metric] { data.metrics }
  private var pairs: [PromptPair] { data.spec.generate.pairs }
  private var seeds: [Seed] { data.spec.generate.seeds }

  /// Interventions in each of the settings.
  private var columns: [Column] {
    let settings = data.spec.generate.settings
    return settings.indices.flatMap { index in
      data.spec.interventions.map { Column(intervention: $0.name, label: settings[index].label) }
    }
  }

  /// The sources, where their pictures are measured by themselves.
  private var sources: [Column] {
    pairs.isEmpty
      ? [] : data.spec.generate.settings.map { Column(intervention: InterventionSpec.sourceName, label: $0.label) }
  }

  private struct Column: Hashable {
    let intervention: String
    let label: String

    var name: String { label.isEmpty ? intervention : "\(intervention), \(label)" }
  }

  var isEmpty: Bool { metrics.isEmpty }

  /// Of the finished runs of a column, of all pairs and single prompts or of one pair.
  private func values(_ metric: Metric, _ column: Column, of pair: PromptPair? = nil) -> [Double] {
    runsOfColumn[column, default: []].compactMap { expected in
      guard pair == nil || (expected.key.source == pair?.source && expected.key.prompt == pair?.target) else {
        return nil
      }
      return expected.run.flatMap { $0.isDone ? $0.metrics[metric.name] : nil }
    }
  }

  private let runsOfColumn: [Column: [ExpectedRun]]

  init(data: StoredResults, accuracies: MetricAccuracies) {
    self.data = data
    self.accuracies = accuracies
    runsOfColumn = Dictionary(grouping: data.expected) {
      Column(intervention: $0.key.intervention, label: $0.key.settings)
    }
  }

  // MARK: - In the report

  var section: String {
    let byIntervention = metrics.map { metric in
      "### \(Markdown.text(metric.title.asSentence)) by intervention\n\n" + metric.reading(accuracies.text(metric))
        + "\n\n" + table(metric)
    }
    return (["## Numbers"] + byIntervention + [byPair]).joined(separator: "\n\n")
  }

  private func table(_ metric: Metric) -> String {
    let columns = columns(of: metric)
    let summaries = columns.map { MetricSummary(values(metric, $0)) }
    let hasInfinite = summaries.contains { $0.infinite > 0 }
    let hasUndefined = summaries.contains { $0.undefined > 0 }
    let others = others(than: metric)
    let rows = zip(columns, summaries).map { column, summary in
      let finite = summary.finite
      return [Markdown.text(column.name), "\(finite.count)"]
        + [summary.mean, finite.standardDeviation, finite.minimum, finite.maximum].map { metric.text($0) }
        + others.map { agreement(metric, $0.metric, column) }
        + (hasInfinite ? ["\(summary.infinite)"] : []) + (hasUndefined ? ["\(summary.undefined)"] : [])
    }
    let header =
      ["intervention", "n:", "mean:", "sd:", "min:", "max:"] + others.map(\.heading)
      + (hasInfinite ? ["inf:"] : []) + (hasUndefined ? ["undefined:"] : [])
    let infinite =
      "\n\nThe column inf counts values that are infinite, such as those of pictures equal to their source. They are in none "
      + "of the other columns; `inf` as a mean says that there are no other values."
    let undefined =
      "\n\nThe column undefined counts pictures about which the metric says nothing; no other column includes them."
    return Markdown.table(header, rows) + (hasInfinite ? infinite : "") + (hasUndefined ? undefined : "")
  }

  /// Who else says of the same pictures what the scene reader says, with the heading of how often they agree.
  private func others(than metric: Metric) -> [(metric: Metric, heading: String)] {
    let second = metrics.first { $0.name == Metric.nameBySecondReader(metric.name) }
    let rated = Metric.judgedAndRated.first { $0.judged.name == metric.name }
      .flatMap { twins in metrics.first { $0.name == twins.rated.name } }
    return (second.map { [($0, "readers agree:")] } ?? []) + (rated.map { [($0, "raters agree:")] } ?? [])
  }

  /// In how many of a column's pictures both say the same.
  private func agreement(_ metric: Metric, _ second: Metric, _ column: Column) -> String {
    let pairs = runsOfColumn[column, default: []].compactMap { expected -> (Double, Double)? in
      guard let run = expected.run, run.isDone, let a = run.metrics[metric.name], let b = run.metrics[second.name],
        a.isFinite, b.isFinite
      else { return nil }
      return (a, b)
    }
    return MetricAgreement(metric, second, intervention: column.intervention, pairs)
      .map { String(format: "%.3f (n %d)", $0.agreement, $0.count) } ?? "–"
  }

  private func columns(of metric: Metric) -> [Column] {
    metric.measure.isOfEdits ? columns : sources + columns
  }

  private var byPair: String {
    let all = "Every run by itself: [tables/metrics.csv](tables/metrics.csv)."
    guard !pairs.isEmpty, pairs.count * metrics.count * columns.count <= Self.mostCells else { return all }
    let tables = metrics.map { metric in
      let rows = pairs.map { pair in
        [Markdown.text(pair.label)]
          + columns.map { metric.text(MetricSummary(values(metric, $0, of: pair)).mean) }
      }
      return "**\(Markdown.text(metric.heading))**\n\n"
        + Markdown.table(["pair"] + columns.map { Markdown.text($0.name) + ":" }, rows)
    }.joined(separator: "\n\n")
    let what =
      seeds.count == 1
      ? "The value of the one seed."
      : "Means over \(seeds.isEmpty ? "the seeds of each pair" : counted(seeds.count, "seed")), of the finite values where there "
        + "are any."
    // A long table would stand between the reader and the method.
    let body =
      pairs.count <= 12 ? "\(what)\n\n\(tables)" : "\(what)\n\n" + Markdown.details("\(pairs.count) pairs", tables)
    return "### By pair\n\n\(body)\n\n\(all)"
  }

  // MARK: - As files

  /// The tables by file name.
  var files: [(name: String, table: CSVTable)] {
    isEmpty ? [("runs.csv", runs)] : [("summary.csv", summary), ("metrics.csv", runMetrics), ("runs.csv", runs)]
  }

  private var summary: CSVTable {
    let hasSettings = data.hasSettings
    var table = CSVTable(
      ["intervention"] + (hasSettings ? ["settings"] : []) + [
        "metric", "n", "infinite", "undefined", "mean", "sd", "min", "max",
      ])
    for column in sources + columns {
      for metric in metrics where columns(of: metric).contains(column) {
        let summary = MetricSummary(values(metric, column))
        let finite = summary.finite
        table.append(
          [column.intervention] + (hasSettings ? [column.label] : [])
            + [metric.name, "\(finite.count)", "\(summary.infinite)", "\(summary.undefined)"]
            + [summary.mean, finite.standardDeviation, finite.minimum, finite.maximum].map { CSVTable.number($0) })
      }
    }
    return table
  }

  private var runMetrics: CSVTable {
    var table = CSVTable(
      ["source_prompt", "target_prompt", "seed", "intervention"] + (data.hasSettings ? ["settings"] : [])
        + metrics.map(\.name) + ["run", "picture"])
    for expected in data.expected {
      guard let run = expected.run, run.isDone, metrics.contains(where: { run.metrics[$0.name] != nil }) else {
        continue
      }
      table.append(
        [expected.key.source ?? "", expected.key.prompt, "\(expected.key.seed)", expected.key.intervention]
          + (data.hasSettings ? [expected.key.settings] : [])
          + metrics.map { CSVTable.number(run.metrics[$0.name]) } + [run.shortHash, run.files["picture"] ?? ""])
    }
    return table
  }

  private var runs: CSVTable {
    var table = CSVTable([
      "run", "group", "role", "intervention", "prompt", "source_prompt", "negative_prompt", "seed", "height", "width",
      "steps", "guidance_scale", "scheduler", "status", "picture", "latents",
    ])
    for expected in data.expected {
      let description = expected.run?.stored.run
      let setting = description?.setting
      table.append([
        expected.run?.shortHash ?? "", String(expected.run?.stored.groupHash.prefix(16) ?? ""),
        description?.role.rawValue ?? "", expected.key.intervention, expected.key.prompt, expected.key.source ?? "",
        expected.run?.stored.negativePrompt ?? "", "\(expected.key.seed)", setting.map { "\($0.height)" } ?? "",
        setting.map { "\($0.width)" } ?? "", setting.map { "\($0.numInferenceSteps)" } ?? "",
        setting.map { "\($0.guidanceScale)" } ?? "", setting == nil ? "" : data.schedulerText(of: expected.key),
        expected.status,
        expected.run?.files["picture"] ?? "", expected.run?.files["latents"] ?? "",
      ])
    }
    return table
  }
}

extension String {
  /// With its first letter large.
  fileprivate var asSentence: String { prefix(1).uppercased() + dropFirst() }
}
