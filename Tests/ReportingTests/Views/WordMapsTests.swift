import Attention
import Testing

@testable import Reporting

/// The maps of a single picture's words.
@Suite struct WordMapsTests {
  @Test(arguments: [
    (1, [0]), (2, [0, 1]), (12, Array(0..<12)), (13, [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]),
    (30, [0, 3, 5, 8, 11, 13, 16, 18, 21, 24, 26, 29]),
  ])
  func shownSteps(_ count: Int, _ steps: [Int]) {
    let prompt = PromptTokens(prompt: "", tokens: [], words: [], truncatedWords: [])
    #expect(WordMaps(prompt: prompt, sites: [], stepCount: count).shownSteps == steps)
  }

  @Test(arguments: [(0, "car", "grid-1-car.png"), (2, "<é 1>", "grid-3-é1.png"), (1, "...", "grid-2.png")])
  func filesAreNamedAfterWords(_ word: Int, _ text: String, _ name: String) {
    #expect(WordMaps.gridName(word: word, text) == name)
  }
}
