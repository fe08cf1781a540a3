import Comparing
import ExperimentSupport
import Foundation
import Plotting
import Results
import TestSupport
import Testing

@testable import Reporting

/// What a report says of methods that are compared along their dials, and of layers.
@Suite struct MethodsReportTests {
  /// SSIM rises with the dial of `take`, PSNR falls; `other` keeps too little.
  private static func methods(_ run: MeasuredResults.Run) -> [String: Double]? {
    let wave = 0.02 * Double(run.seed % 3)
    let dial = Double(run.intervention.split(separator: "=").last ?? "") ?? 0
    switch run.intervention {
    case "none": return ["ssim": 0.2 + wave, "psnr": 20]
    case "other until=0.4": return ["ssim": 0.3 + wave, "psnr": 18]
    default: return ["ssim": 0.3 + 0.6 * dial + wave, "psnr": 20 - 10 * dial + wave]
    }
  }

  private static let interventions = """
    { none: [], take: { method: fpe, layers: 2-3, sweep: { until: [0.4, 0.8] } }, \
    other: { method: fpe, layers: 1, sweep: { until: [0.4] } } }
    """

  private static let lines = """
    methods:
      hold: ssim
      metrics: [psnr]
      curves: [{ name: none, published: none }, { name: take, published: take until=0.8 }, { name: other, published: other until=0.4 }]
    claims:
      claims:
        - name: C6
          statement: It is better.
          tests:
            - { says: higher, metric: psnr, of: take, above: 10, held: true }
            - { says: higher than the other, metric: psnr, of: take, against: other, above: 0, held: true }
    """

  private func report(
    _ root: URL, interventions: String, lines: String, metrics: (MeasuredResults.Run) -> [String: Double]?
  ) throws -> String {
    let results = try MeasuredResults(
      root, pairs: 2, seeds: Array(1...9), interventions: interventions, lines: lines, metrics: metrics)
    _ = try ExperimentReport.write(results: results.results, store: results.store)
    return try String(contentsOf: results.results.report, encoding: .utf8)
  }

  private func rows(_ root: URL, _ name: String) throws -> [String] {
    try String(contentsOf: root.appending(path: "small/tables/\(name)"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  /// At 0.7 `take` is read at a dial of 0.6333, where PSNR is 13.7.
  @Test func methodsLiterallyAndWhereTheyKeepEquallyMuch() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let report = try report(root, interventions: Self.interventions, lines: Self.lines, metrics: Self.methods)
      for piece in [
        "## Methods compared\n\nEach method is read twice: *literally*, at its published setting, and *at equal ssim*, where the mean of "
          + "`ssim` is 0.7.",
        "| method | published as | ssim there: | psnr there: | psnr at ssim 0.7: |".replacingOccurrences(
          of: ":", with: ""),
        "| take | take until=0.8 | 0.8 [", ", n 18 | 12.02 [", ", n 18 | 13.69 [",
        "*not reached*: other does not reach a ssim of 0.7: its mean is 0.32", "| none | none | 0.22 [",
        "![small: psnr against ssim](figures/methods-1.png)", "[tables/methods.csv](tables/methods.csv)",
        "| higher | psnr, take, where they keep equally much | 18 | 9 seeds | 0 | 13.69 |",
        "**not testable here**: other does not reach a ssim of 0.7: its mean is 0.32",
        // The costs: three calls of the edit, and three of the source that it takes from.
        "| none | – | – | – | 3 |", "| take | – | – | – | 6 |",
      ] { #expect(report.contains(piece), "\(piece)\n\(report.prefix(9000))") }
      let rows = try rows(root, "methods.csv")
      #expect(
        rows.count == 1 + 3 * 2 + 4
          && rows.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == 16 })
      #expect(rows.contains { $0.hasPrefix("take,psnr,ssim,held,,0.7,13.6") }, "\(rows)")
      #expect(try PNG.read(root.appending(path: "small/figures/methods-1.png")).height > 400)
    }
  }

