import AttentionStore
import ExperimentSupport
import Foundation
import MapProbes
import Plotting
import ProbePages
import Probing
import Results
import Tensors
import TestSupport
import Testing

@testable import Reporting

/// What layers know beside what they do, from a probe and effects that were planted.
@Suite struct KnowsAgainstDoesReportTests {
  /// What the probe reaches over chance, by layer; it was trained at calls 0 and 1.
  private static let gains = [1: 0.1, 2: 0.3, 3: 0.2]

  private static func lines(probe: String = "color", over: String = "chance") -> String {
    "knows_against_does: [{ from: probed, probe: \(probe), over: \(over), sweep: swap, metric: attribute_reflected }]"
  }

  private static let interventions = """
    { none: [], swap: { sweep: { layers: { single: 1-3 }, steps: { early: { from: 0, to: 2 }, late: { from: 2, to: 3 } } }, \
    operations: [{ op: uniform, sites: "cross:*" }] } }
    """

  /// Layer 2 does most and layer 1 least at the early calls: the share of seeds that keep the edit.
  private static func metrics(_ run: MeasuredResults.Run) -> [String: Double] {
    let lost =
      switch run.intervention {
      case "swap layers=1, steps=early": 1
      case "swap layers=2, steps=early": 6
      case "swap layers=3, steps=early": 3
      default: 0
      }
    return ["ssim": 1, "attribute_reflected": Int(run.seed) > lost ? 1 : 0]
  }

  /// - Parameter folder: of another experiment's results, which get the probe.
  private static func probe(in folder: URL) throws {
    let other = try MeasuredResults(folder, name: "probed") { _ in ["ssim": 1] }
    func estimate(_ mean: Double) -> SeedEstimate {
      SeedEstimate([mean, mean], seeds: [1, 2], confidence: 0.95, within: 0...1)
    }
    let cells = (1...3).flatMap { layer in
      (0..<2).map { call in
        ProbeCell(
          site: "cross:\(layer)", layer: layer, kind: "cross", call: call, head: nil, features: 4,
          accuracy: estimate(0.5 + (gains[layer] ?? 0)), p: 0.01, familyWiseP: 0.01, isRegistered: false)
      }
    }
    let mass = ProbeControl(
      name: "mass", says: "the mass alone", samples: 2, seeds: 2,
      cells: cells.indices.map { .init(cell: $0, accuracy: estimate(0.5), gain: estimate(0.05)) })
    let result = ProbeResult(
      name: "color", says: "is it told", label: "color", classes: ["blue", "red"], from: "bank", samples: 2,
      tested: nil, seeds: [1, 2], grouping: .seeds, folds: 2, strata: 2, strataOf: "seed", permutations: 999,
      classifier: "ridge", features: .init(record: "words", quantity: "probabilities", word: "<label>", value: "map"),
      chance: 0.5, confidence: 0.95, cells: cells, best: 0,
      confusion: try ProbeAccuracy(
        predicted: [0, 1], labels: ProbeLabels(name: "color", ["red", "blue"]),
        samples: [1, 2].map { ProbeSample(prompt: "p\($0)", seed: Seed(UInt64($0)), template: "t", object: "o") }
      ).confusion, curve: [], information: [], controls: [mass], applied: [])
    try other.store.setProbe(
      StoredProbe(
        name: "color", source: "s", label: "color", samples: 2, best: "cross:2 call 0", accuracy: 0.8, chance: 0.5,
        result: String(decoding: JSONEncoder().encode(result), as: UTF8.self), sha256: String(repeating: "0", count: 64)
      ))
    try other.store.close()
  }

  private static func results(
    _ root: URL, _ lines: String, metrics: (MeasuredResults.Run) -> [String: Double] = metrics
  ) throws -> (measured: MeasuredResults, report: String) {
    let measured = try MeasuredResults(
      root, pairs: 1, seeds: Array(1...10), interventions: interventions, names: "[ssim, attribute_reflected]",
      lines: lines, metrics: metrics)
    _ = try ExperimentReport.write(results: measured.results, store: measured.store)
    return (measured, try String(contentsOf: measured.results.report, encoding: .utf8))
  }

