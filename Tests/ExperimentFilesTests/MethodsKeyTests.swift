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
