import Foundation
import TestSupport
import Testing

/// What must hold of every page: its links lead somewhere, and its examples are those that tests compile or run.
@Suite struct PageTests {
  private static let pages = Result { try MarkdownPage.all() }
  /// The pages that are written by hand; reports are written by programs.
  private static var written: [MarkdownPage] {
    get throws { try pages.get().filter { !$0.path.hasPrefix("Results/") } }
  }

  @Test func theReadmeFitsOnAFewScreens() throws {
    #expect(try MarkdownPage("README.md").text.utf8.count < 10_000)
  }

  @Test func theReadmeNamesEveryModule() throws {
    let modules = try FileManager.default.contentsOfDirectory(
      atPath: Fixtures.repository.appending(path: "Sources").path)
    let rows = try MarkdownPage("README.md").prose.filter { $0.hasPrefix("| ") }.joined(separator: "\n")
    for module in modules where !module.hasPrefix(".") { #expect(rows.contains("`\(module)`"), "\(module)") }
  }

  @Test func everyLinkLeadsSomewhere() throws {
    let pages = try Self.pages.get()
    #expect(pages.count >= 20)
    let anchors = Dictionary(uniqueKeysWithValues: pages.map { ($0.url.standardizedFileURL.path, $0.anchors) })
    for page in pages {
      for link in page.links where link.wholeMatch(of: /[a-z]+:.*/) == nil {
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let path = parts[0].removingPercentEncoding ?? parts[0]
        let target = path.isEmpty ? page.url : page.url.deletingLastPathComponent().appending(path: path)
        let place = target.standardizedFileURL.path
        #expect(FileManager.default.fileExists(atPath: place), "\(page.path): there is no \(link)")
        if parts.count == 2 {
          #expect(anchors[place]?.contains(parts[1]) == true, "\(page.path): no heading of \(link)")
        }
      }
    }
  }

  /// A page that nobody can find teaches nobody: each is linked from another one.
  @Test func everyPageIsLinked() throws {
    let pages = try Self.pages.get()
    let linked = Set(
      pages.flatMap { page in
        page.links.map {
          let path = String($0.prefix { $0 != "#" })
          return page.url.deletingLastPathComponent().appending(path: path).standardizedFileURL.path
        }
      })
    for page in pages where page.path != "README.md" {
      #expect(linked.contains(page.url.standardizedFileURL.path), "no page links to \(page.path)")
    }
  }

  /// ``Name`` in the list of topics of a catalogue is declared in its module.
  @Test func everyTopicIsDeclared() throws {
    for page in try Self.written where page.path.contains(".docc/") {
      let names = page.prose.compactMap { $0.wholeMatch(of: /- ``(?:\w+\/)*(\w+)(?:\(.*\))?``/)?.1 }
      guard !names.isEmpty else { continue }
      let module = page.url.deletingLastPathComponent().deletingLastPathComponent()
      let files = FileManager.default.enumerator(at: module, includingPropertiesForKeys: nil)
      let sources = try (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
        .map { try String(contentsOf: $0, encoding: .utf8) }.joined()
      let declared = Set(
        sources.matches(of: /\b(?:struct|class|enum|actor|protocol|typealias|func|var|let|case) (\w+)/).map(\.1))
      for name in names { #expect(declared.contains(name), "\(page.path): the module declares no \(name)") }
    }
  }

  /// A block without a language is run by nobody; a block that is only indented says none.
  @Test func everyBlockSaysItsLanguage() throws {
    let languages: Set = ["json", "python", "sh", "sql", "swift", "text", "yaml"]
    for page in try Self.written {
      for block in page.blocks {
        #expect(languages.contains(block.language), "\(page.path): \(block.language.debugDescription): \(block.text)")
      }
      for (line, next) in zip(page.prose, page.prose.dropFirst()) where line.isEmpty && next.hasPrefix("    ") {
        Issue.record("\(page.path): a block that is only indented: \(next)")
      }
    }
  }

  @Test func everySwiftExampleIsCompiledByATest() throws {
    func lines(_ text: String) -> [String] {
      text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
    let files = FileManager.default.enumerator(
      at: Fixtures.repository.appending(path: "Tests"), includingPropertiesForKeys: nil)
    let sources = try (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
      .map { lines(try String(contentsOf: $0, encoding: .utf8)).joined(separator: "\n") }
    let examples = try Self.written.flatMap { page in
      page.blocks.filter { $0.language == "swift" }.map { (page.path, lines($0.text).joined(separator: "\n")) }
    }
    #expect(!examples.isEmpty)
    for (path, example) in examples {
      #expect(sources.contains { $0.contains(example) }, "\(path): no file of Tests has these lines:\n\(example)")
    }
  }

  /// The page of the command line has a row for each command, and no other.
  @Test func theTableOfCommandsIsComplete() throws {
    try Program.inFolder { (attnlab) throws -> Void in
      let help = try attnlab("--help").output
      let commands = help.matches(of: /(?m)^  ([a-z]+)(?: {2,}|$)/).map { String($0.1) }
      let page = try MarkdownPage("Sources/attnlab/attnlab.docc/attnlab.md")
      let rows = page.prose.compactMap { $0.prefixMatch(of: /\| `attnlab ([a-z]+)/).map { String($0.1) } }
      #expect(rows.sorted() == commands.sorted())
    }
  }
}
