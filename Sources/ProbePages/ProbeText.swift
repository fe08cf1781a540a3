import Comparing
import Formatting
import Foundation
import MapProbes
import Probing

/// How the numbers and names of probes read, on pages, in figures and in the terminal alike.
enum ProbeText {
  /// A share in percent, with one decimal; `–` where there is none.
  static func percent(_ share: Double?) -> String {
    guard let share, share.isFinite else { return "–" }
    return String(format: "%.1f", 100 * share)
  }

  /// A difference of shares in percent, with its sign.
  static func points(_ difference: Double?) -> String {
    guard let difference, difference.isFinite else { return "–" }
    return String(format: "%+.1f", 100 * difference)
  }

  static func interval(_ interval: ClosedRange<Double>?, _ text: (Double?) -> String) -> String {
    interval.map { "[\(text($0.lowerBound)), \(text($0.upperBound))]" } ?? "–"
  }

  /// Of a share, in percent: Student's t may reach beyond 0 and 1, where no share is.
  static func shares(_ interval: ClosedRange<Double>?) -> String {
    ProbeText.interval(interval.map { $0.clamped(to: 0...1) }, percent)
  }

  /// `n = 336 pictures, 8 seeds`.
  static func size(_ estimate: SeedEstimate) -> String {
    "n = \(counted(estimate.count, "picture")), \(counted(estimate.seeds.count, "seed"))"
  }

  /// With as many digits as permutations can tell.
  static func p(_ p: Double?) -> String {
    guard let p, p.isFinite else { return "–" }
    return String(format: p < 0.001 ? "%.1g" : "%.3f", p)
  }

  /// `0.05`.
  static func level(_ level: Double) -> String { String(format: "%.2g", level) }

  static func bits(_ bits: Double?) -> String {
    guard let bits, bits.isFinite else { return "–" }
    return String(format: "%.2f", bits)
  }

  /// An estimate, a threshold or an end of their interval: all are shares, with a sign where they are differences.
  static func value(_ value: Double?, of test: ProbeTestResult) -> String {
    isDifference(test) ? points(value) : percent(value)
  }

  private static func isDifference(_ test: ProbeTestResult) -> Bool {
    test.over != "nothing" || test.measure != "accuracy"
  }

  /// What is estimated: `accuracy over mass, %`.
  static func estimand(_ test: ProbeTestResult) -> String {
    // Neither is compared with a guess: bits are gained over one already, and a word with its picture.
    let isAlone = test.over == "nothing" || (test.over == "chance" && test.measure != "accuracy")
    let over = isAlone ? "" : " over \(test.over)"
    switch test.measure {
    case "bits": return "bits\(over), % of all bits"
    case "follows_word": return "says the word's label less the picture's\(over), %"
    default: return "\(test.measure)\(over), %"
    }
  }

  /// A control in a word or two, for a legend.
  static func control(_ name: String) -> String {
    switch name {
    case "shuffled": "shuffled labels"
    case "mass": "mass of each head alone"
    case "permuted": "cells in random order"
    case "null_cell": "null cell"
    default: name
    }
  }

  /// What a probe sees: `<label> in words, as map`.
  static func features(_ features: ProbeResult.Features) -> String {
    let word = features.word.map { "\($0) in " } ?? ""
    let heads = features.heads.map { " of \($0.count == 1 ? "head" : "heads") \(ranges($0.map { $0 + 1 }))" } ?? ""
    let value = features.value.replacingOccurrences(of: "_", with: " ")
    return "\(word)\(features.record), \(features.quantity) as \(value)\(heads)"
  }

  static func held(_ grouping: Grouping) -> String {
    switch grouping {
    case .seeds: "seed"
    case .templates: "template"
    case .objects: "object"
    }
  }
}

extension ProbeResult {
  /// How many samples the accuracies are of.
  var count: Int { tested ?? samples }

  var bestCell: ProbeCell? { cells.indices.contains(best) ? cells[best] : nil }

  /// The level of single findings, corrected for all cells.
  var level: Double { 1 - confidence }

  func isFound(_ cell: ProbeCell) -> Bool { cell.familyWiseP <= level + 1e-12 }

  /// Whether the probe is trained anew for each permutation, as ridge can be.
  var isRefitted: Bool { classifier == "ridge" && tested == nil }

  /// How labels were permuted: `999, answers kept`.
  var permuted: String { "\(permutations)" + (isRefitted ? "" : ", answers kept") }

  /// `1344 pictures, 16 seeds`.
  var pictures: String { "\(counted(count, "picture")), \(counted(seeds.count, "seed"))" }
  var size: String { "n = \(pictures)" }

  /// At a control's cell the best of the probe, if the control is of that one, and else where the probe is best.
  func compared(_ control: ProbeControl) -> (cell: ProbeCell, control: ProbeControl.Cell)? {
    let known = control.cells.filter { cells.indices.contains($0.cell) }
    let chosen =
      known.first { $0.cell == best } ?? known.max { cells[$0.cell].accuracy.mean < cells[$1.cell].accuracy.mean }
    return chosen.map { (cells[$0.cell], $0) }
  }
}