  @Test func ranksAreCorrelatedWindowByWindow() throws {
    try Fixtures.withTemporaryFolder { root in
      try Self.probe(in: root)
      let (measured, report) = try Self.results(root, Self.lines())
      for piece in [
        // A long sweep is named once.
        "was changed in 6 ways (`swap` at 6 values); `none` leaves it alone.",
        "## What layers know, and what they do", "### color against attribute\\_reflected under swap",
        // What is done is a loss. Of three places there is a correlation and no interval.
        "| 0-1 | 3 | -1.00 | – |", "| 2 (+30.0) | 2 (-60.0) |",
        // The probe was not trained at the late call.
        "| 2 | 0 | – | – | – | – |",
        // Two of six orders are as far from 0.
        "The mean of 1 window is -1.00 (p = 0.33", "figures/knows-1-layers.png", "figures/knows-1-places.png",
      ] { #expect(report.contains(piece), "\(piece) is not in\n\(report)") }
      let rows = try String(
        contentsOf: measured.results.tables.appending(path: "knows_against_does.csv"), encoding: .utf8
      ).split(separator: "\n")
      #expect(rows.count == 7)
      let first = rows[1].split(separator: ",")
      #expect(rows[1].hasPrefix("color,probed,chance,swap,attribute_reflected,1,0-1,") && first.last == "10")
      #expect(abs((Double(first[7]) ?? 0) - 0.1) < 1e-12 && abs((Double(first[9]) ?? 0) + 0.1) < 1e-12, "\(rows[1])")
      let data = try StoredResults(results: measured.results, store: measured.store)
      let windows = try #require(KnowsAgainstDoes.all(of: data).first).windows
      #expect(KnowsAgainstDoesPage.size(windows) == "n = 10 edits a place.")
      for name in ["knows-1-layers.png", "knows-1-places.png"] {
        let picture = try PNG.read(measured.results.figures.appending(path: name))
        #expect(picture.width > 400 && picture.height > 200)
      }
    }
  }

  /// Where no place does anything nothing can rise or fall with it, and no place does most.
  @Test func placesThatDoNothing() throws {
    try Fixtures.withTemporaryFolder { root in
      try Self.probe(in: root)
      let report = try Self.results(root, Self.lines()) { _ in ["ssim": 1, "attribute_reflected": 1] }.report
      #expect(report.contains("| 0-1 | 3 | – | – | – | 2 (+30.0) | all do +0.0 |"), "\(report)")
      #expect(report.contains("figures/knows-1-layers.png") && !report.contains("figures/knows-1-places.png"))
    }
  }

  @Test func aControlTakesChancesPlace() throws {
    try Fixtures.withTemporaryFolder { root in
      try Self.probe(in: root)
      let report = try Self.results(root, Self.lines(over: "mass")).report
      // All gains are alike, so there are no ranks.
      #expect(report.contains("| 0-1 | 3 | – | – | – | 1 (+5.0) | 2 (-60.0) |"), "\(report)")
    }
  }

  @Test(arguments: [
    ("colour", "chance", "\"probed\" has no trained probe \"colour\""),
    ("color", "permuted", "the probe \"color\" has no control \"permuted\""),
  ])
  func whatIsMissingIsSaid(probe: String, over: String, said: String) throws {
    try Fixtures.withTemporaryFolder { root in
      try Self.probe(in: root)
      let report = try Self.results(root, Self.lines(probe: probe, over: over)).report
      #expect(report.contains("Nothing can be set side by side: \(said)."), "\(report)")
    }
  }

  /// Results can be carried elsewhere without those that they were compared with.
  @Test func theOtherResultsCanBeGone() throws {
    try Fixtures.withTemporaryFolder { root in
      let report = try Self.results(root, Self.lines()).report
      #expect(report.contains("Nothing can be set side by side: there are no results of \"probed\"."), "\(report)")
      #expect(!report.contains(root.path))
    }
  }
}
