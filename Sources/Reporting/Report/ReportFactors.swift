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
    let tables = data.spec.tables.map { factor in
      "### By \(factor.title)\n\n" + Markdown.table(header(factor), rows(factor)) + verdict(factor)
    }
    return (["## By what prompts name", what] + tables).joined(separator: "\n\n")
  }

  private func header(_ factor: FactorName) -> [String] { [factor.title, "n:"] + metrics.map { $0.title + ":" } }

  private func rows(_ factor: FactorName) -> [[String]] {
    levels(factor).map { level, entries in
      [Markdown.text(level), "\(entries.count)"]
        + metrics.map { metric in
          let summary = MetricSummary(entries.compactMap { $0.values[metric.name] })
          let count = summary.finite.count
          return metric.text(summary.mean) + (count == entries.count || count == 0 ? "" : " (\(count))")
        }
    }
  }

  /// The levels of which a claim may be tested.
  private func verdict(_ factor: FactorName) -> String {
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

  private func levels(_ factor: FactorName) -> [(String, [Entry])] {
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
      var table = CSVTable([factor.rawValue, "pictures"] + metrics.flatMap { [$0.name, "\($0.name)_n"] })
      for (level, entries) in levels(factor) {
        table.append(
          [level, "\(entries.count)"]
            + metrics.flatMap { metric in
              let summary = MetricSummary(entries.compactMap { $0.values[metric.name] })
              return [CSVTable.number(summary.mean), "\(summary.finite.count)"]
            })
      }
      return (Self.fileName(factor), table)
    }
  }

  static func fileName(_ factor: FactorName) -> String { "by_\(factor.rawValue).csv" }
}

extension FactorName {
  fileprivate var title: String {
    switch self {
    case .object, .color, .background, .style: rawValue
    case .heldOut: "whether the colored object was drawn in training"
    case .count: "number of objects"
    }
  }

  /// Whether its levels are what claims are about.
  fileprivate var names: Bool { self == .object || self == .color }

  /// nil for a prompt that the factor says nothing of: objects and colors are of prompts with one thing.
  func level(of scene: PromptScene, _ words: SceneVocabulary) -> String? {
    let only = scene.things.count == 1 ? scene.things[0] : nil
    switch self {
    case .object: return only?.name
    case .color: return only?.color
    case .heldOut:
      guard let only, only.color != nil else { return nil }
      return words.isHeldOut(only.name, only.color) ? "never drawn" : "drawn"
    case .count: return "\(scene.things.count)"
    case .background: return scene.background
    case .style: return scene.style
    }
  }
}
