import Foundation
import Tensors
import TestSupport
import Testing

@testable import Plotting

private let endless = String(repeating: "Donaudampfschifffahrtsgesellschaft ", count: 40)

/// Every figure, small, from the same values each time.
private enum Sample: String, CaseIterable {
  case wordHeatMap, wordStrip, wordStripPerMap, grid, gridPerMap, selfAttention, selfAttentionOver, sideBySide,
    contactSheet, barChart, lineChart, linePanels, valueGrid, confusionMatrix

  func drawn(caption: String = "a red car", colorMap: ColorMap = .viridis) throws -> Picture {
    let picture = try noise(width: 16, height: 12, seed: 5)
    let maps = try (1...3).map { LabeledMap("\(caption) \($0)", try ramp(4 << $0, 3 << $0, times: Float($0) / 10)) }
    let shared = ColorScale.covering(maps.map(\.map))
    let rows = (1...3).map { LayerRow("\($0) \(caption)", maps.map(\.map)) }
    switch self {
    case .wordHeatMap: return try Figures.wordHeatMap(title: caption, picture: picture, word: maps[0])
    case .wordStrip: return try Figures.wordStrip(title: caption, picture: picture, words: maps, scale: shared)
    case .wordStripPerMap: return try Figures.wordStrip(title: caption, picture: picture, words: maps, scale: .perMap)
    case .grid:
      return try Figures.layerStepGrid(
        title: caption, rows: rows, steps: ["0", caption, "2"], scale: shared, colorMap: colorMap, rowTitle: caption,
        stepTitle: caption)
    case .gridPerMap:
      return try Figures.layerStepGrid(title: caption, rows: rows, steps: ["0", "1", caption], scale: .perMap)
    case .selfAttention:
      return try Figures.selfAttention(
        title: caption, picture: picture, query: QueryPoint(x: 0.5, y: 0.25), maps: maps, scale: shared)
    case .selfAttentionOver:
      return try Figures.selfAttention(
        title: caption, picture: picture, query: QueryPoint(x: 0.5, y: 0.25), maps: maps, scale: .perMap,
        overPicture: true)
    case .sideBySide:
      let row = PictureRow(caption, detail: caption, pictures: [picture, picture])
      return try Figures.sideBySide(title: caption, columns: ["source", caption], rows: [row, row])
    case .contactSheet:
      return try Figures.contactSheet(
        title: caption, items: (0..<7).map { LabeledPicture("\($0) \(caption)", picture) })
    case .barChart:
      return try Figures.barChart(
        title: caption, axis: caption,
        bars: [
          Bar(
            caption, mean: 0.5, interval: 0.25...0.75, points: [0.3, 0.6],
            threshold: Bar.Threshold(0.1, isBelowWhatCounts: false), remark: caption)
        ],
        note: caption)
    case .lineChart, .linePanels:
      let series = LineSeries(
        caption,
        points: [.init(60, interval: 50...120), nil, .init(90, isFilled: false)])
      let control = LineSeries("b \(caption)", role: .control, points: [.init(20), .init(30), .init(10)])
      let panel = LinePanel(
        caption, series: [series, control], references: [ReferenceLine("c \(caption)", at: 12)])
      return try Figures.lineChart(
        title: caption, panels: [LinePanel](repeating: panel, count: self == .lineChart ? 1 : 2),
        positions: ChartPositions(caption, ["1", caption, "3"], groups: [.init(caption, 0...1)]), vertical: caption,
        range: 0...100, note: caption)
    case .valueGrid:
      let cells = [
        [GridCell(3), GridCell(nil)], [GridCell(50, isMarked: true), GridCell(97, lines: [caption, "12"])],
      ]
      let panel = GridPanel(caption, columns: ["1", caption], cells: cells)
      return try Figures.valueGrid(
        title: caption, rows: ["1", caption], panels: [panel, panel], range: 0...100, rowTitle: caption,
        columnTitle: caption, unit: caption, note: caption)
    case .confusionMatrix:
      return try Figures.confusionMatrix(
        title: caption, classes: ["dog", caption, "cat"], counts: [[3, 1, 0], [0, 2, 2], [0, 0, 0]], note: caption)
    }
  }
}

