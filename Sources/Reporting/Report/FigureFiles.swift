import ExperimentFiles
import Files
import Formatting
import Foundation
import Plotting
import ProbePages
import Tensors

/// Writes a report's figures and remembers their names.
final class FigureWriter {
  /// Of the results.
  private let folder: OpenFolder
  /// In the order they were written.
  private(set) var names: [String] = []

  init(_ folder: OpenFolder) {
    self.folder = folder
  }

  /// - Parameters:
  ///   - name: Such as `side_by_side-1.png`; `isOwn` holds for it.
  ///   - hashes: Of the runs or groups that it shows.
  func write(
    _ picture: Picture, as name: String, title: String, prompts: [String], seeds: [Seed], hashes: [String]
  ) throws -> FigureFile {
    precondition(Self.isOwn(name), "\(name) would never be cleaned up")
    let texts = [PNG.Text].origin(title: title, prompts: prompts, seeds: seeds, hashes: hashes)
    try folder.write(Data(PNG.encode(picture, texts: texts)), to: "\(Self.place)/\(name)", making: true)
    names.append(name)
    return FigureFile(name: name, title: title)
  }

  /// The folder of the figures, below that of the results.
  static let place = "figures"

  private static let kinds =
    FigureName.allCases.map(\.rawValue) + [
      ReportVerdicts.figure, ReportMethodComparison.figure, ReportLayers.figure, ProbeFigures.kind,
      KnowsAgainstDoesPage.kind,
    ]

  /// Whether this tool gives a file such a name: a figure's kind, then words and numbers after hyphens.
  static func isOwn(_ name: String) -> Bool {
    guard name.hasSuffix(".png"), let kind = kinds.first(where: { name.hasPrefix($0) }) else { return false }
    let rest = name.dropFirst(kind.count).dropLast(4)
    let parts = rest.split(separator: "-", omittingEmptySubsequences: false)
    let isPlain = { (part: Substring) in
      !part.isEmpty && part.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0) }
    }
    return rest.isEmpty || (parts.first == "" && parts.count > 1 && parts.dropFirst().allSatisfy(isPlain))
  }
}

/// A figure that was written.
struct FigureFile {
  let name: String
  let title: String

  var markdown: String { "![\(Markdown.text(title))](figures/\(name))" }
}

/// The figures of one kind in a report.
struct FigureSection {
  let heading: String
  /// How to read them, in a few sentences of Markdown.
  let reading: String
  /// Figures that belong together, under a caption; the first stays open, the others open on a click.
  var entries: [(caption: String, files: [FigureFile])] = []
  /// What the numbers of the figures come to, each in Markdown.
  var findings: [String] = []
  /// What was left out, and why; empty where nothing was.
  var omitted: [String] = []
  /// The numbers of the figures, by the name of their file.
  var tables: [(name: String, table: CSVTable)] = []

  var markdown: String {
    var parts = ["### \(heading)", reading]
    for (index, entry) in entries.enumerated() {
      let pictures = entry.files.map(\.markdown).joined(separator: "\n\n")
      if entry.caption.isEmpty {
        parts.append(pictures)
      } else if index == 0 {
        parts += ["**\(Markdown.text(entry.caption))**", pictures]
      } else {
        parts.append(Markdown.details(entry.caption, pictures))
      }
    }
    parts += findings
    if !tables.isEmpty {
      parts.append("The numbers: \(listed(tables.map { "[tables/\($0.name)](tables/\($0.name))" })).")
    }
    if !omitted.isEmpty { parts.append("*\(omitted.joined(separator: " "))*") }
    return parts.joined(separator: "\n\n")
  }
}
