import Foundation
import Tensors
import TestSupport
import Testing

@testable import Plotting

@Suite struct DrawingTests {
  /// The definition, point by point: no separable passes, no tables.
  private func direct(_ map: HeatMap, _ width: Int, _ height: Int, _ interpolation: Interpolation) -> [Double] {
    func kernel(_ distance: Double) -> Double {
      let x = abs(distance)
      switch interpolation {
      case .nearest: return 0
      case .bilinear: return max(0, 1 - x)
      case .bicubic:
        return x < 1 ? 1.5 * x * x * x - 2.5 * x * x + 1 : x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0
      }
    }
    func weights(_ cell: Int, _ old: Int, _ new: Int) -> [Double] {
      let step = Double(old) / Double(new)
      if interpolation == .nearest {
        return (0..<old).map { $0 == (2 * cell + 1) * old / (2 * new) ? 1 : 0 }
      }
      let raw = (0..<old).map { kernel((Double($0) + 0.5 - (Double(cell) + 0.5) * step) / max(1, step)) }
      return raw.map { $0 / raw.reduce(0, +) }
    }
    return (0..<height).flatMap { y in
      (0..<width).map { x in
        let across = weights(x, map.width, width)
        let down = weights(y, map.height, height)
        return (0..<map.width * map.height).reduce(0) {
          $0 + across[$1 % map.width] * down[$1 / map.width] * Double(map.values[$1])
        }
      }
    }
  }

  @Test("resampling equals its definition", arguments: Interpolation.allCases, [1, 2, 3, 5, 8])
  func resampling(interpolation: Interpolation, size: Int) throws {
    var generator = SeededGenerator(seed: 11)
    let map = try HeatMap(
      width: size, height: 4, values: (0..<size * 4).map { _ in Float.random(in: -1...1, using: &generator) })
    for width in 1...11 {
      for height in [1, 3, 4, 9] {
        let found = try map.resampled(width: width, height: height, interpolation).values
        let expected = direct(map, width, height, interpolation)
        let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
        #expect(found.count == expected.count && worst < 1e-6, "\(width) x \(height): \(worst), seed 11")
      }
    }
    #expect(throws: ShapeError.self) { try map.resampled(width: 0, height: 1, interpolation) }
  }

  @Test("a flat map stays flat", arguments: Interpolation.allCases) func flat(interpolation: Interpolation) throws {
    let map = try HeatMap(width: 3, height: 5, values: [Float](repeating: 0.25, count: 15))
    let large = try map.resampled(width: 64, height: 7, interpolation)
    #expect(large.values.allSatisfy { abs($0 - 0.25) < 1e-6 })
  }

  @Test func aBrokenCellSpreadsNoFurtherThanTheKernel() throws {
    var values = [Float](repeating: 0, count: 8)
    values[0] = .nan
    let map = try HeatMap(width: 8, height: 1, values: values)
    let broken = try map.resampled(width: 16, height: 1, .bilinear).values.map(\.isNaN)
    #expect(broken == [true, true, true] + [Bool](repeating: false, count: 13))
  }

  @Test func mapsTakeTheirColors() throws {
    let map = try HeatMap(width: 3, height: 1, values: [0, 1, .nan])
    let picture = try map.picture(width: 6, height: 2, range: 0...1)
    let first = RGB(0x440154)
    let last = RGB(0xFDE725)
    let row = [first, first, last, last, ColorMap.notANumber, ColorMap.notANumber]
    #expect((0..<12).map { picture.color($0) } == row + row)
  }

  @Test func overlaysMixMapAndGrayPicture() throws {
    let red = try plain(RGB(0xFF0000), width: 4, height: 4)
    let map = try HeatMap(width: 1, height: 1, values: [1])
    let whole = try map.overlay(on: red, width: 4, height: 4, range: 0...1, opacity: 1)
    #expect(try whole == plain(RGB(0xFDE725), width: 4, height: 4))
    let none = try map.overlay(on: red, width: 4, height: 4, range: 0...1, opacity: 0)
    // Gray of red is 0.2126 * 255 = 54.2: 0.85 * (0.8 * 54.2 + 0.2 * 255) + 30, and without the 255.
    #expect(try none == plain(RGB(red: 110, green: 66, blue: 66), width: 4, height: 4))
  }