  /// Layers 1 to 3, of which the second carries everything.
  @Test func layersWithTheSetThatFollows() throws {
    let all = (1...3).map { "only \($0): [{ op: replace, sites: \"self:\($0)\", steps: { fraction: [0, 0.8] } }]" }
    let interventions = "{ none: [], cross: [{ op: replace, sites: \"cross:1\" }], \(all.joined(separator: ", ")) }"
    let lines = "layers: { find: ssim, metrics: [psnr, ssim] }"
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let report = try report(root, interventions: interventions, lines: lines) { run in
        let wave = 0.02 * Double((3 * run.seed + UInt64(run.intervention.utf8.last ?? 0)) % 5)
        return ["ssim": (run.intervention == "only 2" ? 0.8 : 0.3) + wave, "psnr": 20 + wave]
      }
      for piece in [
        "## Which layers\n\n4 sets of layers were changed alike.",
        "- `psnr`: 18 edits under every set, clustered by seeds.",
        "| layer | psnr | ssim |", "In this order: 2.", "![small: what each layer adds](figures/layers-1.png)",
        "![small: sets of layers](figures/layers-2.png)",
        "found: [{ op: replace, of: probabilities, sites: \"self:2\", steps: { fraction: [0.0, 0.8] }",
        "for YOUR-FILE.yaml, which stands for a file of yours that has an intervention `found: []`; REPORT stands for",
        "attnlab run YOUR-FILE.yaml --set interventions.found=@REPORT/tables/found.yaml",
      ] { #expect(report.contains(piece), "\(piece)\n\(report.prefix(9000))") }
      // What the option takes is what the report shows.
      let found = try String(contentsOf: root.appending(path: "small/tables/found.yaml"), encoding: .utf8)
      #expect(found.hasPrefix("[{ op: replace") && report.contains("found: \(found)"), "\(found)")
      let rows = try rows(root, "layers.csv")
      // Three layers and four sets, of two metrics.
      #expect(
        rows.count == 1 + 2 * 3 + 2 * 4
          && rows.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == 10 })
      #expect(rows.contains { $0.hasPrefix("effect,layer 2,2,1,ssim,0.5") && $0.hasSuffix(",9,true") }, "\(rows)")
    }
  }

  /// Two sets tell nothing of three layers by themselves: the report says so, and draws where the two lie.
  @Test func setsThatCannotBeFitted() throws {
    let interventions = "{ none: [], all: [{ op: replace, sites: \"self:1-3\", steps: { fraction: [0, 0.8] } }] }"
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let report = try report(
        root, interventions: interventions, lines: "layers: { find: ssim, metrics: [psnr, ssim] }"
      ) {
        run in ["ssim": run.intervention == "all" ? 0.8 : 0.3, "psnr": 20]
      }
      #expect(report.contains("- `ssim`: no fit, as "), "\(report.prefix(9000))")
      #expect(!report.contains("The set that follows") && !report.contains("| layer | psnr |"))
      #expect(report.contains("figures/layers-2.png") && !report.contains("figures/layers-1.png"))
    }
  }

  /// Both heads of layer 2 and head 1 of layer 3, which carries everything; a set may have several operations.
  @Test func headsWithTheSetThatFollows() throws {
    let swap = "op: replace, steps: { fraction: [0, 0.8] }"
    let heads = (0..<2).map { "only 2.\($0): [{ \(swap), sites: \"self:2\", heads: [\($0)] }]" }
    let both = "both: [{ \(swap), sites: \"self:2\", heads: [0, 1] }, { \(swap), sites: \"self:3\", heads: [1] }]"
    let interventions =
      "{ none: [], cross: [{ \(swap), sites: \"cross:2\" }], \(heads.joined(separator: ", ")), "
      + "one: [{ \(swap), sites: \"self:3\", heads: [1] }], \(both) }"
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let lines = "layers: { find: ssim, metrics: [psnr, ssim], unit: heads }"
      let report = try report(root, interventions: interventions, lines: lines) { run in
        let wave = 0.02 * Double((3 * run.seed + UInt64(run.intervention.utf8.last ?? 0)) % 5)
        return ["ssim": (["one", "both"].contains(run.intervention) ? 0.8 : 0.3) + wave, "psnr": 20 + wave]
      }
      for piece in [
        "## Which heads\n\n5 sets of heads were changed alike. What each head of self-attention adds",
        "| layer.head | psnr | ssim |", "In this order: 3.1.", "![small: what each head adds](figures/layers-1.png)",
        "sites: \"self:3\", steps: { fraction: [0.0, 0.8] }, branch: conditional, part: all, heads: [1] }]",
      ] { #expect(report.contains(piece), "\(piece)\n\(report.prefix(9000))") }
      let rows = try rows(root, "layers.csv")
      #expect(rows.count == 1 + 2 * 3 + 2 * 5)
      #expect(rows.contains { $0.hasPrefix("effect,head 3.1,3.1,1,ssim,0.5") && $0.hasSuffix(",9,true") }, "\(rows)")
      #expect(rows.contains { $0.hasPrefix("set,both,\"2.0, 2.1, 3.1\",3,ssim,") }, "\(rows)")
    }
  }

  /// The front names sets of a rare size, and of the others those that claims are about.
  @Test func setsThatTheFrontNames() throws {
    let swap = "op: replace, steps: { fraction: [0, 0.8] }"
    let heads = (1...3).flatMap { layer in
      (0..<2).map { "only \(layer).\($0): [{ \(swap), sites: \"self:\(layer)\", heads: [\($0)] }]" }
    }
    let both = "two heads: [{ \(swap), sites: \"self:2\", heads: [0, 1] }]"
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let results = try MeasuredResults(
        root, pairs: 2, seeds: Array(1...9),
        interventions: "{ none: [], \(heads.joined(separator: ", ")), \(both) }",
        lines: "layers: { find: ssim, metrics: [psnr, ssim], unit: heads }"
      ) { _ in ["ssim": 0.5, "psnr": 20] }
      let data = try StoredResults(results: results.results, store: results.store)
      let layers = ReportLayers(effects: try #require(LayerEffects(data)))
      #expect(layers.effects.sets.count == 8)
      func names(tested: Set<String>) -> [String] {
        layers.effects.sets.map { layers.frontLabel($0, tested: tested) }.filter { !$0.isEmpty }
      }
      #expect(names(tested: []) == ["none", "two heads"])
      #expect(names(tested: ["only 2.1"]) == ["none", "only 2.1", "two heads"])
    }
  }

  /// Of how many edits the marks are is said in the captions.
  @Test func captionsHaveTheirN() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let results = try MeasuredResults(
        root, pairs: 2, seeds: Array(1...9), interventions: Self.interventions,
        lines: Self.lines + "\nlayers: { find: ssim, metrics: [ssim, psnr] }", metrics: Self.methods)
      let data = try StoredResults(results: results.results, store: results.store)
      let methods = ReportMethodComparison(comparison: try #require(MethodComparison(data)))
      #expect(methods.note(0).hasSuffix("at the published settings n = 18."))
      let layers = ReportLayers(effects: try #require(LayerEffects(data)))
      #expect(layers.frontNote.hasSuffix("n = 18 edits under every set."))
    }
  }

  /// What a database holds is not trusted to be small.
  @Test func hugeValues() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let report = try report(
        root, interventions: Self.interventions, lines: Self.lines + "\nlayers: { find: ssim, metrics: [ssim, psnr] }"
      ) { run in ["ssim": run.seed % 2 == 0 ? 1e308 : -1e308, "psnr": 1e308] }
      #expect(report.contains("## Methods compared") && report.contains("## Which layers"))
    }
  }
}
