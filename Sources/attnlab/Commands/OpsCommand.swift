import ArgumentParser
import Attention
import Formatting

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
    let entries = OperationRegistry.all.map {
      Entry(
        op: $0.name, meaning: $0.meaning, example: $0.example, parameters: $0.keys.map(\.name),
        needsSource: $0.needsSource)
    }
    if output.json { return try StandardOutput.write(json: entries) }
    var table = TextTable(["op", "meaning", "example"])
    for entry in entries { table.add([entry.op, entry.meaning, entry.example]) }
    try StandardOutput.write(table.text)
  }
}
