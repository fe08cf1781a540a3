import Attention
import AttentionStore
import ExperimentFiles
import ExperimentSupport
import Foundation
import Planning
import Results
import TestSupport
import Testing

@testable import MapProbes

/// What a file asks of maps that are not there is said before anything is trained.
@Suite struct ProbePlanTests {
  /// The record of ``PlantedMaps``.
  private static let recorded = #"{ name: words, sites: "cross:*", heads: all, tokens: words }"#

  private func message(
    _ probe: String, _ more: String = "", label: String = "color",
    lists: String = "color: [red, blue, green], thing: [car, boat]", record: String? = nil,
    sites: [AttentionSite] = SyntheticResults.sites, beside make: (URL) throws -> Void = { _ in }
  ) throws -> String {
    let yaml = PlantedMaps.yaml(
      probes: """
        probes:
          lists: { \(lists) }
          probes: [{ name: p, says: is it, label: \(label), \(probe) }]
        \(more)
        """
    ).replacing(Self.recorded, with: record ?? Self.recorded)
    return try Fixtures.withTemporaryFolder { folder in
      try make(folder)
      let spec = try ExperimentSpec(yaml: yaml, file: "e.yaml")
      let plan = try SyntheticResults.plan(spec, sites: sites, size: .init(height: 16, width: 24))
      do {
        _ = try ProbePlan(plan, in: folder, store: nil)
        return "no error"
      } catch {
        return "\(error)".replacingOccurrences(of: folder.path, with: "FOLDER")
      }
    }
  }

  @Test(arguments: [
    ("features: { record: words }", "no error"),
    ("features: { record: word }", "features.record: \"small\" records no \"word\"; it records \"words\""),
    ("features: { record: words, sites: \"self:1\" }", "features.sites: self 1 is not recorded; there are cross:1"),
    ("features: { record: words, calls: [5] }", "features.calls: call 5 is not recorded; there are 0, 1, 2"),
    (
      "features: { record: words, value: log_ratio }",
      "features.value: \"words\" holds probabilities; log ratios are recorded with of: log_ratio"
    ),
    (
      "features: { record: words, word: <end> }",
      "features.word: \"words\" keeps no <end> of \"a red car\"; it keeps a, red, car"
    ),
    (
      "features: { record: words, heads: [0, 2] }",
      "features.heads: cross:1 has no head 2; its heads are 0 to 1"
    ),
    (
      "where: { color: [red] }, features: { record: words }",
      "where: 18 pictures name 1 of the classes of \"color\"; a probe tells two or more apart; the prompts are those of "
        + "generate, or of the experiment in from"
    ),
    (
      "folds: objects, where: { thing: [car] }, features: { record: words }",
      "folds: folds: objects: expected 2 or more objects, found 1; record more of them, or hold out others"
    ),
    (
      "classifier: network, features: { record: words }",
      "registered: networks are trained at registered cells alone; name some cells there"
    ),
  ])
  func whatIsNotThereIsSaid(probe: String, said: String) throws {
    let expected = said == "no error" ? said : "probes.probes.p.\(said)"
    #expect(try message(probe) == expected)
  }

  /// Two heads of 64 x 64 places, and vectors of 4 values a head.
  private static let large = SyntheticResults.sites.map {
    AttentionSite(
      index: $0.index, path: $0.path, kind: $0.kind, layer: $0.layer, height: 64, width: 64, heads: 2, latentHeight: 64,
      latentWidth: 64)
  }

  private static func network(_ features: String, at site: String = "cross:1") -> String {
    "classifier: network, registered: { sites: \"\(site)\", calls: [2] }, features: { \(features) }"
  }

