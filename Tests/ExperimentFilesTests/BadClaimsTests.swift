import ExperimentFiles
import Testing

/// Bad claims and exactly what is said of them.
@Suite struct BadClaimsTests {
  /// A sound file; a test replaces a line.
  private static let lines = """
    metrics: [psnr, ssim]
    interventions: { none: [], self 4-14: [{ op: zero, sites: "self:4-14" }], other: [] }
    claims:
      held_out_seeds: [2, 3]
      gates:
        - { says: a, metric: ssim, of: source, at_least: 0.9 }
        - { says: b, metric: ssim, of: none, against: other, differs: true }
        - { says: c, instrument: reader, at_least: 0.95 }
      claims:
        - name: C4
          statement: It keeps the layout.
          tests:
            - { says: d, metric: ssim, of: self 4-14, against: none, above: 0.1, placebo: other }

    """

  private func found(_ line: String, _ replacement: String) -> String {
    let generate = "pairs: [{ source: a, target: b }], seeds: [1, 2, 3]"
    let text = minimal(Self.lines.replacingOccurrences(of: line, with: replacement), generate: generate)
    #expect(line.isEmpty || !Self.lines.replacingOccurrences(of: line, with: "").contains(line))
    return problems(text)
  }

  private static let testKeys = "says, metric, of, against, above, below, placebo, held, settings"
  private static let gateKeys = "says, metric, of, at_least, against, differs, instrument"

