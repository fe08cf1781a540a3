import Testing

@testable import ExperimentFiles
@testable import Generation

@Suite struct ResolvedMarksTests {
  @Test func resolvedFilesHoldNoUnseenMarks() throws {
    let prompt = "a\u{202E}b\u{200B}c"
    let spec = ExperimentSpec(name: "marks", model: "m", generate: GenerateSpec(prompts: [prompt], seeds: [1]))
    #expect(spec.resolvedYAML().contains("\"a\\u202eb\\u200bc\""))
    #expect(try ExperimentSpec(yaml: spec.resolvedYAML(), file: "marks.yaml") == spec)
  }
}
