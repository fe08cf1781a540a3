import Attention
import ExperimentSupport
import Plotting
import Testing

@testable import Results

@Suite struct RecordedWordTests {
  @Test func keysOfWords() {
    let single = [[0], [1], [2], [3], [4]]
    #expect(RecordedWord.keys(covering: [1, 2], in: single) == [1, 2])
    #expect(RecordedWord.keys(covering: [1, 2], in: [[0], [1, 2]]) == [1])
    #expect(RecordedWord.keys(covering: [1], in: [[0], [1, 2]]) == nil)
    #expect(RecordedWord.keys(covering: [1, 2], in: [[1]]) == nil)
    #expect(RecordedWord.keys(covering: [], in: single) == nil)
    let tokens = SyntheticResults.tokens("car giraffe car")
    #expect(
      RecordedWord.all(of: tokens, in: keys((0..<7).map { [$0] }))
        == [
          RecordedWord(label: "car", positions: [1], keys: [1]),
          RecordedWord(label: "giraffe", positions: [2, 3], keys: [2, 3]),
          RecordedWord(label: "car#2", positions: [4], keys: [4]),
        ])
    #expect(RecordedWord.all(of: tokens, in: keys([[4]])).map(\.label) == ["car#2"])
  }

  /// Keys of several words stand among the words; pieces of a word, and the sum of everything else, do not.
  @Test func keysOfSeveralWords() {
    let tokens = SyntheticResults.tokens("a red giraffe and car")
    let recorded = [[5, 6], [2, 3, 4], [1], [0, 7]]
    #expect(
      RecordedWord.all(of: tokens, in: keys(recorded))
        == [
          RecordedWord(label: "a", positions: [1], keys: [2]),
          RecordedWord(label: "key 1", positions: [2, 3, 4], keys: [1]),
          RecordedWord(label: "key 0", positions: [5, 6], keys: [0]),
        ])
    #expect(RecordedWord.all(of: tokens, in: keys([[3], [2, 3], [], [6, 7]])).isEmpty)
  }

  private func keys(_ positions: [[Int]]) -> [TokenKey] {
    positions.enumerated().map { TokenKey(label: "key \($0)", positions: $1) }
  }

  @Test func peaks() throws {
    #expect(try HeatMap(width: 2, height: 2, values: [0, 1, .nan, 1]).peak == QueryPoint(x: 0.75, y: 0.25))
    #expect(try HeatMap(width: 1, height: 1, values: [.nan]).peak == nil)
  }
}