  /// A network's features are counted before anything is made: those of all heads that it is shown, at its registered cells.
  @Test(
    arguments: [
      ("record: words", nil, "cross:1", 8192), ("record: words, heads: each", nil, "cross:1", 8192),
      ("record: words, heads: mean", nil, "cross:1", nil), ("record: words, heads: [1]", nil, "cross:1", nil),
      ("record: words, value: mass", nil, "cross:1", nil),
      ("record: r", #"{ name: r, sites: "cross:*", heads: all, tokens: words, pool: 45 }"#, "cross:1", nil),
      ("record: r", #"{ name: r, sites: "cross:*", heads: all, tokens: words, pool: 46 }"#, "cross:1", 4232),
      ("record: r", #"{ name: r, sites: "self:*", heads: all, pool: 6 }"#, "self:1", nil),
      ("record: r", #"{ name: r, sites: "self:*", heads: all, pool: 7 }"#, "self:1", 4802),
      ("record: r", #"{ name: r, sites: "self:*", pool: 8 }"#, "self:1", nil),
      ("record: r", #"{ name: r, sites: "cross:*", of: output, pool: 22 }"#, "cross:1", nil),
      ("record: r", #"{ name: r, sites: "cross:*", of: output, pool: 23 }"#, "cross:1", 4232),
      ("record: r", #"{ name: r, sites: "cross:*", of: values, heads: all, tokens: words }"#, "cross:1", nil),
    ] as [(String, String?, String, Int?)])
  func networksOfTooManyFeatures(features: String, record: String?, site: String, found: Int?) throws {
    let said = try message(Self.network(features, at: site), record: record, sites: Self.large)
    let expected = found.map {
      "probes.probes.p.features: \(site) call 2 has \($0) features, and a network takes 4096 or fewer; write heads: mean, name "
        + "fewer heads, or record the maps with pool"
    }
    #expect(said == expected ?? "no error")
    // Other classifiers take as many as there are.
    let ridge = Self.network(features, at: site).replacing("network", with: "ridge")
    #expect(try message(ridge, record: record, sites: Self.large) == "no error")
  }

  /// Measured labels have no values yet, and the maps are as wide.
  @Test func networksOfMeasuredLabels() throws {
    let said = try message(Self.network("record: words, word: 2"), label: "facing", sites: Self.large)
    #expect(said.contains("probes.probes.p.features: cross:1 call 2 has 8192 features"), "\(said)")
  }

  /// A bank may hold wider maps than the probe's own, and latents of more values.
  @Test(arguments: [("", 8192), (", reads: latents", 16384)])
  func banksOfTooManyFeatures(reads: String, found: Int) throws {
    let bank = "  banks: [{ name: b, says: a control, from: wide\(reads) }]"
    for (probe, said) in [
      (
        Self.network("record: words"),
        "probes.banks.b: the probe \"p\": \"wide\" has \(found) features at cross:1 call 2, and a network takes 4096 or fewer; "
          + "name fewer heads, record its maps with pool, or leave the bank out"
      ), ("features: { record: words }", "no error"),
    ] {
      let message = try message(probe, bank) { folder in
        let results = ResultsFolder(folder.appending(path: "wide"))
        try FileManager.default.createDirectory(at: results.url, withIntermediateDirectories: true)
        let store = try AttentionStore.open(results.database, mode: .create)
        let yaml = PlantedMaps.yaml(probes: "", latents: "[2]").replacing("name: small", with: "name: wide")
        try SyntheticResults.begin(
          SyntheticResults.plan(
            ExperimentSpec(yaml: yaml, file: "e.yaml"), sites: Self.large, size: .init(height: 16, width: 24)), store)
        try store.close()
      }
      #expect(message == said)
    }
  }

  @Test(arguments: [
    (
      "features: { record: words, word: 2 }",
      "label: facing is told by facing_right, which is not measured; add it to metrics"
    ),
    (
      "test_where: { thing: [car] }, features: { record: words, word: 2 }",
      "test_where: facing is measured of the pictures that the probe is trained on, and of no others; leave it out, or let a "
        + "list of words be the label"
    ),
  ])
  func labelsThatAreNotMeasured(probe: String, said: String) throws {
    let message = try message(probe, label: "facing")
    #expect(message.split(separator: "\n").map(String.init).contains("probes.probes.p.\(said)"), "\(message)")
  }

  /// Of nine seeds two of 512 signs are as extreme as can be.
  @Test(arguments: [
    ("  confidence: 0.99", 2, "no error"),
    (
      "  confidence: 0.999", 1,
      "probes.tests.0: 9 seeds of \"small\" give no p below 0.00391 by turning signs, and 1 test at a confidence of 0.999 "
        + "needs 0.001; give it 11 seeds or more, or state fewer tests"
    ),
    (
      "", 13,
      "probes.tests.0: 9 seeds of \"small\" give no p below 0.00391 by turning signs, and 13 tests at a confidence of 0.95 "
        + "need 0.00385; give it 10 seeds or more, or state fewer tests"
    ),
  ])
  func testsOfTooFewSeeds(confidence: String, tests: Int, said: String) throws {
    let test = "{ says: it is, probe: p, above: 0 }"
    let list = [String](repeating: test, count: tests).joined(separator: ", ")
    let message = try message("features: { record: words }", "\(confidence)\n  tests: [\(list)]")
    #expect(message.split(separator: "\n").first.map(String.init) == said)
  }

  /// Self maps of the first layer at the first call know no word, but they know whether they were changed.
  @Test(arguments: [("color", true), ("intervention", false)])
  func onlyWhatWordsTellHasANullCell(label: String, has: Bool) throws {
    let yaml = PlantedMaps.yaml(
      probes: """
        interventions: { none: [], even: [{ op: uniform, sites: "self:1" }] }
        probes:
          lists: { color: [red, blue, green], thing: [car, boat] }
          probes: [{ name: p, says: is it, label: \(label), features: { record: layout, calls: [0] } }]
        """
    ).replacingOccurrences(
      of: #"record: [{ name: words, sites: "cross:*", heads: all, tokens: words }]"#,
      with: #"record: [{ name: layout, sites: "self:*", heads: all }]"#)
    try Fixtures.withTemporaryFolder { folder in
      let plan = try SyntheticResults.plan(
        ExperimentSpec(yaml: yaml, file: "e.yaml"), sites: SyntheticResults.sites, size: .init(height: 16, width: 24))
      let probe = try #require(try ProbePlan(plan, in: folder, store: nil)?.probes.first)
      #expect(probe.has(.nullCell) == has)
    }
  }

  /// The log ratio of an article that comes before the color knows no color at first, but it knows whether it is "an".
  @Test(arguments: [("red, yellow", true), ("red, orange", false)])
  func articlesHaveANullCellWhereTheyAreTheSame(colors: String, has: Bool) throws {
    let template = "{ template: \"a {color} {thing}\", lists: { color: [red, blue, green], thing: [car, boat] } }"
    let yaml = PlantedMaps.yaml(
      probes: """
        probes:
          lists: { color: [\(colors)], thing: [car, boat] }
          probes: [{ name: p, says: is it, label: color, features: { record: article, word: 1, value: log_ratio } }]
        """
    ).replacing(
      Self.recorded, with: #"{ name: article, of: log_ratio, sites: "cross:*", heads: all, tokens: [1] }"#
    ).replacing(
      template,
      with: template.replacing("[red, blue, green]", with: "[red, yellow]") + ", an orange car, an orange boat")
    try Fixtures.withTemporaryFolder { folder in
      let plan = try SyntheticResults.plan(
        ExperimentSpec(yaml: yaml, file: "e.yaml"), sites: SyntheticResults.sites, size: .init(height: 16, width: 24))
      let probe = try #require(try ProbePlan(plan, in: folder, store: nil)?.probes.first)
      #expect(probe.trained.runs.count == 2 * 2 * 9)
      #expect(probe.has(.nullCell) == has)
    }
  }

  /// What tells the object apart tells the label apart as well.
  @Test func labelsThatCannotBePermuted() throws {
    let message = try message(
      "features: { record: words, word: 1 }", label: "pair", lists: "color: [red, blue], pair: [red car, blue boat]")
    #expect(
      message
        == "probes.probes.p.label: no two classes of \"pair\" share a seed and an object, so labels cannot be permuted; "
        + "give the prompts' things a list, and the same things and seeds to each class")
  }

  @Test func aBankThatIsMissingSaysHowToMakeIt() throws {
    let bank = "  banks: [{ name: random, says: a random UNet, from: nowhere }]"
    #expect(
      try message("features: { record: words }", bank)
        == "probes.banks.random: there are no results of \"nowhere\" (FOLDER/nowhere/nowhere.sqlite): run the file "
        + "with that `name` first, or name the folder that holds them with --results")
  }

  /// A control that is left out of a report without a word looks like one that was not asked for.
  @Test(arguments: [
    (
      "reads: latents", nil, "",
      "probes.banks.b: \"small\" keeps nothing that a probe reads; it keeps no latents; give its file `input_latents` with a call "
        + "of the probes"
    ),
    ("reads: latents", "[1]", "", "no error"),
    ("reads: latents", "[0, 2]", "tests: [{ says: it is, probe: p, at: registered, over: b, above: 0 }]", "no error"),
    (
      "reads: latents", "[1]", "tests: [{ says: it is, probe: p, at: registered, over: b, above: 0 }]",
      "probes.tests.0.over: \"small\" keeps nothing of the probe \"p\" at its registered cells; record it there, or compare the "
        + "probe with another control"
    ),
    ("records: { words: words }", nil, "", "no error"),
    (
      "records: { words: other words }", nil, "",
      "probes.banks.b: \"small\" keeps nothing that a probe reads; its `record` has \"words\"; name them in `records`, at sites "
        + "and calls of the probes"
    ),
  ])
  func banksThatHoldNothingOfAProbe(bank: String, latents: String?, tests: String, said: String) throws {
    let yaml = PlantedMaps.yaml(
      probes: """
        probes:
          lists: { color: [red, blue, green], thing: [car, boat] }
          banks: [{ name: b, says: a control, from: small, \(bank) }]
          probes:
            - name: p
              says: is it
              label: color
              features: { record: words }
              registered: { sites: "cross:1", calls: [2] }
          \(tests)
        """, latents: latents)
    try Fixtures.withTemporaryFolder { folder in
      let planted = try PlantedMaps(folder, yaml: yaml)
      do {
        _ = try ProbePlan(planted.plan, in: folder, store: planted.store)
        #expect(said == "no error")
      } catch {
        #expect("\(error)" == said)
      }
      try planted.store.close()
    }
  }

  /// What training would stumble over is said before it begins.
  @Test(arguments: [
    ("color: [red, blue, green]", "words", "no error"),
    (
      "color: [yellow]", "words",
      "the probe \"p\": no picture of \"small\" is among those that it is trained on; give that experiment the same prompts and "
        + "some of the seeds"
    ),
    (
      "color: [red]", "words",
      "the probe \"p\": of its pictures that \"small\" has too, labels: a probe tells two classes or more apart, found 1; give "
        + "that experiment more of the prompts and seeds"
    ),
    (
      "color: [red, blue, green]", "[a]",
      "the probe \"p\": \"words\" keeps no red of \"a red car\"; it keeps a; give the record of that experiment this word"
    ),
  ])
  func banksThatCannotBeTrainedOn(colors: String, tokens: String, said: String) throws {
    let bank = PlantedMaps.yaml(probes: "")
      .replacing("lists: { color: [red, blue, green]", with: "lists: { \(colors)")
      .replacing("tokens: words", with: "tokens: \(tokens)")
    let asking = PlantedMaps.yaml(
      probes: """
        probes:
          lists: { color: [red, blue, green], thing: [car, boat] }
          banks: [{ name: b, says: a control, from: small }]
          probes: [{ name: p, says: is it, label: color, features: { record: words } }]
        """
    ).replacing("name: small", with: "name: asking")
    try Fixtures.withTemporaryFolder { folder in
      let planted = try PlantedMaps(folder, yaml: bank)
      let plan = try SyntheticResults.plan(
        ExperimentSpec(yaml: asking, file: "e.yaml"), sites: SyntheticResults.sites, size: .init(height: 16, width: 24))
      do {
        _ = try ProbePlan(plan, in: folder, store: nil)
        #expect(said == "no error")
      } catch {
        #expect("\(error)" == "probes.banks.b: \(said)")
      }
      try planted.store.close()
    }
  }
}
