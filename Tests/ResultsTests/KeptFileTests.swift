import ExperimentFiles
import Generation
import Testing

@testable import Results

@Suite struct KeptFileTests {
  @Test func theKeptFileHasItsCommand() throws {
    let spec = ExperimentSpec(name: "kept", model: "m", generate: GenerateSpec(prompts: ["a"], seeds: [1]))
    let kept = KeptFile(spec, command: "attnlab run my.yaml --set 'a=[1]'")
    #expect(kept.text.hasPrefix("# attnlab run my.yaml --set 'a=[1]'\nversion: 1\n"))
    #expect(try ExperimentSpec(yaml: kept.text, file: "again.yaml") == spec)
    let read = KeptFile(kept.text)
    #expect(read.command == kept.command && read.yaml == spec.resolvedYAML())
    #expect(KeptFile(spec.resolvedYAML()).command == nil && KeptFile(spec, command: nil).text == spec.resolvedYAML())
    let long = KeptFile(spec, command: "attnlab " + String(repeating: "x", count: 1 << 20))
    #expect(long.command == nil && long.text == spec.resolvedYAML())
  }
}
