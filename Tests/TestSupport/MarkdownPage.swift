import Foundation

/// A page of the checkout, as far as tests of the documentation look at it.
public struct MarkdownPage: Sendable {
  /// A fenced block of code.
  public struct Block: Sendable {
    /// What stands behind the opening fence; empty if nothing does.
    public let language: String
    public let text: String
  }

  /// From the checkout, as `Sources/attnlab/attnlab.docc/Speed.md`.
  public let path: String
  public let text: String
  public let blocks: [Block]
  /// The lines outside of blocks.
  public let prose: [String]

  public var url: URL { Fixtures.repository.appending(path: path) }

  public init(_ path: String) throws {
    self.path = path
    text = try String(contentsOf: Fixtures.repository.appending(path: path), encoding: .utf8)
    var (blocks, prose): ([Block], [String]) = ([], [])
    var open: (language: String, lines: [String])?
    for line in text.components(separatedBy: "\n") {
      if let block = open {
        if line == "```" {
          blocks.append(Block(language: block.language, text: block.lines.joined(separator: "\n")))
          open = nil
        } else {
          open = (block.language, block.lines + [line])
        }
      } else if line.hasPrefix("```") {
        open = (String(line.dropFirst(3)), [])
      } else {
        prose.append(line)
      }
    }
    (self.blocks, self.prose) = (blocks, prose)
  }

  /// All pages of the checkout, in alphabetical order. Hidden folders and what is carried along beside the checkout are left out.
  public static func all() throws -> [MarkdownPage] {
    let files = FileManager.default.enumerator(
      at: Fixtures.repository, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])
    let root = Fixtures.repository.path(percentEncoded: false)
    let urls = (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "md" }
    let paths = urls.map { String($0.path(percentEncoded: false).dropFirst(root.count).drop { $0 == "/" }) }
    return try paths.filter { !$0.hasPrefix("shared/") }.sorted().map { try MarkdownPage($0) }
  }

  /// The anchors of the headings, as Git hosts make them: lower case, without punctuation, spaces as hyphens.
  public var anchors: Set<String> {
    var counts: [String: Int] = [:]
    var anchors: Set<String> = []
    for line in prose where line.wholeMatch(of: /#{1,6} .*/) != nil {
      let heading = line.drop { $0 == "#" }.dropFirst().replacing(/\]\([^)]*\)/, with: "]").lowercased()
      let kept = heading.filter { $0.isLetter || $0.isNumber || " -_".contains($0) }
      let anchor = kept.replacing(" ", with: "-")
      anchors.insert(counts[anchor].map { "\(anchor)-\($0)" } ?? anchor)
      counts[anchor, default: 0] += 1
    }
    return anchors
  }

  /// Where the links and pictures of the page lead, and its references to pages of its DocC catalogue, as `Speed.md`.
  public var links: [String] {
    let prose = prose.joined(separator: "\n").replacing(/`[^`\n]+`/, with: "")
    let inline = prose.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }
    let references = prose.matches(of: /(?m)^\[[^\]]+\]: (\S+)/).map { String($0.1) }
    let documents = prose.matches(of: /<doc:([^>#]+)(#[^>]*)?>/).map { "\($0.1).md\($0.2 ?? "")" }
    return inline + references + documents
  }
}
