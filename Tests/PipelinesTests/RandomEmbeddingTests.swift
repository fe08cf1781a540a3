import Attention
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Pipelines

/// `random_embedding` against a plain computation.
@Suite struct RandomEmbeddingTests {
  private func rows(_ embedding: Tensor) -> [[Float]] {
    let width = embedding.shape[2]
    let values = embedding.values
    return (0..<embedding.shape[1]).map { Array(values[($0 * width)..<(($0 + 1) * width)]) }
  }

  private func length(_ row: [Float]) -> Double {
    row.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }

  @Test(arguments: [("a red car", "a car", [2]), ("a green dog", "dog", [1, 2]), ("red", "", [1])])
  func theOthersAreThoseOfTheTextWithoutTheWord(prompt: String, without: String, positions: [Int]) throws {
    let model = try Bundled.model
    let text = model.tokenizer.encode(prompt)
    var encoder = PromptEncoder(model)
    let change = PromptChange(
      lane: Lane(run: 0, branch: .conditional), random: PromptChange.RandomWords(positions: positions, seed: 7))
    let found = rows(try encoder.embedding(text, changes: [change]))
    let own = rows(try model.textEncoder.encode(text))
    let shorter = rows(try model.textEncoder.encode(model.tokenizer.encode(without)))
    var next = 0
    for position in found.indices {
      var expected: [Float]
      if positions.contains(position) {
        var generator = TorchGenerator(seed: Seed(7 * 65536 + UInt64(text.ids[position])))
        let vector = generator.randn([own[position].count]).values
        expected = vector.map { Float(Double($0) / length(vector) * length(own[position])) }
        #expect(abs(length(found[position]) / length(own[position]) - 1) < 1e-6)
      } else {
        expected = shorter[next]
        next += 1
      }
      for (a, b) in zip(found[position], expected) { #expect(abs(a - b) <= 1e-6, "\(prompt), position \(position)") }
    }
    #expect(next == found.count - positions.count)
  }

  /// One vector a token, whatever stands around it; another one for another token or seed.
  @Test func vectorsBelongToTokens() throws {
    let model = try Bundled.model
    var encoder = PromptEncoder(model)
    func direction(_ prompt: String, _ position: Int, seed: Seed = 0) throws -> [Double] {
      let change = PromptChange(
        lane: Lane(run: 0, branch: .conditional), random: PromptChange.RandomWords(positions: [position], seed: seed))
      let row = rows(try encoder.embedding(model.tokenizer.encode(prompt), changes: [change]))[position]
      let length = length(row)
      return row.map { Double($0) / length }
    }
    func cosine(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let red = try direction("a red car", 2)
    #expect(try cosine(red, direction("a red dog", 2)) > 1 - 1e-6)
    #expect(try cosine(red, direction("the red dog", 2)) > 1 - 1e-6)
    #expect(try abs(cosine(red, direction("a blue car", 2))) < 0.6)
    #expect(try abs(cosine(red, direction("a red car", 2, seed: 1))) < 0.6)
  }
}
