import Foundation
import Testing

/// "Run it again" of the report.
@Suite struct RunAgainTests {
  /// The shell blocks after the heading.
  private func blocks(_ report: String) -> [String] {
    let after = report.components(separatedBy: "## Run it again\n").last ?? ""
    return after.components(separatedBy: "```sh\n").dropFirst().map { $0.components(separatedBy: "\n```")[0] }
  }

  @Test func theCommandIsTheOneThatWasGiven() throws {
    try Program.inFolder { (program) throws -> Void in
      _ = try program.copyModel(to: "own model")
      try FileManager.default.createDirectory(
        at: program.folder.appending(path: "in"), withIntermediateDirectories: true)
      try program.write(
        experiment("model: emoji-scenes", with: "model: \"../own model\"").replacing(
          "name: small", with: "name: given"),
        to: "in/it's.yaml")
      let arguments = [
        "run", "in/it's.yaml", "--set", "name=setted", "--set", "generate.seeds=[901]", "--results", "my results",
      ]
      let run = try program.run(arguments)
      #expect(run.code == 0, "\(run.errors)")
      let folder = program.folder.appending(path: "my results/setted")
      let report = try String(contentsOf: folder.appending(path: "report.md"), encoding: .utf8)
      let blocks = blocks(report)
      try #require(blocks.count == 2, "\(report)")
      #expect(
        blocks[0]
          == "attnlab run 'in/it'\\''s.yaml' --set name=setted --set 'generate.seeds=[901]' --results 'my results'")
      #expect(!report.contains(program.folder.path))

      // The same again computes nothing, and writes the same report.
      let shell = "attnlab() { \"$attnlab\" \"$@\"; }\n"
      let again = try program.shell(shell + blocks[0])
      #expect(again.code == 0 && again.output.hasPrefix("nothing to compute; 3 runs were stored already"), "\(again)")
      #expect(try String(contentsOf: folder.appending(path: "report.md"), encoding: .utf8) == report)

      // The stored file runs from another folder, where the model's path would lead nowhere.
      let sqlite = try program.shell("command -v sqlite3")
      guard sqlite.code == 0 else { return print("skipped: sqlite3 is not installed") }
      let elsewhere = try program.shell(
        """
        \(shell)mkdir -p else/where && cp -r 'my results/setted' else/setted && cd else/setted
        \(blocks[1]) --results ../.. && cat again.yaml
        """)
      #expect(elsewhere.code == 0, "\(elsewhere.errors)")
      #expect(elsewhere.output.contains("made 3 runs"))
      #expect(elsewhere.output.contains("model: \"\(program.folder.path)/own model\""))
    }
  }
}