@Suite struct FigureTests {
  @Test("the same values give the same bytes", arguments: Sample.allCases) fileprivate func same(sample: Sample) throws
  {
    #expect(try PNG.encode(sample.drawn()) == PNG.encode(sample.drawn()))
  }

  @Test("captions of any length and script stay inside", arguments: Sample.allCases, ["", endless, "赤い車\u{0}\n🚗é"])
  fileprivate func captions(sample: Sample, caption: String) throws {
    let picture = try sample.drawn(caption: caption)
    #expect(picture.hasWhiteBorder(Layout.margin - 2), "\(sample)")
    #expect((400...1700).contains(picture.width), "\(picture.width)")
  }

  @Test("long captions do not run into their neighbors", .enabled(if: hasText, noText))
  func captionsOfCells() throws {
    let picture = try plain(RGB(0x2040C0), width: 16, height: 16)
    let sheet = try Figures.contactSheet(
      title: "", items: (0..<6).map { _ in LabeledPicture(endless, picture) }, columns: 6)
    let cell = Layout.cellWidth(columns: 6, allowed: 128...320)
    for gap in 0..<5 {
      let left = Layout.margin + (gap + 1) * cell + gap * Layout.gap
      for x in left + 1..<left + Layout.gap - 1 {
        #expect((0..<sheet.height).allSatisfy { sheet.at(x, $0) == .white }, "column \(x)")
      }
    }
  }

  @Test func theGridShowsEachCell() throws {
    let low = try HeatMap(width: 1, height: 1, values: [0])
    let high = try HeatMap(width: 1, height: 1, values: [1])
    let half = try HeatMap(width: 2, height: 2, values: [0, 1, 1, 0])
    let picture = try Figures.layerStepGrid(
      title: "", rows: [LayerRow("", [low, high]), LayerRow("", [half, low])], steps: ["", ""],
      scale: .shared(min: 0, max: 1))
    // Without labels: cells of 128, 3 apart, right of 12 pixels and under two lines of 19 pixels and 6.
    let x = Layout.margin + 12
    let y = Layout.margin + 44
    let first = RGB(0x440154)
    let last = RGB(0xFDE725)
    #expect(picture.at(x, y) == first && picture.at(x + 127, y + 127) == first)
    #expect(picture.at(x - 1, y) == .white && picture.at(x + 128, y) == .white && picture.at(x, y + 128) == .white)
    #expect(picture.at(x + 131, y) == last && picture.at(x + 258, y + 127) == last)
    #expect(picture.at(x, y + 131) == first && picture.at(x + 64, y + 131) == last)
    #expect(picture.at(x + 63, y + 195) == last && picture.at(x + 64, y + 195) == first)
  }

  @Test("the color bar runs from the lowest to the highest color", arguments: ColorMap.allCases)
  func colorBar(map: ColorMap) throws {
    let picture = try Sample.grid.drawn(colorMap: map)
    let y = picture.height - Layout.margin - Legend(scale: .perMap, colorMap: map, maps: []).height + 9
    let bar = (0..<picture.width).map { picture.at($0, y) }
    let right = picture.width - Layout.margin - 1
    #expect(bar[right] == map.colors[255])
    let left = try #require(bar.lastIndex(of: map.colors[0]))
    #expect(right - left > 200)
    let places = bar[left...right].map { map.colors.firstIndex(of: $0) ?? -1 }
    #expect(places == places.sorted() && Set(places).count > 200)
  }

