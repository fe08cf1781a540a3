import Foundation
import TestSupport
import Testing

/// The notebooks' commands, run as a reader would: those of one page one after another in one folder that has the
/// checkout's experiments.
@Suite struct NotebookTests {
  /// The code blocks of a page that begin with ```` ```sh ````.
  private static func commands(_ page: String) -> [String] {
    var (blocks, block): ([String], [Substring]?) = ([], nil)
    for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
      switch (block, line) {
      case (nil, "```sh"): block = []
      case (let lines?, "```"):
        blocks.append(lines.joined(separator: "\n"))
        block = nil
      case (let lines?, _): block = lines + [line]
      default: break
      }
    }
    return blocks
  }

  @Test(arguments: ["first-look", "tokens-and-heat-maps", "swapping-and-ablating", "measuring"])
  func commandsOf(page name: String) throws {
    let url = Fixtures.repository.appending(path: "notebooks-md/\(name).md")
    let blocks = Self.commands(try String(contentsOf: url, encoding: .utf8))
    #expect(blocks.count >= 4)
    try Program.inFolder { (attnlab) throws -> Void in
      let experiments = attnlab.folder.appending(path: "Experiments")
      try FileManager.default.createSymbolicLink(
        at: experiments, withDestinationURL: Fixtures.repository.appending(path: "Experiments"))
      for block in blocks {
        let outcome = try attnlab.shell("set -euo pipefail\nattnlab() { command \"$attnlab\" \"$@\"; }\n\(block)")
        #expect(outcome.code == 0, "\(name): \(block)\n\(outcome.errors)")
        #expect(!(outcome.output + outcome.errors).isEmpty, "\(name): \(block)")
      }
      // What a page shows of its own pictures must be made by it.
      #expect(!attnlab.files.filter { $0.hasSuffix(".png") }.isEmpty)
    }
  }
}
