import Analysis
import Foundation
import Tensors
import TestSupport
import Testing

/// CIEDE2000 against the pairs of its paper and against scikit-image.
@Suite struct ColorDifferenceTests {
  /// L*, a*, b* of both colours and their difference: Sharma, Wu and Dalal 2005, table 1.
  private static let published: [[Double]] = [
    [50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425],
    [50, 3.1571, -77.2803, 50, 0, -82.7485, 2.8615],
    [50, 2.8361, -74.0200, 50, 0, -82.7485, 3.4412],
    [50, -1.3802, -84.2814, 50, 0, -82.7485, 1.0000],
    [50, -1.1848, -84.8006, 50, 0, -82.7485, 1.0000],
    [50, -0.9009, -85.5211, 50, 0, -82.7485, 1.0000],
    [50, 0, 0, 50, -1, 2, 2.3669],
    [50, -1, 2, 50, 0, 0, 2.3669],
    [50, 2.4900, -0.0010, 50, -2.4900, 0.0009, 7.1792],
    [50, 2.4900, -0.0010, 50, -2.4900, 0.0010, 7.1792],
    [50, 2.4900, -0.0010, 50, -2.4900, 0.0011, 7.2195],
    [50, 2.4900, -0.0010, 50, -2.4900, 0.0012, 7.2195],
    [50, -0.0010, 2.4900, 50, 0.0009, -2.4900, 4.8045],
    [50, -0.0010, 2.4900, 50, 0.0010, -2.4900, 4.8045],
    [50, -0.0010, 2.4900, 50, 0.0011, -2.4900, 4.7461],
    [50, 2.5, 0, 50, 0, -2.5, 4.3065],
    [50, 2.5, 0, 73, 25, -18, 27.1492],
    [50, 2.5, 0, 61, -5, 29, 22.8977],
    [50, 2.5, 0, 56, -27, -3, 31.9030],
    [50, 2.5, 0, 58, 24, 15, 19.4535],
    [50, 2.5, 0, 50, 3.1736, 0.5854, 1.0000],
    [50, 2.5, 0, 50, 3.2972, 0, 1.0000],
    [50, 2.5, 0, 50, 1.8634, 0.5757, 1.0000],
    [50, 2.5, 0, 50, 3.2592, 0.3350, 1.0000],
    [60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644],
    [63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630],
    [61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731],
    [35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645],
    [22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373],
    [36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146],
    [90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441],
    [90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381],
    [6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377],
    [2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082],
  ]

  @Test func publishedPairs() {
    #expect(Self.published.count == 34)
    for row in Self.published {
      let first = LabColor(lightness: row[0], a: row[1], b: row[2])
      let second = LabColor(lightness: row[3], a: row[4], b: row[5])
      let found = first.difference(to: second)
      #expect(abs(found - row[6]) < 5e-5, "\(row): \(found)")
      #expect(abs(second.difference(to: first) - found) < 1e-12, "\(row), turned about")
      #expect(first.difference(to: first) == 0)
    }
  }

  struct Reference: Decodable {
    struct Case: Decodable {
      let name: String
      let a, b: [UInt8]
      let labA, differences: [Double]
      let mask: [Bool]
      let inside, outside: Double
    }
    let width, height: Int
    let cases: [Case]
  }

  @Test func againstScikitImage() throws {
    let file = Fixtures.folder.deletingLastPathComponent().appending(path: "AnalysisTests/color_differences.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let reference = try decoder.decode(Reference.self, from: Data(contentsOf: file))
    #expect(reference.cases.count == 4)
    for one in reference.cases {
      let (a, b) = (
        try Picture(width: reference.width, height: reference.height, pixels: one.a),
        try Picture(width: reference.width, height: reference.height, pixels: one.b)
      )
      for place in stride(from: 0, to: one.a.count, by: 3) {
        let lab = LabColor(red: one.a[place], green: one.a[place + 1], blue: one.a[place + 2])
        let largest = zip([lab.lightness, lab.a, lab.b], one.labA[place...]).map { abs($0 - $1) }.max() ?? .nan
        #expect(largest < 1e-5, "\(one.name), value \(place): \(lab), expected \(one.labA[place..<place + 3])")
      }
      let map = try ColorDifferenceMap(a, b)
      #expect(map.values.count == one.differences.count && map.width == reference.width)
      for (place, (found, expected)) in zip(map.values, one.differences).enumerated() {
        #expect(abs(found - expected) < 1e-5, "\(one.name), pixel \(place): \(found), expected \(expected)")
      }
      let (inside, outside) = try map.summaries(mask: one.mask)
      #expect(abs(inside.mean - one.inside) < 1e-5 && abs(outside.mean - one.outside) < 1e-5, "\(one.name)")
      #expect(inside.count == one.mask.count { $0 } && inside.count + outside.count == map.summary.count)
    }
  }

  @Test func edges() throws {
    let black = LabColor(red: 0, green: 0, blue: 0)
    let white = LabColor(red: 255, green: 255, blue: 255)
    #expect(black.lightness == 0 && abs(white.lightness - 100) < 1e-9)
    #expect(abs(black.difference(to: white) - 100) < 1e-3)

    let small = try Picture(width: 2, height: 1, pixels: [0, 0, 0, 255, 255, 255])
    let tall = try Picture(width: 1, height: 2, pixels: small.pixels)
    #expect { _ = try ColorDifferenceMap(small, tall) } throws: {
      "\($0)" == "CIEDE2000: expected 2 x 1 pixels, found 1 x 2"
    }
    let map = try ColorDifferenceMap(small, small)
    #expect(map.values == [0, 0] && map.summary.mean == 0)
    #expect { _ = try map.summaries(mask: [true]) } throws: {
      "\($0)" == "CIEDE2000 of a mask: expected 2 x 1 pixels, found 1"
    }
    let all = try map.summaries(mask: [true, true])
    #expect(all.inside.count == 2 && all.outside.count == 0 && all.outside.mean.isNaN)
  }
}
