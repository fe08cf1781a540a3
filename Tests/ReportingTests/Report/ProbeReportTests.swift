import ExperimentSupport
import Foundation
import MapProbes
import Plotting
import Probing
import Results
import Tensors
import TestSupport
import Testing

@testable import Reporting

/// Probes in a report: their lines at its head, their section, figures and tables.
@Suite struct ProbeReportTests {
  /// One place, where the probe is always right.
  private static func findings() throws -> ProbeFindings {
    let seeds: [Seed] = [1, 1, 2, 2, 3, 3, 4, 4]
    let samples = seeds.enumerated().map { place, seed in
      let prompt = place % 2 == 0 ? "a red car" : "a blue car"
      return ProbeSample(prompt: prompt, seed: seed, template: "a <color> car", object: "car")
    }
    let labels = try ProbeLabels(name: "color", samples.map { $0.prompt.contains("red") ? "red" : "blue" })
    let accuracy = try ProbeAccuracy(predicted: labels.values, labels: labels, samples: samples)
    let cell = ProbeCell(
      site: "cross:5", layer: 5, kind: "cross", call: 1, head: nil, features: 4, accuracy: accuracy.share, p: 0.001,
      familyWiseP: 0.001, isRegistered: true)
    let probe = ProbeResult(
      name: "word", says: "Does the word's map tell its color?", label: "color", classes: labels.classes, from: "bank",
      samples: 8, tested: nil, seeds: [1, 2, 3, 4], grouping: .seeds, folds: 4, strata: 4, strataOf: "seed and thing",
      permutations: 999, classifier: "ridge",
      features: .init(record: "words", quantity: "probabilities", word: "<label>", value: "map"), chance: 0.5,
      confidence: 0.95, cells: [cell], best: 0, confusion: accuracy.confusion, curve: [], information: [], controls: [],
      applied: [])
    return ProbeFindings(probes: [probe], tests: [], missing: [])
  }

  /// Whatever keys a file has, the one that the report prints has them too.
  @Test func nothingOfTheFileIsLost() throws {
    let probes = """

      probes:
        lists: { color: [red, blue] }
        probes: [{ name: p, says: is it, label: color, features: { record: words } }]
      """
    let yaml = SyntheticResults.spec() + probes
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root, spec: yaml)
      let data = try StoredResults(results: results.results, store: results.store)
      #expect(data.resolvedFile.contains("probes:") && data.resolvedFile == data.spec.resolvedYAML())
    }
  }

  @Test func aReportWithProbes() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root, spec: SyntheticResults.spec())
      _ = try ExperimentReport.write(results: results.results, store: results.store)
      let without = try results.committed()
      let findings = try Self.findings()
      let files = try ExperimentReport.write(results: results.results, store: results.store, findings: findings)
      let with = try results.committed()
      let added = Set(with.keys).subtracting(without.keys)
      #expect(added == ["probes-1-confusion.png", "probe_cells.csv", "probes.json"])
      #expect(added.isSubset(of: Set(files.map(\.lastPathComponent))))
      let report = try String(contentsOf: results.results.report, encoding: .utf8)
      let places = try [
        "- **Asked.** Does the word's map tell its color?", "## What was done", "## Probes", "## Numbers",
      ]
      .map { try #require(report.range(of: $0)).lowerBound }
      #expect(places == places.sorted())
      let texts = try PNG.texts(results.results.figures.appending(path: "probes-1-confusion.png"))
      #expect(texts.first?.value == "word: what is taken for what, cross:5 call 1")
      #expect(texts.first { $0.key == "Seed" }?.value == "1, 2, 3, 4")
      #expect(texts.first { $0.key == "Content-Hash" }?.value.count == 64)
      // A report of a file that has its probes no more has none of their files.
      _ = try ExperimentReport.write(results: results.results, store: results.store)
      #expect(try results.committed() == without)
    }
  }
}
