import Foundation
import Tensors
import Testing

@testable import Plotting

@Suite struct FigureErrorTests {
  @Test func emptyAndUneven() throws {
    let picture = try noise(width: 4, height: 4, seed: 1)
    let map = try ramp(2, 2)
    let wrong = ColorScale.shared(min: 2, max: 1)
    let scale = "the scale runs from 2.0 to 1.0, expected finite ends in rising order"
    let cases: [(String, () throws -> Picture)] = [
      (
        "figure \"heat map of a word\": \(scale)",
        { try Figures.wordHeatMap(title: "", picture: picture, word: LabeledMap("", map), scale: wrong) }
      ),
      (
        "figure \"strip of words\": expected the map of at least one word, found none; \(scale)",
        { try Figures.wordStrip(title: "", picture: picture, words: [], scale: wrong) }
      ),
      (
        "figure \"layers x steps\": expected at least one row, found none; expected at least one step, found none",
        { try Figures.layerStepGrid(title: "", rows: [], steps: [], scale: .perMap) }
      ),
      (
        "figure \"layers x steps\": row \"a\" has 1 maps for 2 steps; row \"c\" has 0 maps for 2 steps",
        {
          try Figures.layerStepGrid(
            title: "", rows: [LayerRow("a", [map]), LayerRow("b", [map, map]), LayerRow("c", [])], steps: ["0", "1"],
            scale: .perMap)
        }
      ),
      (
        """
        figure "self-attention of a point": expected at least one map, found none; \
        the point (1.5, nan) lies outside the picture, expected fractions in 0...1
        """,
        {
          try Figures.selfAttention(
            title: "", picture: picture, query: QueryPoint(x: 1.5, y: .nan), maps: [], scale: .perMap)
        }
      ),
      (
        "figure \"side by side\": expected at least one column, found none; row \"r\" has 1 pictures for 0 columns",
        { try Figures.sideBySide(title: "", columns: [], rows: [PictureRow("r", pictures: [picture])]) }
      ),
      (
        "figure \"side by side\": expected at least one row, found none",
        { try Figures.sideBySide(title: "", columns: ["a"], rows: []) }
      ),
      (
        "figure \"side by side\": expected pictures of 48 pixels or more, found 40",
        {
          try Figures.sideBySide(title: "", columns: ["a"], rows: [PictureRow("r", pictures: [picture])], widest: 40)
        }
      ),
      (
        """
        figure "contact sheet": expected at least one picture, found none; \
        expected a positive number of columns, found 0
        """,
        { try Figures.contactSheet(title: "", items: [], columns: 0) }
      ),
      (
        "figure \"bar chart\": expected at least one bar, found none",
        { try Figures.barChart(title: "", axis: "", bars: []) }
      ),
      (
        """
        figure "bar chart": bar "a" has the value nan, expected finite values up to 1e300; \
        bar "b" has the value inf, expected finite values up to 1e300
        """,
        {
          try Figures.barChart(
            title: "", axis: "",
            bars: [Bar("a", mean: .nan), Bar("b", mean: 1, points: [.infinity]), Bar("c", mean: 1)])
        }
      ),
      (
        "figure \"bar chart\": bar \"a\" has the value nan, expected finite values up to 1e300",
        {
          try Figures.barChart(
            title: "", axis: "", bars: [Bar("a", mean: 1, threshold: Bar.Threshold(.nan, isBelowWhatCounts: true))])
        }
      ),
    ]
    for (expected, body) in cases { #expect(message { _ = try body() } == expected) }
  }

  @Test func scalesThatAreNotFinite() throws {
    let map = LabeledMap("", try ramp(2, 2))
    let picture = try noise(width: 4, height: 4, seed: 1)
    for (low, high) in [(Float.nan, Float(1)), (0, .infinity), (-.infinity, 0), (1, 0.5)] {
      #expect(throws: PlottingError.self) {
        try Figures.wordHeatMap(title: "", picture: picture, word: map, scale: .shared(min: low, max: high))
      }
    }
    #expect(throws: Never.self) {
      try Figures.wordHeatMap(title: "", picture: picture, word: map, scale: .shared(min: 0, max: 0))
    }
  }

  @Test func aFigureTooLargeIsRefused() throws {
    let map = try ramp(1, 1)
    let rows = (0..<2000).map { LayerRow("\($0)", [HeatMap](repeating: map, count: 2000)) }
    #expect(throws: PlottingError.self) {
      try Figures.layerStepGrid(title: "", rows: rows, steps: (0..<2000).map { "\($0)" }, scale: .perMap)
    }
  }

  #if !DEBUG
    @Test("a strip of ten words and a grid of 16 x 30 take less than 200 ms each") func speed() throws {
      let picture = try noise(width: 128, height: 128, seed: 1)
      let words = try (0..<10).map { LabeledMap("word \($0)", try ramp(16, 16)) }
      let rows = try (0..<16).map { LayerRow("\($0)", [HeatMap](repeating: try ramp(16, 16), count: 30)) }
      let clock = ContinuousClock()
      // The quickest of five: the machine may be busy with other tests.
      let strip = try (0..<5).map { _ in
        try clock.measure {
          _ = try PNG.encode(Figures.wordStrip(title: "t", picture: picture, words: words, scale: .perMap))
        }
      }.min()
      let grid = try (0..<5).map { _ in
        try clock.measure {
          _ = try PNG.encode(
            Figures.layerStepGrid(
              title: "t", rows: rows, steps: (0..<30).map { "\($0)" }, scale: .shared(min: 0, max: 1)))
        }
      }.min()
      #expect(try #require(strip) < .milliseconds(200))
      #expect(try #require(grid) < .milliseconds(200))
    }
  #endif
}
