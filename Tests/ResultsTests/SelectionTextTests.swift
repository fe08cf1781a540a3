import Attention
import Generation
import Results
import Testing

@Suite struct SelectionTextTests {
  private let text = SelectionText(sites: [], stepCount: 10)

  @Test func operationsOfThePromptNameTheirWords() throws {
    let words = try [TokenName("red"), .position(3)]
    #expect(
      text.operation(OperationSpec(op: .randomEmbedding, values: ["seed": 7], sites: "", words: words))
        == "**random_embedding** (random vectors of equal length for the words, drawn for seed 7; all else as without "
        + "them), words red, 3, in the conditional half of guidance")
    #expect(
      text.operation(OperationSpec(op: .embedding, values: ["end": "empty"], sites: "", branch: .both))
        == "**embedding** (the end token as in the empty prompt), in both halves of guidance")
  }

  @Test func operationsOfAttentionNameTheirWords() throws {
    let words = try [TokenName("red")]
    #expect(
      text.operation(OperationSpec(op: .zero, sites: "cross:*", steps: .list([2]), words: words)).hasSuffix(
        "at `cross:*`, words red, step 2, in the conditional half of guidance"))
  }
}
