import ExperimentFiles
import Testing

/// `knows_against_does` of a file.
@Suite struct KnowsAgainstDoesKeyTests {
  /// A sound file; a test replaces a part.
  private static let lines = """
    metrics: [ssim, picture_right, expected_tries]
    interventions:
      none: []
      swap: { sweep: { layers: { single: 1-3 } }, operations: [{ op: replace, sites: "self:*" }] }
    knows_against_does:
      - { from: bank, probe: color, sweep: swap, metric: ssim }
      - { from: bank, probe: color, over: mass, sweep: swap, metric: ssim, exclude_unless: { metric: picture_right, of: source, at_least: 1 } }

    """
  private static let generate = "pairs: [{ source: a, target: b }], seeds: [1, 2]"

  @Test func soundQuestions() throws {
    let spec = try decode(minimal(Self.lines, generate: Self.generate))
    let first = KnowsAgainstDoesSpec(from: "bank", probe: "color", sweep: "swap", metric: "ssim")
    let second = KnowsAgainstDoesSpec(
      from: "bank", probe: "color", over: "mass", sweep: "swap", metric: "ssim",
      sources: SourceRule(metric: "picture_right", atLeast: 1))
    #expect(spec.knowsAgainstDoes == [first, second])
    #expect(
      first.interventions(among: spec.interventions.map(\.name)) == ["swap layers=1", "swap layers=2", "swap layers=3"])
    #expect(try decode(spec.resolvedYAML()) == spec)
  }

  /// A file without it is written as before there was any.
  @Test func withoutItNothingIsWritten() throws {
    #expect(try !decode(minimal("metrics: [ssim]")).resolvedYAML().contains("knows_against_does"))
  }

  @Test(arguments: [
    (
      "sweep: swap, metric: ssim }\n", "sweep: swop, metric: ssim }\n",
      "knows_against_does.0.sweep: the file has no intervention \"swop\", nor a sweep of that name"
    ),
    (
      "probe: color, sweep: swap, metric: ssim }\n", "sweep: swap, metric: ssim }\n",
      "the key \"probe\" is missing in knows_against_does.0"
    ),
    ("sweep: swap, metric: ssim }\n", "sweep: swap, metric: psnr }\n", "knows_against_does.0.metric"),
    (
      "sweep: swap, metric: ssim }\n", "sweep: swap, metric: expected_tries }\n",
      "knows_against_does.0.metric: expected_tries has one value for a pair with all seeds"
    ),
    ("from: bank, probe: color, sweep", "from: ../bank, probe: color, sweep", "knows_against_does.0.from"),
    (
      "  none: []\n", "",
      "knows_against_does: what is done is told against an intervention that does nothing, and there is none; add `none: []`"
    ),
  ])
  func whatIsWrongIsSaid(part: String, replacement: String, said: String) {
    #expect(Self.lines.contains(part))
    let found = problems(minimal(Self.lines.replacing(part, with: replacement), generate: Self.generate))
    #expect(found.contains(said), "\(found)")
  }

  @Test func anEmptyListIsRefused() {
    #expect(
      problems(minimal("knows_against_does: []")).contains("the list is empty; give at least one probe and sweep"))
  }
}
