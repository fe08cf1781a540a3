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
}
