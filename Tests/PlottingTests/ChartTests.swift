import Tensors
import Testing

@testable import Plotting

/// Charts in which text has no width, since labels are empty: places follow from the numbers alone.
@Suite struct ChartTests {
  private let vermilion = RGB(0xD55E00)
  private let blue = RGB(0x0072B2)

  /// Two positions, from 0 to 100.
  private func chart(_ panels: [LinePanel]) throws -> Picture {
    try Figures.lineChart(
      title: "", panels: panels, positions: ChartPositions("", ["", ""]), vertical: "", range: 0...100)
  }

  /// Above a plot stand the legend's line of 25 pixels, 4 and 12, and the vertical axis's title with 14 below it.
  private let top = Layout.margin + 41 + 39
  private func height(_ value: Double) -> Int { top + Int((380 * (100 - value) / 100).rounded()) }
  /// The axis's numbers are as wide as they are drawn; a plot of two positions is 560 wide.
  private func left(_ picture: Picture) -> Int { picture.width - Layout.margin - 560 }

  @Test func marksStandAtTheirValuesWithinTheirIntervals() throws {
    let picture = try chart([LinePanel(series: [LineSeries("", points: [.init(60, interval: 40...70), .init(20)])])])
    let (first, last) = (left(picture) + 22, left(picture) + 560 - 22)
    #expect(picture.at(first, height(60)) == vermilion && picture.at(last, height(20)) == vermilion)
    #expect(picture.at(first, height(66)) == vermilion, "the interval")
    #expect(
      picture.at(first + 3, height(70)) == vermilion && picture.at(first + 3, height(40)) == vermilion, "its feet")
    #expect(picture.at(first, height(73)) == .white && picture.at(first, height(37)) == .white)
    #expect(picture.at(last, height(26)) == .white, "no interval")
    let middle = picture.at((first + last) / 2, height(40))
    #expect(middle == LineStyles.lineColor(vermilion), "the line between them")
  }

  @Test func intervalsAreCutOffAtTheAxis() throws {
    let picture = try chart([LinePanel(series: [LineSeries("", points: [.init(95, interval: 80...110), nil])])])
    let x = left(picture) + 22
    #expect(picture.at(x, height(100) + 1) == vermilion)
    #expect(picture.at(x, height(100) - 4) == .white, "nothing above the plot")
    #expect(picture.at(x + 4, height(100) + 1) != vermilion, "no foot")
  }

  @Test func openMarksAndGaps() throws {
    let points: [LineSeries.Point?] = [.init(60, isFilled: false), nil]
    let picture = try chart([LinePanel(series: [LineSeries("", points: points)])])
    let x = left(picture) + 22
    #expect(picture.at(x, height(60)) == .white && picture.at(x + 5, height(60)) == vermilion)
    #expect(picture.at(x + 40, height(60)) == RGB(0xE4E4E4), "the grid's line alone: nothing to join with")
  }

  @Test func seriesKeepTheirColorsInAllPanels() throws {
    let cross = LineSeries("cross", points: [.init(50), .init(50)])
    let own = LineSeries("self", points: [.init(30), .init(30)])
    let mass = LineSeries("mass", role: .control, points: [.init(20), .init(20)])
    let panels = [
      LinePanel(series: [cross, own, mass], references: [ReferenceLine("chance", at: 14)]),
      LinePanel(series: [own], references: [ReferenceLine("chance", at: 14)]),
    ]
    let styles = LineStyles(panels)
    #expect(styles.entries.map(\.label) == ["cross", "self", "mass", "chance"])
    #expect(styles.style("cross", isBroken: false) == .marked(vermilion, .disc))
    #expect(styles.style("self", isBroken: false) == .marked(blue, .square))
    #expect(styles.style("mass", isBroken: true) != styles.style("chance", isBroken: true))
    #expect(styles.style("mass", isBroken: false) == nil)
    let picture = try chart(panels)
    #expect(picture.width == Layout.pageWidth, "panels stand beside each other")
    #expect((0..<picture.height).contains { picture.at(picture.width - Layout.margin - 22, $0) == blue })
  }

  /// Nine controls and a reference are more than there are dashes.
  @Test func grayLinesDiffer() {
    let controls = (1...9).map { LineSeries("control \($0)", role: .control, points: []) }
    let styles = LineStyles([LinePanel(series: controls, references: [ReferenceLine("chance", at: 14)])])
    #expect(styles.entries.map(\.label) == controls.map(\.label) + ["chance"])
    #expect(Set(styles.entries.map(\.style)).count == 10)
  }

  /// A series that has no point in a panel moves no marks there.
  @Test func aMarkAloneStandsAtItsPosition() throws {
    let alone = LineSeries("", points: [.init(60), nil])
    let picture = try chart([LinePanel(series: [alone, LineSeries(" ", points: [nil, nil])])])
    let x = left(picture) + 22
    #expect(picture.at(x - 5, height(60)) == vermilion && picture.at(x + 5, height(60)) == vermilion)
  }

  @Test func referencesCrossThePlot() throws {
    let series = LineSeries("s", points: [nil, nil])
    let picture = try chart([LinePanel(series: [series], references: [ReferenceLine("chance", at: 50)])])
    let dark = (left(picture)..<picture.width).count { picture.at($0, height(50)).red < 0x70 }
    #expect((100...400).contains(dark), "dashes: \(dark) of 560 pixels")
    let beyond = try chart([LinePanel(series: [series], references: [ReferenceLine("chance", at: 120)])])
    #expect(beyond.height == picture.height, "lines beyond the axis are left out")
  }

  /// Pieces of any length, so that dashes end where lines do but for rounding.
  @Test(.timeLimit(.minutes(1))) func dashesEnd() throws {
    var canvas = try Canvas(width: 400, height: 40)
    for step in 1...200 {
      let length = Double(step) / 30.7
      let points = (0..<60).map { (place: Int) -> (x: Double, y: Double) in
        (x: Double(place) * length, y: 20 + Double(place % 7) * 0.3)
      }
      canvas.polyline(RGB(0), points, thickness: 2, dashes: [2, 6])
    }
    #expect(try canvas.picture().contains(RGB(0)))
  }

  @Test func cellsHaveTheirColorsAndFrames() throws {
    let cells = [
      [GridCell(0, lines: []), GridCell(100, lines: [], isMarked: true)],
      [GridCell(nil, lines: []), GridCell(1, lines: [])],
    ]
    let picture = try Figures.valueGrid(
      title: "", rows: ["", ""], panels: [GridPanel(columns: ["", ""], cells: cells)], range: 0...100, rowTitle: "",
      unit: "")
    // Cells of 84 by 35, 8 apart, right of 12 pixels and under two lines of 25 pixels and 10.
    let (x, y) = (Layout.margin + 12, Layout.margin + 60)
    #expect(picture.at(x, y) == ColorMap.viridis.colors[0] && picture.at(x + 83, y + 34) == ColorMap.viridis.colors[0])
    #expect(picture.at(x + 92, y) == ColorMap.viridis.colors[255])
    #expect(picture.at(x + 89, y - 3) == RGB(0) && picture.at(x + 88, y) == .white, "a frame of 3 pixels")
    #expect(picture.at(x + 92 + 86, y + 37) == RGB(0) && picture.at(x + 92 + 87, y + 38) == .white)
    #expect(picture.at(x - 1, y) == .white && picture.at(x, y - 1) == .white, "no frame")
    #expect(picture.at(x + 10, y + 43 + 3) == RGB(0xEDEDED), "nothing measured")
  }

  @Test func panelsOfGridsGoOnBelow() throws {
    let cells = [(0..<8).map { GridCell(Double($0)) }]
    func grid(_ panels: Int) throws -> Picture {
      let panel = GridPanel(columns: (1...8).map { "\($0)" }, cells: cells)
      return try Figures.valueGrid(
        title: "", rows: [""], panels: [GridPanel](repeating: panel, count: panels), range: 0...8, unit: "")
    }
    let (one, three, five) = (try grid(1), try grid(3), try grid(5))
    #expect(one.height == three.height, "24 columns of numbers have room")
    #expect(five.height > one.height && five.width <= Layout.pageWidth)
  }

  @Test func confusionIsByRow() throws {
    let picture = try Figures.confusionMatrix(title: "", classes: ["", ""], counts: [[3, 1], [0, 8]])
    // The corners of the cells: 75 % and 25 %, then none and all.
    let colors = ColorMap.viridis
    func has(_ share: Float) -> Bool { picture.contains(colors.color(at: share)) }
    #expect(has(0.75) && has(0.25) && has(1) && picture.contains(RGB(0xEDEDED)))
  }

  @Test func numbersOfCells() {
    #expect([-0.4, 0.6, -12.5, 99.96].map { decimal($0, 0) } == ["0", "1", "−12", "100"])
    #expect(decimal(-0.012, 2) == "−0.01" && decimal(-0.001, 2) == "0.00")
    #expect(GridCell(nil).lines == ["–"] && GridCell(0.314, decimals: 2).lines == ["0.31"])
  }
}