  @Test func legendsSayTheScale() throws {
    let a = try ramp(2, 2, times: 0.42)
    func statement(_ scale: ColorScale, _ maps: [HeatMap]) -> String {
      Legend(scale: scale, colorMap: .viridis, maps: maps).statement
    }
    #expect(statement(.shared(min: 0, max: 0.42), [a, a]) == "One scale for all maps: 0 … 0.42")
    #expect(statement(.shared(min: -1, max: 1e-7), [a]) == "Scale: −1 … 1e−7")
    #expect(statement(.perMap, [a]) == "Scale: the map's own range, 0 … 0.42")
    #expect(statement(.perMap, [a, a]) == "Each map on its own scale; under it, its lowest and highest value")
  }

  @Test func brokenValuesAreSeen() throws {
    let map = try HeatMap(width: 2, height: 1, values: [.nan, 1])
    let picture = try Figures.layerStepGrid(
      title: "", rows: [LayerRow("", [map])], steps: [""], scale: .perMap)
    #expect(picture.contains(ColorMap.notANumber))
    let all = try HeatMap(width: 1, height: 1, values: [.nan])
    #expect(throws: Never.self) {
      try Figures.wordStrip(
        title: "", picture: noise(width: 2, height: 2, seed: 1), words: [LabeledMap("w", all)], scale: .perMap)
    }
  }

  @Test func theQueryIsMarkedOnPictureAndMaps() throws {
    let gray = try plain(RGB(0x808080), width: 8, height: 8)
    let map = try HeatMap(width: 2, height: 2, values: [0, 0, 0, 0])
    let picture = try Figures.selfAttention(
      title: "", picture: gray, query: QueryPoint(x: 0.25, y: 0.75), maps: [LabeledMap("", map)],
      scale: .shared(min: 0, max: 1))
    let centers = [Layout.margin, Layout.margin + 400 + Layout.gap].map { $0 + 100 }
    // One caption line and 6 pixels lie above; the ring's radius is 400 / 28.
    let top =
      Layout.margin
      + Lettering.lineHeight(Layout.captionSize) + 6
    for x in centers {
      #expect(picture.at(x + 14, top + 300) == .white, "the ring")
      #expect(picture.at(x, top + 300) != .white, "its middle stays free")
    }
  }

  @Test func queryCells() {
    let corner = QueryPoint(x: 1, y: 0).cell(width: 4, height: 3)
    #expect(corner.x == 3 && corner.y == 0)
    let middle = QueryPoint(x: 0.5, y: 0.5).cell(width: 4, height: 3)
    #expect(middle.x == 2 && middle.y == 1)
  }

  @Test func barsReachTheirValues() throws {
    let picture = try Figures.barChart(
      title: "", axis: "", bars: [Bar("", mean: 0.5), Bar("", mean: -0.25)])
    // Ticks from -0.4 to 0.6 by 0.2 over 640 pixels, right of 14 pixels without labels.
    func x(_ value: Double) -> Int { Layout.margin + 14 + Int(((value + 0.4) * 640).rounded()) }
    let bar = RGB(0x5B8DB8)
    let rows = [Layout.margin + 23, Layout.margin + 69]
    #expect(picture.at(x(0) + 1, rows[0]) == bar && picture.at(x(0.5) - 1, rows[0]) == bar)
    #expect(picture.at(x(0.5) + 1, rows[0]) != bar && picture.at(x(0) - 1, rows[0]) != bar)
    #expect(picture.at(x(-0.25), rows[1]) == bar && picture.at(x(0) - 1, rows[1]) == bar)
    #expect(picture.at(x(-0.25) - 1, rows[1]) != bar && picture.at(x(0) + 1, rows[1]) != bar)
    #expect(picture.at(x(0), rows[0]) == .ink, "the zero line")
  }

  @Test func thresholdsStandAtTheirValueWithFeetOnTheSideThatCounts() throws {
    let picture = try Figures.barChart(
      title: "", axis: "",
      bars: [
        Bar("", mean: 0.2, threshold: Bar.Threshold(0.5, isBelowWhatCounts: true)),
        Bar("", mean: 0.2, threshold: Bar.Threshold(1, isBelowWhatCounts: false), remark: "shown"),
      ])
    // The axis goes to the second threshold: 0 to 1 over 640 pixels, right of 14 pixels without labels.
    let color = RGB(0xC2410C)
    func isMarked(_ value: Double, _ dx: Int, _ y: Int) -> Bool {
      picture.at(Layout.margin + 14 + Int((value * 640).rounded()) + dx, Layout.margin + y) == color
    }
    let (rows, top) = ([23, 69], 19)
    #expect(isMarked(0.5, 0, rows[0]) && !isMarked(0.5, 4, rows[0]) && !isMarked(0.5, -4, rows[0]))
    #expect(isMarked(1, -1, rows[1]) && !isMarked(0.5, 0, rows[1]))
    #expect(isMarked(0.5, 4, rows[0] - top) && !isMarked(0.5, -4, rows[0] - top))
    #expect(isMarked(1, -4, rows[1] + top - 1) && !isMarked(1, 4, rows[1] + top - 1))
  }

  @Test func ticksAreRoundAndEnclose() {
    func ticks(_ values: [Double]) -> [String] { AxisTicks(covering: values).values.map { brief($0) } }
    #expect(ticks([0.31, 0.82, -0.2]) == ["−0.2", "0", "0.2", "0.4", "0.6", "0.8", "1"])
    #expect(ticks([25, 31]) == ["0", "10", "20", "30", "40"])
    #expect(ticks([0]) == ["0", "0.2", "0.4", "0.6", "0.8", "1"])
    // Around the values alone, as marks need it.
    func near(_ values: [Double]) -> [String] { AxisTicks(covering: values, fromZero: false).numbers }
    #expect(near([0.52, 0.81]) == ["0.5", "0.55", "0.6", "0.65", "0.7", "0.75", "0.8", "0.85"])
    #expect(near([0.9951, 0.9989]) == ["0.995", "0.996", "0.997", "0.998", "0.999"])
    #expect(near([1003.5, 1005]) == ["1003.5", "1004", "1004.5", "1005"])
    #expect(near([-31, -25]) == ["−31", "−30", "−29", "−28", "−27", "−26", "−25"])
    #expect(near([0.7]) == ["0", "0.2", "0.4", "0.6", "0.8"] && near([1e300, 1e300]).first == "0")
    // Spans that have no step.
    for tiny in [5e-324, -5e-324, 1e-323, 1e-301] {
      #expect(ticks([tiny]) == ticks([0]) && near([tiny]) == near([0]), "\(tiny)")
    }
    #expect(throws: Never.self) { try Figures.barChart(title: "", axis: "", bars: [Bar("", mean: 5e-324)]) }
    #expect(ticks([-3e-5]) == ["−3e−5", "−2.5e−5", "−2e−5", "−1.5e−5", "−1e−5", "−5e−6", "0"])
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<500 {
      let scale = pow(10, Double.random(in: -200...200, using: &generator))
      let values = (0..<3).map { _ in Double.random(in: -1...1, using: &generator) * scale }
      let axis = AxisTicks(covering: values)
      let slack = axis.step * 1e-6
      #expect(
        values.allSatisfy { $0 >= axis.range.lowerBound - slack && $0 <= axis.range.upperBound + slack }, "seed 9")
      #expect((3...9).contains(axis.values.count), "seed 9: \(axis)")
      let near = AxisTicks(covering: values, fromZero: false)
      #expect(Set(near.numbers).count == near.values.count && near.values.count <= 9, "seed 9: \(near)")
    }
  }

  @Test func numbers() {
    #expect(
      [0, -0.0, 1, 0.4249, 1_234_567, 9.995e-4, 1.5e-5, -5e-5, -2, .nan, .infinity, -.infinity].map { brief($0) }
        == ["0", "0", "1", "0.425", "1.23e6", "9.99e−4", "1.5e−5", "−5e−5", "−2", "NaN", "∞", "−∞"])
    #expect(brief(0.0456, digits: 2) == "0.046")
  }
}
