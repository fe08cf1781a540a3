import Attention
import Formatting
import Foundation
import TestSupport
import Testing

@Suite struct OpsTests {
  private struct Entry: Decodable {
    let op, meaning, example: String
  }

  /// Every operation is listed, and every example is right on the bundled model.
  @Test func examplesCanBeCopied() throws {
    try Program.inFolder { (attnlab) throws -> Void in
      let listed = try attnlab("ops", "--json")
      let entries = try JSONDecoder().decode([Entry].self, from: Data(listed.output.utf8))
      #expect(entries.map(\.op) == OperationRegistry.all.map(\.name))
      let interventions = entries.map { "  \($0.op): [\($0.example)]" }.joined(separator: "\n")
      let file = """
        version: 1
        name: ops
        model: emoji-scenes
        generate: { pairs: [{ source: a blue car, target: a red car }], seeds: [1], num_inference_steps: 10 }
        interventions:
        \(interventions)
        """
      try attnlab.write(file, to: "ops.yaml")
      let outcome = try attnlab("validate", "ops.yaml")
      // What an operation costs is said; nothing is wrong.
      #expect(outcome.code == 0 && outcome.errors.split(separator: "\n").allSatisfy { $0.hasPrefix("note: ") })
    }
  }
}
