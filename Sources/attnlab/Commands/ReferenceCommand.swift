import ArgumentParser
import ExperimentFiles
import Files
import Foundation
import Results

struct ReferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reference",
    abstract: "List every key of an experiment file.",
    discussion: """
      The tables come from the list that attnlab checks files against. --update writes them into a page, each \
      between a line `<!-- generated: name -->` and a line `<!-- end -->`.

      Examples:
        attnlab reference
        attnlab reference generate
        attnlab reference --update Sources/ExperimentFiles/ExperimentFiles.docc/ExperimentFile.md
      """)

  @Argument(
    help: ArgumentHelp(
      "Only one part: \(SpecReference.parts.map(\.name).joined(separator: ", ")). (default: all)", valueName: "part"),
    completion: .list(SpecReference.parts.map(\.name)))
  var part: String?

  @Option(name: .long, help: ArgumentHelp("Renew the tables of a page.", valueName: "file"), completion: .file())
  var update: String?

  func validate() throws {
    if let part, !SpecReference.parts.contains(where: { $0.name == part }) {
      throw ValidationError(
        "\"\(part)\" is not a part; there are \(SpecReference.parts.map(\.name).joined(separator: ", "))")
    }
    if update != nil, part != nil { throw ValidationError("--update renews all parts of a page; leave the part out") }
  }

  func run() throws {
    guard let update else {
      let chosen = SpecReference.parts.filter { part == nil || part == $0.name }
      let texts = chosen.map { part == nil ? "## \($0.name)\n\n\($0.text)\n" : "\($0.text)\n" }
      return try StandardOutput.write(texts.joined(separator: "\n"))
    }
    let url = fileURL(update)
    guard let text = String(validating: try OpenFile(url).data(), as: UTF8.self) else {
      throw CommandError("\(url.path): the page is not UTF-8 text")
    }
    let page = try SpecReference.updated(page: text)
    var files = OutputFiles()
    files.add(url, bytes: Array(page.utf8))
    try files.commit()
  }
}
