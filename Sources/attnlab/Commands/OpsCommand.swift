import ArgumentParser
import Attention

struct OpsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ops",
    abstract: "List what an intervention can do to attention, each with an example.",
    discussion: """
      An operation stands in a list under `interventions` of an experiment file. `of` names what it changes: \
      queries, keys, values, scores, probabilities (the default) or output.

      Examples:
        attnlab ops
        attnlab ops --json
      """)

  @OptionGroup var output: JSONOption

  private struct Entry: Encodable {
    let op, meaning, example: String
    let parameters: [String]
    let needsSource: Bool
  }

  func run() throws {
    let entries = AttentionOperation.allCases.map {
      Entry(
        op: $0.rawValue, meaning: $0.meaning, example: $0.example, parameters: $0.parameters,
        needsSource: $0.needsSource)
    }
    if output.json { return try StandardOutput.write(json: entries) }
    var table = Table(["op", "meaning", "example"])
    for entry in entries { table.add([entry.op, entry.meaning, entry.example]) }
    try StandardOutput.write(table.text)
  }
}

extension AttentionOperation {
  /// A line of an experiment file.
  var example: String {
    switch self {
    case .replace: "{ op: replace, sites: \"self:4-14\", steps: { fraction: [0, 0.8] } }"
    case .mix: "{ op: mix, sites: \"self:*\", strength: 0.3 }"
    case .zero: "{ op: zero, sites: \"cross:8-10\" }"
    case .uniform: "{ op: uniform, sites: \"self:*\", heads: [1] }"
    case .identity: "{ op: identity, sites: \"self:up\" }"
    case .shuffle: "{ op: shuffle, sites: \"cross:*\", seed: 7 }"
    case .blur: "{ op: blur, of: queries, sites: \"self:11-16\", sigma: 1.5 }"
    case .scale: "{ op: scale, sites: \"cross:*\", words: [red], factor: 3 }"
    case .datasetMean: "{ op: dataset_mean, of: output, sites: \"cross:8-10\", prompts: [a car, a dog], seeds: [1, 2] }"
    case .headMean: "{ op: head_mean, sites: \"self:*\" }"
    }
  }
}
