import ExperimentFiles
import Foundation
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

  /// Since when a file makes its claims is kept beside its command, and the rest is the file still.
  @Test(
    arguments: [
      .commit("0123abc", Date(timeIntervalSince1970: 1_700_000_000)), .notCommitted, .notVersioned,
    ] as [ThresholdOrigin])
  func theKeptFileHasTheOriginOfItsThresholds(_ origin: ThresholdOrigin) throws {
    let spec = try ExperimentSpec(
      yaml: "version: 1\nname: a\nmodel: m\ngenerate: { prompts: [a car], seeds: [1] }\n", file: "e.yaml")
    for command in [nil, "attnlab run my.yaml"] {
      let kept = KeptFile(spec, command: command, thresholds: origin)
      let read = KeptFile(kept.text)
      #expect(read.thresholds == origin && read.command == command && read.yaml == spec.resolvedYAML())
      #expect(try ExperimentSpec(yaml: kept.text, file: "again.yaml") == spec)
    }
    #expect(KeptFile("# claims: something\n" + spec.resolvedYAML()).thresholds == nil)
  }
}
