import Attention
import ExperimentSupport
import Testing

/// `embedding` changes the encoded prompt of a run: a group carries what it changes.
@Suite struct EmbeddingOperationTests {
  private static let interventions = """
    interventions={ none: [], both: [{ op: embedding, padding: empty, end: empty, branch: both }], \
    padding: [{ op: embedding, padding: empty }], own: [{ op: embedding }] }
    """

  @Test func aGroupNamesTheLanesThatItChanges() throws {
    let plan = try SmallExperiment.portablePlan([Self.interventions])
    let group = try #require(plan.groups.first)
    let run = { (name: String) in try #require(group.runs.firstIndex { $0.intervention == name }) }
    let (both, padding) = (try run("both"), try run("padding"))
    #expect(
      group.promptChanges == [
        PromptChange(lane: Lane(run: both, branch: .unconditional), roles: [.end, .padding]),
        PromptChange(lane: Lane(run: both, branch: .conditional), roles: [.end, .padding]),
        PromptChange(lane: Lane(run: padding, branch: .conditional), roles: [.padding]),
      ])
    let text = plan.identityText(of: group)
    #expect(text.contains("embedding(padding: empty, end: empty) [] []"))
    #expect(text.contains("embedding(padding: own, end: own) [] []"))
  }

  /// The words' positions may be emptied as well; the text that stands for the others stays.
  @Test func wordsMayBeEmptied() throws {
    let plan = try SmallExperiment.portablePlan([
      "interventions={ words: [{ op: embedding, text: empty }], own: [{ op: embedding, text: own, end: empty }] }"
    ])
    let group = try #require(plan.groups.first)
    #expect(Set(group.promptChanges.map(\.roles)) == [[.word], [.end]])
    let text = plan.identityText(of: group)
    #expect(text.contains("embedding(padding: own, end: own, text: empty) [] []"))
    #expect(text.contains("embedding(padding: own, end: empty) [] []"))
  }

  /// Each role is taken once, in the order of the operations.
  @Test func operationsMayOverlap() throws {
    let plan = try SmallExperiment.portablePlan([
      "interventions={ a: [{ op: embedding, padding: empty }, "
        + "{ op: embedding, padding: empty, end: empty, branch: both }] }"
    ])
    let group = try #require(plan.groups.first)
    #expect(group.promptChanges.map(\.roles) == [[.end, .padding], [.padding, .end]])
    #expect(group.promptChanges.map(\.lane.branch) == [.unconditional, .conditional])
  }
}
