import Attention
import AttentionStore
import ExperimentSupport
import Foundation
import Measures
import Results
import Tensors
import TestSupport
import Testing

/// The heat maps of a stored run's words, on maps of known values.
@Suite struct GatheredWordsTests {
  private func words(_ results: SyntheticResults, _ prompt: String) throws -> [MeasuredWord] {
    let run = try #require(try results.store.runs().first { $0.prompt == prompt })
    return try GatheredWords.all(of: run, in: results.store)
  }

  /// The one cross-attention has the latents' grid and two heads of which the mean is stored: a map is the sum over steps.
  @Test func eachOccurrenceHasTheSumOverSteps() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let prompt = "a car and a car"
      let results = try SyntheticResults(
        folder, spec: SyntheticResults.spec(prompts: "[\(prompt)]", interventions: "{ none: [] }"))
      let words = try words(results, prompt)
      #expect(words.map(\.label) == ["a", "car", "and", "a#2", "car#2"])
      let keys = SyntheticResults.tokens(prompt).tokens.count
      for (index, word) in words.enumerated() {
        #expect(word.size == GridSize(height: 2, width: 3))
        let expected = (0..<6).map { cell in
          (0..<3).reduce(0.0) { sum, step in
            sum + Double(SyntheticResults.values(step: step, head: 0, count: 6 * keys)[cell * keys + index + 1])
          }
        }
        #expect(word.map == expected, "\(word.label)")
      }
    }
  }

  /// The mean over the pieces of a word, from a record that keeps their sum.
  @Test func aWordOfSeveralPiecesIsTheirMean() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let record = "[{ name: sums, sites: \"cross:*\", tokens: words }]"
      let results = try SyntheticResults(
        folder,
        spec: SyntheticResults.spec(prompts: "[a giraffe]", interventions: "{ none: [] }", record: record))
      let giraffe = try #require(try words(results, "a giraffe").last)
      #expect(giraffe.label == "giraffe")
      let expected = (0..<6).map { cell in
        (0..<3).reduce(0.0) { sum, step in
          sum + Double(SyntheticResults.values(step: step, head: 0, count: 12)[cell * 2 + 1])
        } / 2
      }
      #expect(giraffe.map == expected)
    }
  }

  /// How large the latents are is what a database says.
  @Test(arguments: [(8192, 8192), (1 << 20, 1 << 20)]) func mapsThatWouldFillTheMemory(height: Int, width: Int) {
    let site = AttentionSite(
      index: 0, path: "down_blocks.0.attentions.0.transformer_blocks.0.attn2", layer: 1, heads: 2,
      queries: .picture(height: 2, width: 3), keys: .text(tokens: 8), latentHeight: height, latentWidth: width)
    #expect {
      _ = try GatheredWords([("a", [0]), ("b", [1]), ("c", [2])], positions: [[1], [2], [3]], sites: [site])
    } throws: {
      "\($0)".hasPrefix("heat maps of 3 words at \(height)x\(width) would take more than 1 GiB; is")
    }
  }

  @Test func nothingRecordedIsNoWord() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      for (name, record) in [("none", "[]"), ("self", "[{ name: layout, sites: \"self:*\" }]")] {
        let results = try SyntheticResults(
          folder, spec: SyntheticResults.spec(record: record, figures: "[]"), name: name)
        #expect(try words(results, "a red car") == [], "\(name)")
      }
    }
  }
}
