import Attention
import ExperimentSupport
import Foundation
import Plotting
import Tensors
import TestSupport
import Testing

/// What is drawn, compared pixel by pixel with figures of values that were computed here.
@Suite struct MapFigureTests {
  private static let row = "1 down_blocks.0.attentions.0 · 3x2"

  private func drawn(_ name: String, _ results: SyntheticResults) throws -> Picture {
    try PNG.read(results.results.figures.appending(path: name))
  }

  /// The map of some keys: `values` is `[2, 3, keyCount]`.
  private func map(_ keys: [Int], of values: [Float]) throws -> HeatMap {
    let count = values.count / 6
    return try HeatMap(
      width: 3, height: 2,
      values: (0..<6).map { cell in keys.reduce(Float(0)) { $0 + values[cell * count + $1] } })
  }

  @Test func stripsAreSumsOverStepsAndMeansOverHeadsAndTokens() throws {
    try Fixtures.withTemporaryFolder { root in
      // "giraffe" is two tokens: <start> a gir affe <end> <padding>. The record is of means over heads.
      let results = try SyntheticResults(
        root, spec: SyntheticResults.spec(pairs: "[{ source: a giraffe, target: a dog }]"))
      _ = try results.report()
      let steps = (0..<3).map { SyntheticResults.values(step: $0, head: 0, count: 36) }
      let sum = (0..<36).map { index in Float(steps.reduce(0.0) { $0 + Double($1[index]) }) }
      let giraffe = try map([2, 3], of: sum)
      let expected = try Figures.wordStrip(
        title:
          "a giraffe · source · seed 1 · attention to each word: mean over layer 1 and heads, sum over steps 0-2, as recorded",
        picture: SyntheticResults.picture(shade: 0),
        words: [
          LabeledMap("a", map([1], of: sum)),
          LabeledMap("giraffe", try HeatMap(width: 3, height: 2, values: giraffe.values.map { $0 / 2 })),
        ],
        scale: .perMap)
      #expect(try drawn("word_heatmaps-1-source.png", results) == expected)
    }
  }

  @Test func gridsShowTheWordThatDiffers() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root)
      _ = try results.report()
      let maps = try (0..<3).map { try map([2], of: SyntheticResults.values(step: $0, head: 0, count: 36)) }
      let expected = try Figures.layerStepGrid(
        title: "\"red\" in \"a red car\" · seed 1 · layers by steps", rows: [LayerRow(Self.row, maps)],
        steps: ["0", "1", "2"], scale: .perMap)
      #expect(try drawn("layer_step_grid-1.png", results) == expected)
    }
  }

  @Test func pointsLookFromThePeakOfTheWord() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root)
      _ = try results.report()
      let steps = (0..<3).map { SyntheticResults.values(step: $0, head: 0, count: 36) }
      let red = (0..<6).map { cell in steps.reduce(Float(0)) { $0 + $1[cell * 6 + 2] } }
      let peak = try #require(red.indices.max { red[$0] < red[$1] })
      #expect(red.count { $0 == red[peak] } == 1, "the fixture must have one peak")
      let heads = (0..<2).map { SyntheticResults.values(step: 2, head: $0, count: 36) }
      let looks = (0..<6).map { key in (heads[0][peak * 6 + key] + heads[1][peak * 6 + key]) / 2 }
      let expected = try Figures.selfAttention(
        title: "a red car · source · seed 1 · where the point of \"red\" looks · step 2",
        picture: SyntheticResults.picture(shade: 0),
        query: QueryPoint(x: (Double(peak % 3) + 0.5) / 3, y: (Double(peak / 3) + 0.5) / 2),
        maps: [LabeledMap("layer 1 · 3x2", HeatMap(width: 3, height: 2, values: looks))], scale: .perMap)
      #expect(try drawn("self_attention-1-step2.png", results) == expected)
    }
  }

  @Test func headsThatCameOneByOneAreDrawnTogether() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(
        root, spec: SyntheticResults.spec(record: "[{ name: heads, sites: \"cross:*\", heads: all, steps: [1] }]"))
      let report = try results.report()
      let heads = (0..<2).map { SyntheticResults.values(step: 1, head: $0, count: 36) }
      let mean = zip(heads[0], heads[1]).map { ($0 + $1) / 2 }
      let expected = try Figures.layerStepGrid(
        title: "\"red\" in \"a red car\" · seed 1 · layers by steps", rows: [LayerRow(Self.row, [map([2], of: mean)])],
        steps: ["1"], scale: .perMap)
      #expect(try drawn("layer_step_grid-1.png", results) == expected)
      #expect(report.contains("Nothing to draw: no finished run has recorded self-attention maps"))
    }
  }

  @Test func withoutAnUntouchedTargetTheSourceIsDrawnAlone() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(
        root, spec: SyntheticResults.spec(interventions: "{ swap: [{ op: replace, sites: \"self:*\" }] }"))
      let report = try results.report()
      let figures = try results.committed().keys.filter { $0.hasPrefix("word_heatmaps") }
      #expect(figures == ["word_heatmaps-1.png"])
      #expect(report.contains("**red, in: a red car, seed 1**"))
    }
  }

  @Test func rowsOfThePageHoldSourceAndEdits() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root)
      _ = try results.report()
      let expected = try Figures.sideBySide(
        title: "small: source and edits", columns: ["source", "none", "swap"],
        rows: [
          PictureRow(
            "a red car → a blue car", detail: "seed 1",
            pictures: try [0, 20, 40].map { try SyntheticResults.picture(shade: $0) })
        ])
      #expect(try drawn("side_by_side.png", results) == expected)
    }
  }
}
