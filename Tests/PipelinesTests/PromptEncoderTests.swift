import Attention
import Tensors
import Testing

@testable import Pipelines

@Suite struct PromptEncoderTests {
  @Test func aRoleThatIsNamedTwiceIsTakenOnce() throws {
    let model = try Bundled.model
    let text = model.tokenizer.encode("a red car")
    func embedding(_ roles: [PromptTokens.Role]) throws -> Tensor {
      var encoder = PromptEncoder(model)
      let change = PromptChange(lane: Lane(run: 0, branch: .conditional), roles: roles)
      return try encoder.embedding(text, changes: [change])
    }
    let once = try embedding([.padding])
    #expect(try embedding([.padding, .padding]) == once)
    #expect(try embedding([]) != once)
  }

  /// Position by position: the words' are the empty prompt's, and the others know them still.
  @Test func wordsAreEmptiedAlone() throws {
    let model = try Bundled.model
    let text = model.tokenizer.encode("a red car")
    var encoder = PromptEncoder(model)
    let change = PromptChange(lane: Lane(run: 0, branch: .conditional), roles: [.word])
    let own = try encoder.embedding(text, changes: [])
    let empty = try encoder.embedding(model.tokenizer.encode(""), changes: [])
    let changed = try encoder.embedding(text, changes: [change])
    let width = own.shape[2]
    for position in text.tokens.indices {
      let row = (position * width)..<((position + 1) * width)
      let expected = text.tokens[position].role == .word ? empty : own
      #expect(changed.values[row] == expected.values[row], "position \(position)")
    }
  }
}
