import Testing

@testable import Plotting

/// Texts beside marks lie on nothing else.
@Suite struct LabelPlacesTests {
  private let frame = ChartBox(x: 0, y: 0, width: 860, height: 560)

  /// Places texts of 60 by 19 pixels beside all marks.
  private func placed(_ marks: [(x: Int, y: Int)]) -> [(box: ChartBox, isFar: Bool)] {
    var places = LabelPlaces(inside: frame, marks: marks.map { ChartBox(around: $0, width: 18, height: 18) })
    return marks.map { places.place(width: 60, height: 19, beside: $0) }
  }

  @Test func textsCoverNeitherMarksNorOneAnother() {
    // A row whose marks nearly touch, two marks in one place, and one in each corner.
    let marks =
      (0..<8).map { (x: 300 + 20 * $0, y: 200) } + [(x: 100, y: 400), (x: 100, y: 400)]
      + [(x: 0, y: 0), (x: 860, y: 0), (x: 0, y: 560), (x: 860, y: 560)]
    let places = placed(marks)
    for (index, place) in places.enumerated() {
      #expect(place.box.overlap(frame) == 60 * 19, "text \(index) is outside: \(place)")
      for mark in marks { #expect(place.box.overlap(ChartBox(around: mark, width: 18, height: 18)) == 0) }
      for other in places[(index + 1)...] { #expect(place.box.overlap(other.box) == 0) }
    }
  }

  @Test func marksOfOnePlaceAreCounted() {
    let counts = LabelPlaces.counts(of: [(1, 2), (5, 5), (1, 2), (2, 1), (5, 5), (1, 2)])
    #expect(counts.map(\.text) == ["×2", "×3"] && counts.map(\.index) == [4, 5])
    #expect(LabelPlaces.counts(of: [(1, 2), (2, 1)]).isEmpty)
  }

  @Test func aTextAloneStandsToTheRight() {
    let place = placed([(x: 200, y: 200)])[0]
    #expect(place.box == ChartBox(x: 212, y: 191, width: 60, height: 19) && !place.isFar)
  }

  /// Where no place is free, the text still gets one inside the chart.
  @Test func aCrowdLosesNoText() {
    let places = placed((0..<400).map { (x: 400 + $0 % 20 * 4, y: 250 + $0 / 20 * 4) })
    #expect(places.count == 400 && places.allSatisfy { $0.box.overlap(frame) > 0 })
    #expect(places.contains { $0.isFar })
  }
}