  @Test func overlaysShowWhichCellIsBroken() throws {
    let map = try HeatMap(width: 2, height: 2, values: [.nan, 0, 1, .infinity])
    let black = try plain(RGB(0), width: 8, height: 8)
    let picture = try map.overlay(on: black, width: 8, height: 8, range: 0...1, opacity: 1)
    let broken = (0..<64).filter { picture.color($0) == ColorMap.notANumber }
    #expect(broken == (0..<64).filter { $0 % 8 < 4 && $0 < 32 })
  }

  @Test func drawingIsCutOffAtTheEdges() throws {
    var canvas = try Canvas(width: 4, height: 3)
    canvas.fill(RGB(0x0000FF), x: -5, y: -5, width: 6, height: 6)
    canvas.fill(RGB(0xFF0000), x: 3, y: 2, width: 100, height: 100)
    canvas.fill(RGB(0x00FF00), x: 50, y: 1, width: 5, height: 1)
    canvas.fill(RGB(0x00FF00), x: 1, y: 1, width: -3, height: 1)
    canvas.draw(try plain(RGB(0x00FF00), width: 9, height: 9), x: -8, y: 2)
    canvas.draw(try plain(RGB(0x00FF00), width: 2, height: 2), x: 40, y: -40)
    canvas.line(RGB(0), fromX: -100, y: -1e9, toX: -1e9, y: .infinity)
    canvas.ring(RGB(0), centerX: .nan, centerY: 0, radius: 2, thickness: 1)
    let w = RGB.white
    let expected = [RGB(0x0000FF), w, w, w, w, w, w, w, RGB(0x00FF00), w, w, RGB(0xFF0000)]
    let picture = try canvas.picture()
    #expect((0..<12).map { picture.color($0) } == expected)
    #expect(canvas.color(x: 4, y: 0) == nil)
  }

  @Test func halfOpaquePicturesAreMixed() throws {
    var canvas = try Canvas(width: 1, height: 1)
    canvas.draw(try plain(RGB(0x000000), width: 1, height: 1), x: 0, y: 0, opacity: 0.5)
    #expect(canvas.color(x: 0, y: 0) == RGB(0x808080))
  }

  @Test func linesAndRingsCoverTheirPixels() throws {
    var canvas = try Canvas(width: 21, height: 21)
    canvas.line(RGB(0), fromX: 2, y: 3.5, toX: 19, y: 3.5, thickness: 1)
    #expect(canvas.color(x: 10, y: 3) == RGB(0))
    #expect(canvas.color(x: 10, y: 2) == .white && canvas.color(x: 10, y: 4) == .white)
    canvas.ring(RGB(0), centerX: 10.5, centerY: 12.5, radius: 5, thickness: 2)
    #expect(canvas.color(x: 10, y: 12) == .white)
    #expect(canvas.color(x: 15, y: 12) == RGB(0) && canvas.color(x: 10, y: 17) == RGB(0))
    #expect(canvas.color(x: 18, y: 12) == .white)
    // The same from all four sides.
    for d in 0...8 {
      #expect(canvas.color(x: 10 + d, y: 12) == canvas.color(x: 10 - d, y: 12))
      #expect(canvas.color(x: 10, y: 12 + d) == canvas.color(x: 10 + d, y: 12))
    }
  }

  @Test func canvasesThatCannotBe() {
    #expect(message { _ = try Canvas(width: 0, height: 5) } == "canvas: expected positive sides, found 0 x 5")
    #expect(
      message { _ = try Canvas(width: 100_000, height: 100_000) } == """
        canvas: 100000 x 100000 pixels are more than the limit of 67108864. \
        Draw fewer maps or pictures in one figure
        """)
    #expect(throws: PlottingError.self) { try Canvas(width: .max, height: 2) }
  }

  @Test("pictures fit their cells", arguments: [(1, 1000), (1000, 1), (3, 2), (7, 7), (128, 96)])
  func fitting(width: Int, height: Int) throws {
    let picture = try plain(RGB(0x123456), width: width, height: height).fitted(width: 40, height: 30)
    #expect(picture.width <= 40 && picture.height <= 30)
    #expect(picture.width == 40 || picture.height == 30)
    #expect(picture.contains(RGB(0x123456)))
  }
}
