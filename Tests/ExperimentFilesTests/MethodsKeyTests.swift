import ExperimentFiles
import Testing

/// The `methods` of a file, the claims that are told by them, and `layers`.
@Suite struct MethodsKeyTests {
  /// A sound file; a test replaces a part.
  private static let lines = """
    metrics: [psnr, ssim, layout_kept]
    interventions:
      none: []
      fpe: { method: fpe, sweep: { until: [0, 0.4, 0.8] } }
      fpe code: { method: fpe-code, sweep: { until: [0, 0.8] } }
    methods:
      hold: layout_kept
      metrics: [ssim]
      curves: [{ name: fpe, published: fpe until=0.8 }, { name: none, published: none }]
    layers: { find: ssim, metrics: [ssim, layout_kept] }
    claims:
      claims:
        - name: C6
          statement: It is better.
          tests: [{ says: d, metric: ssim, of: fpe, against: none, above: 0, held: true }]

    """

  private static let generate = "pairs: [{ source: a, target: b }], seeds: [1, 2]"

  private func found(_ part: String, _ replacement: String) -> String {
    #expect(Self.lines.contains(part))
    return problems(
      minimal(Self.lines.replacingOccurrences(of: part, with: replacement), generate: Self.generate))
  }

  @Test func soundMethods() throws {
    let spec = try decode(minimal(Self.lines, generate: Self.generate))
    let methods = try #require(spec.methods)
    #expect(methods.hold == "layout_kept" && methods.at == 0.7 && methods.metrics == ["ssim"] && methods.sources == nil)
    let names = spec.interventions.map(\.name)
    // Another sweep whose name begins alike is another method.
    #expect(
      methods.curves.map { $0.points(among: names) } == [["fpe until=0", "fpe until=0.4", "fpe until=0.8"], ["none"]])
    #expect(spec.claims?.claims[0].tests[0].isHeld == true)
    #expect(spec.layers == LayersSpec(find: "ssim", metrics: ["ssim", "layout_kept"]))
    // What is kept with the results says the same, without the sweep.
    #expect(try decode(spec.resolvedYAML()) == spec && !spec.resolvedYAML().contains("unit"))
    let heads = Self.lines.replacingOccurrences(of: "find: ssim, ", with: "find: ssim, unit: heads, ")
    let ofHeads = try decode(minimal(heads, generate: Self.generate))
    #expect(ofHeads.layers == LayersSpec(find: "ssim", metrics: ["ssim", "layout_kept"], unit: .heads))
    #expect(try decode(ofHeads.resolvedYAML()) == ofHeads)
  }

  /// A file without them is written as before there were any.
  @Test func withoutThemNothingIsWritten() throws {
    let spec = try decode(minimal("metrics: [ssim]"))
    #expect(!spec.resolvedYAML().contains("methods") && !spec.resolvedYAML().contains("layers"))
  }

  /// A point of two keys is a curve of its own, and other sweeps may have as many keys as they like.
  @Test func aPointOfTwoKeys() {
    let sweep = "fpe: { method: fpe, sweep: { until: [0, 0.8], layers: [4-14, 3-13] } }"
    let point = "\"fpe until=0.8, layers=4-14\""
    let lines = Self.lines.replacing("fpe: { method: fpe, sweep: { until: [0, 0.4, 0.8] } }", with: sweep)
    let named = lines.replacing("name: fpe, published: fpe until=0.8", with: "name: \(point), published: \(point)")
      .replacing("of: fpe,", with: "of: \(point),")
    #expect(named != lines && problems(minimal(named, generate: Self.generate)) == "")
    let code = "name: fpe code, published: fpe code until=0"
    let other = lines.replacing("name: fpe, published: fpe until=0.8", with: code)
      .replacing("of: fpe,", with: "of: fpe code,")
    #expect(other != lines && problems(minimal(other, generate: Self.generate)) == "")
  }

  /// Each key that names a metric: what a set has one value of leaves out no edit.
  @Test(arguments: [
    ("hold: layout_kept", "hold: expected_tries", "11:9: methods.hold"),
    ("  metrics: [ssim]", "  metrics: [expected_tries]", "12:13: methods.metrics.0"),
    (
      "  metrics: [ssim]", "  exclude_unless: { metric: expected_tries, of: source, at_least: 1 }\n  metrics: [ssim]",
      "12:29: methods.exclude_unless.metric"
    ),
    ("find: ssim", "find: expected_tries", "14:17: layers.find"),
    ("metrics: [ssim, layout_kept] }", "metrics: [ssim, expected_tries] }", "14:39: layers.metrics.1"),
  ])
  func metricsOfSetsAreRefused(part: String, replacement: String, place: String) {
    #expect(Self.lines.contains(part))
    let lines = Self.lines.replacing("[psnr, ssim, layout_kept]", with: "[psnr, ssim, layout_kept, expected_tries]")
      .replacing(part, with: replacement)
    #expect(
      problems(minimal(lines, generate: Self.generate))
        == "e.yaml:\(place): expected_tries has one value for a pair with all seeds, of which no seed or edit can be left out; "
        + "name accepted")
  }

  @Test(arguments: [
    (
      "hold: layout_kept", "hold: layout_keep",
      "e.yaml:11:9: methods.hold: the file has no metric \"layout_keep\"; did you mean \"layout_kept\"? there are psnr, ssim, layout_kept"
    ),
    (
      "name: fpe, published", "name: fpo, published",
      "e.yaml:13:20: methods.curves.0.name: the file has no intervention \"fpo\", nor a sweep of that name\ne.yaml:19:44: claims.claims.0.tests.0.of: the file has no intervention \"fpe\"; did you mean \"fpo\"? there are none, fpe until=0, fpe until=0.4, fpe until=0.8, fpe code until=0, fpe code until=0.8, source, fpo"
    ),
    (
      "fpe until=0.8 }", "fpe code until=0.8 }",
      "e.yaml:13:36: methods.curves.0.published: \"fpe code until=0.8\" is no point of \"fpe\"; there are fpe until=0, fpe until=0.4, fpe until=0.8"
    ),
    (
      "fpe: { method: fpe, sweep: { until: [0, 0.4, 0.8] } }",
      "fpe: { method: fpe, sweep: { until: [0, 0.8], layers: [4-14, 3-13] } }",
      "e.yaml:13:20: methods.curves.0.name: \"fpe until=0, layers=4-14\" is swept over more than one key, and a curve is of one dial; sweep one key, or name a single point"
    ),
    (
      ", held: true", "",
      "e.yaml:19:44: claims.claims.0.tests.0.of: \"fpe\" is a curve of methods; name one of its points, or write held: true"
    ),
    (
      "of: fpe, against: none", "of: fpe, against: fpe until=0",
      "e.yaml:19:58: claims.claims.0.tests.0.against: \"fpe until=0\" is no curve of methods; there are fpe, none"
    ),
    (
      ", held: true", ", held: true, placebo: source",
      "e.yaml:19:95: claims.claims.0.tests.0.placebo: a test of curves has no placebo; leave it out"
    ),
    (
      "[{ name: fpe, published: fpe until=0.8 }, { name: none, published: none }]", "[]",
      "e.yaml:13:11: methods.curves: the list is empty; give at least one method\ne.yaml:19:44: claims.claims.0.tests.0.of: the file has no intervention \"fpe\"; did you mean \"fpe until=0\"? there are none, fpe until=0, fpe until=0.4, fpe until=0.8, fpe code until=0, fpe code until=0.8, source\ne.yaml:19:58: claims.claims.0.tests.0.against: \"none\" is no curve of methods; the file has no methods"
    ),
    (
      "find: ssim", "find: sim",
      "e.yaml:14:17: layers.find: the file has no metric \"sim\"; did you mean \"ssim\"? there are psnr, ssim, layout_kept"
    ),
    (
      "metrics: [ssim, layout_kept] }", "metrics: [layout_kept] }",
      "e.yaml:14:32: layers.metrics: ssim is to be found by, and is not among them"
    ),
    (
      "layers: { find: ssim, ", "layers: { find: ssim, unit: steps, ",
      "e.yaml:14:29: layers.unit: unknown value \"steps\"; allowed: layers, heads"
    ),
  ])
  func bad(part: String, replacement: String, message: String) {
    #expect(found(part, replacement) == message)
  }
}
