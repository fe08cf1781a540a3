import Foundation
import Tensors
import Testing

@testable import Plotting

/// CIE L* of an sRGB color, 0 to 100.
private func lightness(_ color: RGB) -> Double {
  func linear(_ channel: UInt8) -> Double {
    let c = Double(channel) / 255
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4)
  }
  let y = 0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue)
  return y > 216.0 / 24389 ? 116 * cbrt(y) - 16 : y * 24389 / 27
}

@Suite struct ColorTests {
  /// `matplotlib.colors.to_hex(matplotlib.colormaps[name](index))`, matplotlib 3.11.2.
  static let published: [(ColorMap, [Int: UInt32])] = [
    (.viridis, [0: 0x440154, 64: 0x3B528B, 128: 0x21918C, 192: 0x5EC962, 255: 0xFDE725]),
    (.magma, [0: 0x000004, 64: 0x51127C, 128: 0xB73779, 192: 0xFC8961, 255: 0xFCFDBF]),
    (.inferno, [0: 0x000004, 64: 0x57106E, 128: 0xBC3754, 192: 0xF98E09, 255: 0xFCFFA4]),
    (.coolwarm, [0: 0x3B4CC0, 64: 0x8DB0FE, 128: 0xDDDCDC, 255: 0xB40426]),
    (.gray, [0: 0x000000, 64: 0x404040, 128: 0x808080, 192: 0xC0C0C0, 255: 0xFFFFFF]),
  ]

  @Test("published colors", arguments: published.indices) func anchors(index: Int) {
    let (map, anchors) = Self.published[index]
    #expect(map.colors.count == 256)
    for (place, hex) in anchors {
      #expect(map.colors[place] == RGB(hex), "\(map) \(place)")
      #expect(map.color(at: (Float(place) + 0.5) / 256) == RGB(hex), "\(map) \(place)")
    }
  }

  @Test("lightness rises all the way", arguments: ColorMap.allCases.filter { $0 != .coolwarm }) func monotone(
    map: ColorMap
  ) {
    let steps = map.colors.map(lightness)
    for i in 1..<256 { #expect(steps[i] > steps[i - 1] - 0.15, "\(map) \(i)") }
    // Rounding to 8 bits may take back a little from one step to the next, never over four steps.
    for i in 4..<256 { #expect(steps[i] > steps[i - 4], "\(map) \(i)") }
    #expect((steps.last ?? 0) - (steps.first ?? 0) > 70)
  }

  @Test("the diverging map is pale in its middle and alike at its ends") func diverging() {
    let steps = ColorMap.coolwarm.colors.map(lightness)
    for i in 1..<128 { #expect(steps[i] > steps[i - 1] - 0.3 && steps[255 - i] > steps[256 - i] - 0.3, "\(i)") }
    #expect(abs(steps[127] - steps[128]) < 0.3 && steps[127] > 85 && abs(steps[0] - steps[255]) < 2)
  }

  @Test func scalesAroundZero() throws {
    let maps = try [[-3, 1], [2, .nan]].map { try HeatMap(width: 2, height: 1, values: $0) }
    #expect(ColorScale.centered(on: maps) == .shared(min: -3, max: 3))
    #expect(ColorScale.centered(on: [try HeatMap(width: 1, height: 1, values: [0])]) == .shared(min: -1, max: 1))
  }

  @Test("ends, beyond them, and NaN", arguments: ColorMap.allCases) func ends(map: ColorMap) {
    #expect(map.color(at: -.infinity) == map.colors[0])
    #expect(map.color(at: -0.0) == map.colors[0])
    #expect(map.color(at: 1) == map.colors[255])
    #expect(map.color(at: .infinity) == map.colors[255])
    #expect(map.color(at: .nan) == ColorMap.notANumber)
    #expect(map.color(at: Float(1).nextDown) == map.colors[255])
    for color in map.colors {
      let far = abs(Int(color.red) - 0x00) + abs(Int(color.green) - 0xE5) + abs(Int(color.blue) - 0xFF)
      #expect(far > 100, "NaN's color is too near to one of \(map)")
    }
  }

  @Test func mapsCheckTheirSize() throws {
    #expect(throws: ShapeError("HeatMap", expected: "2 x 2 values", found: "3")) {
      try HeatMap(width: 2, height: 2, values: [1, 2, 3])
    }
    #expect(throws: ShapeError.self) { try HeatMap(width: 0, height: 2, values: []) }
    #expect(throws: ShapeError.self) { try HeatMap(width: -1, height: -1, values: [1]) }
    #expect(throws: ShapeError.self) { try HeatMap(width: .max, height: .max, values: []) }
    #expect(throws: ShapeError("HeatMap", expected: "[height, width]", found: [4])) {
      try HeatMap(Tensor([1, 2, 3, 4], shape: [4]))
    }
    let map = try HeatMap(Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]))
    #expect(map.width == 3 && map.height == 2 && map.values == [1, 2, 3, 4, 5, 6])
  }

  @Test func rangesLeaveOutWhatIsNotFinite() throws {
    #expect(try HeatMap(width: 4, height: 1, values: [.nan, -2, .infinity, 3]).range == -2...3)
    #expect(try HeatMap(width: 1, height: 1, values: [.nan]).range == nil)
  }

  @Test func sharedScalesCoverAllMaps() throws {
    let maps = try [[0.25, 0.5], [0.1, 0.75]].map { try HeatMap(width: 2, height: 1, values: $0) }
    #expect(ColorScale.covering(maps) == .shared(min: 0, max: 0.75))
    let negative = try HeatMap(width: 1, height: 1, values: [-1])
    #expect(ColorScale.covering(maps + [negative]) == .shared(min: -1, max: 0.75))
    #expect(ColorScale.covering([HeatMap]()) == .shared(min: 0, max: 0))
    #expect(ColorScale.perMap.range(for: maps[0]) == 0.25...0.5)
  }

  @Test func placesOnAScale() {
    let range: ClosedRange<Float> = -1...3
    #expect([-5, -1, 0, 1, 3, 9].map { range.place($0) } == [0, 0, 0.25, 0.5, 1, 1])
    #expect(range.place(.nan).isNaN)
    #expect((Float(2)...2).place(2) == 0)
    #expect((-Float.greatestFiniteMagnitude...Float.greatestFiniteMagnitude).place(0) == 0.5)
  }
}
