import Plotting
import Tensors
import TestSupport
import Testing

@testable import Experimenting

@Suite struct MapAveragesTests {
  @Test func meansOfPiecesOverMaps() throws {
    var averages = MapAverages(keys: [[0], [1, 2]])
    try averages.add([1, 2, 3, 4, 5, 6], height: 1, width: 2, keyCount: 3)
    try averages.add([3, 0, 1, 0, 1, 0], height: 1, width: 2, keyCount: 3)
    #expect(averages.count == 2)
    #expect(try averages.means().map(\.values) == [[2, 2], [3, 6]])
  }

  @Test func mixedGridsAreBroughtToTheLargest() throws {
    var averages = MapAverages(keys: [[0]])
    let coarse: [Float] = [0, 4, 8, 12]
    let fine = (0..<20).map { Float($0) }
    try averages.add(fine, height: 4, width: 5, keyCount: 1)
    try averages.add(coarse, height: 2, width: 2, keyCount: 1)
    try averages.add([7], height: 1, width: 1, keyCount: 1)
    let upsampled = try HeatMap(width: 2, height: 2, values: coarse).resampled(width: 5, height: 4, .bilinear)
    let mean = try averages.means()[0]
    #expect(mean.width == 5 && mean.height == 4)
    let expected = zip(fine, upsampled.values).map { ($0 + $1 + 7) / 3 }
    for (a, b) in zip(mean.values, expected) { #expect(abs(a - b) < 1e-5) }
  }

  @Test func headsTogetherWeighAsOneMap() throws {
    // Two heads of one site, and the mean over heads of another: (mean(2, 4) + 5) / 2.
    var averages = MapAverages(keys: [[0]])
    try averages.add(Tensor([2, 4], shape: [2, 1, 1, 1]))
    try averages.add(Tensor([5], shape: [1, 1, 1]))
    #expect(try averages.means().map(\.values) == [[4]])
  }

  @Test func nothingAddedHasNoMean() throws {
    #expect(try MapAverages(keys: [[0]]).means().isEmpty)
  }

  @Test func mapsThatDoNotFitAreRefused() {
    var averages = MapAverages(keys: [[0, 3]])
    #expect(throws: ShapeError.self) { try averages.add([1, 2], height: 1, width: 1, keyCount: 3) }
    #expect(throws: ShapeError.self) { try averages.add([1, 2, 3], height: 1, width: 1, keyCount: 3) }
    #expect(throws: ShapeError.self) { try averages.add(Tensor([1, 2, 3, 4], shape: [2, 2])) }
    #expect(averages.count == 0)
  }

  @Test func keysOfWords() {
    let single = [[0], [1], [2], [3], [4]]
    #expect(RecordedWord.keys(covering: [1, 2], in: single) == [1, 2])
    #expect(RecordedWord.keys(covering: [1, 2], in: [[0], [1, 2]]) == [1])
    #expect(RecordedWord.keys(covering: [1], in: [[0], [1, 2]]) == nil)
    #expect(RecordedWord.keys(covering: [1, 2], in: [[1]]) == nil)
    #expect(RecordedWord.keys(covering: [], in: single) == nil)
    let tokens = SyntheticResults.tokens("car giraffe car")
    #expect(
      RecordedWord.all(of: tokens, in: (0..<7).map { [$0] })
        == [
          RecordedWord(label: "car", positions: [1], keys: [1]),
          RecordedWord(label: "giraffe", positions: [2, 3], keys: [2, 3]),
          RecordedWord(label: "car#2", positions: [4], keys: [4]),
        ])
    #expect(RecordedWord.all(of: tokens, in: [[4]]).map(\.label) == ["car#2"])
  }

  @Test func peaks() throws {
    #expect(try HeatMap(width: 2, height: 2, values: [0, 1, .nan, 1]).peak == QueryPoint(x: 0.75, y: 0.25))
    #expect(try HeatMap(width: 1, height: 1, values: [.nan]).peak == nil)
  }
}