  @Test func soundClaims() throws {
    #expect(found("", "") == "")
    let spec = try decode(
      minimal(Self.lines, generate: "pairs: [{ source: a, target: b }], seeds: [1, 2, 3]"))
    let claims = try #require(spec.claims)
    #expect(claims.heldOutSeeds == [2, 3] && claims.confidence == 0.95)
    #expect(
      claims.gates.map(\.condition) == [
        .mean(metric: "ssim", of: "source", atLeast: 0.9),
        .difference(metric: "ssim", of: "none", against: "other"), .instrument("reader", atLeast: 0.95),
      ])
    #expect(
      claims.claims == [
        ClaimSpec(
          name: "C4", statement: "It keeps the layout.",
          tests: [
            ClaimTestSpec(
              says: "d", metric: "ssim", of: "self 4-14", against: "none", threshold: .above(0.1), placebo: "other")
          ])
      ])
    #expect(try decode(minimal("claims: null")).claims == nil)
  }

  /// An average stands for several interventions, in gates and tests.
  @Test func averages() throws {
    let generate = "pairs: [{ source: a, target: b }], seeds: [1, 2, 3]"
    func text(_ averages: String, against: String = "any") -> String {
      minimal(
        Self.lines.replacingOccurrences(of: "  gates:", with: "  averages: \(averages)\n  gates:")
          .replacingOccurrences(of: "of: none, against: other", with: "of: none, against: any")
          .replacingOccurrences(of: "against: none, above: 0.1", with: "against: \(against), above: 0.1"),
        generate: generate)
    }
    let spec = try decode(text("[{ name: any, of: [none, other] }]"))
    let claims = try #require(spec.claims)
    #expect(claims.averages == [AverageSpec(name: "any", interventions: ["none", "other"])])
    #expect(claims.claims[0].tests[0].against == "any")
    #expect(try decode(spec.resolvedYAML()) == spec)
    func found(_ averages: String, against: String = "any") -> String { problems(text(averages, against: against)) }
    #expect(
      found("[{ name: any, of: [none, other] }]", against: "many")
        == "e.yaml:18:60: claims.claims.0.tests.0.against: the file has no intervention \"many\"; did you mean \"any\"? there "
        + "are none, self 4-14, other, source, any")
    #expect(
      found("[{ name: any, of: [none, ohter] }]")
        == "e.yaml:9:38: claims.averages.0.of.1: the file has no intervention \"ohter\"; did you mean \"other\"? there are none, "
        + "self 4-14, other")
    #expect(
      found("[{ name: any, of: [none, none] }]")
        == "e.yaml:9:38: claims.averages.0.of.1: the same as claims.averages.0.of.0; each may stand once")
    #expect(
      found("[{ name: any, of: [none] }]")
        == "e.yaml:9:31: claims.averages.0.of: an average is of two interventions or more; name the one where the average is named"
    )
    #expect(
      found("[{ name: other, of: [none, self 4-14] }]")
        == "e.yaml:9:22: claims.averages.0.name: \"other\" is an intervention or a method already; choose another name")
    #expect(
      found("[]")
        == "e.yaml:9:13: claims.averages: the list is empty; give at least one of the averages, or leave the key out")
  }

  /// A test may be of named settings of `generate` alone.
  @Test func settingsOfATest() throws {
    let generate =
      "pairs: [{ source: a, target: b }], seeds: [1, 2, 3], settings: [{ name: weak, guidance_scale: 2 }, { name: strong }]"
    func text(_ settings: String) -> String {
      Self.lines.replacingOccurrences(of: "placebo: other", with: "settings: \(settings)")
    }
    let spec = try decode(minimal(text("weak"), generate: generate))
    #expect(spec.claims?.claims[0].tests[0].settings == "weak")
    #expect(try decode(spec.resolvedYAML()) == spec)
    #expect(
      problems(minimal(text("week"), generate: generate))
        == "e.yaml:17:88: claims.claims.0.tests.0.settings: the file has no setting \"week\"; did you mean \"weak\"? there are "
        + "weak, strong")
    #expect(
      problems(minimal(text("weak"), generate: "pairs: [{ source: a, target: b }], seeds: [1, 2, 3]"))
        == "e.yaml:17:88: claims.claims.0.tests.0.settings: the file has no setting \"weak\"; settings is empty")
  }

  @Test(arguments: [
    (
      "claims:\n  held", "claims: 7\nno:\n  held",
      "e.yaml:7:9: claims: expected a mapping with the keys held_out_seeds, confidence, averages, gates, claims, found the whole number 7\ne.yaml:8:1: unknown key \"no\" at the top level; allowed: \(topKeys)"
    ),
    ("[2, 3]", "[2, 5]", "e.yaml:8:23: claims.held_out_seeds.1: the file makes no seed 5; generate.seeds: 1, 2, 3"),
    (
      "[2, 3]", "[2, 2]",
      "e.yaml:8:23: claims.held_out_seeds.1: the same as claims.held_out_seeds.0; each may stand once"
    ),
    ("[2, 3]", "[]", "e.yaml:8:19: claims.held_out_seeds: the list is empty; give at least one of the seeds"),
    ("[2, 3]", "[2]\n  confidence: 1", "e.yaml:9:15: claims.confidence: 1 is not allowed; a number from 0.5 to 0.9999"),
    (
      "of: source", "of: sorce",
      "e.yaml:10:36: claims.gates.0.of: the file has no intervention \"sorce\"; did you mean \"source\"? there are none, self 4-14, other, source"
    ),
    (
      "ssim, of: source", "sim, of: source",
      "e.yaml:10:26: claims.gates.0.metric: the file has no metric \"sim\"; did you mean \"ssim\"? there are psnr, ssim"
    ),
    (", at_least: 0.9 }", " }", "e.yaml:10:7: the key \"at_least\" is missing in claims.gates.0, a gate on a mean"),
    (
      "differs: true", "differs: false",
      "e.yaml:11:67: claims.gates.1.differs: only true is a gate: no interval can say that there is no difference"
    ),
    (
      "differs: true", "at_least: 0.1",
      "e.yaml:11:7: the key \"differs\" is missing in claims.gates.1, a gate on a difference\ne.yaml:11:68: claims.gates.1.at_least: a gate on a difference has the keys says, metric, of, against, differs"
    ),
    (
      "against: other", "against: none",
      "e.yaml:11:51: claims.gates.1.against: \"none\" is of already; a difference to itself says nothing"
    ),
    (
      "instrument: reader", "instrument: reader, of: none",
      "e.yaml:12:42: claims.gates.2.of: a gate on an instrument has the keys says, instrument, at_least"
    ),
    (
      "at_least: 0.95", "at_least: 1.5",
      "e.yaml:12:48: claims.gates.2.at_least: 1.5 is not allowed; a number from 0 to 1"
    ),
    ("says: c, ", "", "e.yaml:12:7: the key \"says\" is missing in claims.gates.2"),
    (
      "says: c, ", "saying: c, ",
      "e.yaml:12:7: the key \"says\" is missing in claims.gates.2\ne.yaml:12:9: unknown key \"saying\" in claims.gates.2; allowed: \(gateKeys)"
    ),
    // Each test's own metric is asked, not the first one's alone.
    (
      "placebo: other }\n",
      "placebo: other }\n        - { says: e, metric: psnr, of: other, above: 1 }\n      gate: { removed: other, against: none }\n",
      "e.yaml:19:13: claims.claims.0.gate: give the gate a `metric` that is a share: it asks for points of one, and ssim is -1 to 1; 1 for equal pictures\ne.yaml:19:13: claims.claims.0.gate: give the gate a `metric` that is a share: it asks for points of one, and psnr is 0 or more; inf for equal pictures"
    ),
    ("      statement: It keeps the layout.\n", "", "e.yaml:14:7: the key \"statement\" is missing in claims.claims.0"),
    ("name: C4", "name: C/4", "e.yaml:14:13: claims.claims.0.name: \"C/4\" cannot be a name; \(nameRule)"),
    (
      "above: 0.1, ", "",
      "e.yaml:17:11: claims.claims.0.tests.0: the threshold is missing; write above: or below: with a number, above: 0 for any increase"
    ),
    (
      "above: 0.1, ", "above: 0.1, below: 1, ",
      "e.yaml:17:73: claims.claims.0.tests.0.above: a test has one threshold, above or below, and here are both; write two tests"
    ),
    (
      "above: 0.1, ", "above: \"0.1\", ",
      "e.yaml:17:73: claims.claims.0.tests.0.above: expected a number, found the text \"0.1\"; write 0.1 without quotes"
    ),
    (
      "of: self 4-14", "of: self 4-13",
      "e.yaml:17:40: claims.claims.0.tests.0.of: the file has no intervention \"self 4-13\"; did you mean \"self 4-14\"? there are none, self 4-14, other, source"
    ),
    (
      "placebo: other", "placebo: none",
      "e.yaml:17:87: claims.claims.0.tests.0.placebo: \"none\" is against already; a difference to itself says nothing"
    ),
    (
      "placebo: other", "placebos: other",
      "e.yaml:17:78: unknown key \"placebos\" in claims.claims.0.tests.0; did you mean \"placebo\"? allowed: \(testKeys)"
    ),
  ])
  func claims(line: String, replacement: String, message: String) {
    #expect(found(line, replacement) == message)
  }

  private func problemsOfSets(_ metric: String, _ line: String, _ replacement: String) -> String {
    #expect(Self.lines.contains(line))
    let lines = Self.lines.replacing("metrics: [psnr, ssim]", with: "metrics: [psnr, ssim, \(metric)]")
      .replacing(line, with: replacement)
    return problems(minimal(lines, generate: "pairs: [{ source: a, target: b }], seeds: [1, 2, 3]"))
  }

  /// Each key of claims that names a metric: what a set has one value of leaves out no seed and no edit.
  @Test(arguments: [
    ("metric: ssim, of: source", "metric: expected_tries, of: source", "10:26: claims.gates.0.metric"),
    ("metric: ssim, of: none", "metric: expected_tries, of: none", "11:26: claims.gates.1.metric"),
    ("metric: ssim, of: self", "metric: expected_tries, of: self", "17:30: claims.claims.0.tests.0.metric"),
    (
      "      tests:", "      gate: { metric: expected_tries, removed: other, against: none }\n      tests:",
      "16:23: claims.claims.0.gate.metric"
    ),
    (
      "      tests:", "      exclude_unless: { metric: expected_tries, of: source, at_least: 1 }\n      tests:",
      "16:33: claims.claims.0.exclude_unless.metric"
    ),
  ])
  func metricsOfSetsAreRefused(line: String, replacement: String, place: String) {
    #expect(
      problemsOfSets("expected_tries", line, replacement)
        == "e.yaml:\(place): expected_tries has one value for a pair with all seeds, of which no seed or edit can be left out; "
        + "name accepted")
  }

  /// A file may measure them, and is told what there is of each edit.
  @Test(arguments: [
    ("color_gain", "set of all edits of an intervention", "; name color_gain_each"),
    ("color_gain_by_chance", "set of all edits of an intervention", ""),
    ("center_spread", "prompt with all seeds", ""),
  ])
  func whatIsNamedInTheirPlace(metric: String, subject: String, advice: String) {
    #expect(problemsOfSets(metric, "name: C4", "name: C4") == "")
    #expect(
      problemsOfSets(metric, "metric: ssim, of: source", "metric: \(metric), of: source")
        == "e.yaml:10:26: claims.gates.0.metric: \(metric) has one value for a \(subject), of which no seed or edit can be "
        + "left out\(advice)")
  }

  /// A list with nothing in it decides nothing.
  @Test func emptyLists() {
    #expect(
      problems(minimal("claims: { claims: [] }"))
        == "e.yaml:5:19: claims.claims: the list is empty; give at least one of the claims")
    #expect(
      problems(minimal("claims: { claims: [{ name: a, statement: b, tests: [] }] }"))
        == "e.yaml:5:52: claims.claims.0.tests: the list is empty; give at least one of the tests")
    #expect(
      problems(minimal("claims: { gates: [] }")) == "e.yaml:5:9: the key \"claims\" is missing in claims")
  }

  /// Without pairs there are no sources; a file without metrics can claim nothing of them.
  @Test func whatTheFileDoesNotHave() {
    let text = minimal(
      "claims: { claims: [{ name: a, statement: b, tests: [{ says: c, metric: ssim, of: source, above: 0 }] }] }")
    #expect(
      problems(text) == """
        e.yaml:5:72: claims.claims.0.tests.0.metric: the file has no metric "ssim"; metrics is empty
        e.yaml:5:82: claims.claims.0.tests.0.of: the file has no intervention "source"; there are none
        """)
  }

  /// A wrong name elsewhere is not reported again where claims name it.
  @Test func consequencesAreNotReported() {
    let lines = """
      metrics: [lpisp]
      interventions: { none: [], swap: [{ op: zero }] }
      claims: { held_out_seeds: [9], claims: [{ name: a, statement: b, tests: [{ says: c, metric: lpisp, of: swaps, above: 0 }] }] }
      """
    let text = minimal(lines, generate: "pairs: [{ source: a, target: b }], seeds: [-1]")
    let found = problems(text)
    #expect(!found.contains("claims") && found.contains("lpisp") && found.contains("sites"), "\(found)")
  }
}
