import Analysis
import ExperimentFiles
import Formatting
import Foundation
import Measures
import Results

/// Metrics by what prompts name: a table for each factor that the file's `tables` ask for.
struct ReportFactors {
  /// From this share of right pictures on, claims may be tested (a gate of the experiments that are built on it).
  static let testable = 0.9

  let data: StoredResults
  /// nil where there is no scene reader, which knows the words.
  let words: SceneVocabulary?

  private struct Entry {
    let level: String
    let values: [String: Double]
  }

  /// A set's value is counted where the prompt of its first edit belongs.
  private var metrics: [Metric] { data.metrics }

  var section: String? {
    guard !data.spec.tables.isEmpty else { return nil }
    guard words != nil else {
      return "## By what prompts name\n\nThere is no scene reader to read what prompts name."
    }
    let what =
      "The tables show pictures that are left alone (`\(data.untouched?.name ?? "none")`): the mean over pictures, with n "
      + "in brackets if it differs from the row's."
    let titles = metrics.map { Markdown.text($0.title) + ":" }
    let tables = data.spec.tables.map { factor in
      "### By \(factor.title)\n\n" + Markdown.table([factor.title, "n:"] + titles, rows(factor)) + verdict(factor)
    }
    return (["## By what prompts name", what] + tables).joined(separator: "\n\n")
  }

  private func rows(_ factor: ReportFactor) -> [[String]] {
    levels(factor).map { level, entries in
      [Markdown.text(level), "\(entries.count)"]
        + metrics.map { metric in
          let summary = MetricSummary(entries.compactMap { $0.values[metric.name] })
          let count = summary.finite.count
          return metric.text(summary.mean) + (count == entries.count || count == 0 ? "" : " (\(count))")
        }
    }
  }

  /// The levels of which a claim may be tested; of a group, what is not of the world.
  private func verdict(_ factor: ReportFactor) -> String {
    if case .group(let group) = factor, let words {
      let unknown = group.objects.filter { !words.objects.contains($0) }
      return unknown.isEmpty ? "" : "\n\nNot known to the scene reader: \(listed(unknown.map(Markdown.text)))."
    }
    guard let metric = [Metric.bindingRight, .pictureRight].first(where: metrics.contains), factor.names else {
      return ""
    }
    let shares = levels(factor).map { level, entries in
      (level, Summary(entries.compactMap { $0.values[metric.name] }).mean)
    }
    let (good, poor) = (shares.filter { $0.1 >= Self.testable }, shares.filter { !($0.1 >= Self.testable) })
    let percent = Int(100 * Self.testable)
    func list(_ shares: [(String, Double)]) -> String {
      shares.isEmpty ? "none" : listed(shares.map { "\(Markdown.text($0.0))" })
    }
    return "\n\n**A claim may be tested** (\(metric.title) in \(percent) % of the pictures or more): \(list(good)). "
      + "**Not** (\(poor.count) of \(shares.count)): \(list(poor))."
  }

  private func levels(_ factor: ReportFactor) -> [(String, [Entry])] {
    guard let words, let untouched = data.untouched?.name else { return [] }
    let entries = data.expected.compactMap { expected -> Entry? in
      guard expected.key.intervention == untouched, let run = expected.run, run.isDone,
        let scene = PromptScene(expected.key.prompt, words), let level = factor.level(of: scene, words)
      else { return nil }
      return Entry(level: level, values: run.metrics)
    }
    let groups = Dictionary(grouping: entries, by: \.level)
    return entries.map(\.level).uniqued.map { ($0, groups[$0] ?? []) }
  }

  /// The tables by file name.
  var files: [(name: String, table: CSVTable)] {
    data.spec.tables.map { factor in
      var table = CSVTable([factor.name, "pictures"] + metrics.flatMap { [$0.name, "\($0.name)_n"] })
      for (level, entries) in levels(factor) {
        table.append(
          [level, "\(entries.count)"]
            + metrics.flatMap { metric in
              let summary = MetricSummary(entries.compactMap { $0.values[metric.name] })
              return [CSVTable.number(summary.mean), "\(summary.finite.count)"]
            })
      }
      return (Self.fileName(factor.name), table)
    }
  }

  static let fileNames = Set((FactorName.allCases.map(\.rawValue) + [ReportFactor.groupName]).map(fileName))

  private static func fileName(_ factor: String) -> String { "by_\(factor).csv" }
}

extension ReportFactor {
  fileprivate var title: String {
    switch self {
    case .named(let factor): factor.title
    case .group(let group): "objects of the group \(Markdown.text(group.group))"
    }
  }

  /// Whether its levels are what claims are about.
  fileprivate var names: Bool { [.named(.object), .named(.color)].contains(self) }
}

extension FactorName {
  fileprivate var title: String {
    switch self {
    case .object, .color, .background, .style: rawValue
    case .heldOut: "whether the colored object was drawn in training"
    case .count: "number of objects"
    }
  }
}
