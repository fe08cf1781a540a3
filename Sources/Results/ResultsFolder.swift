import AttentionStore
import Files
import Foundation
import Measures

/// The folder of an experiment's results: `Results/<name>`.
///
///     report.md, figures/, tables/     what is committed: the same bytes for the same results
///     <name>.sqlite                    maps, runs and metrics
///     runs/<hash>/                     picture.png and latents.safetensors of each run
///     probes/<name>.json               trained probes
///     manifest.json                    times, machine, program, the file's commit
///     ratings.csv                      what raters said of pictures, if any were rated
public struct ResultsFolder: Hashable, Sendable {
  public let url: URL
  public var name: String { url.lastPathComponent }

  public init(_ url: URL) {
    self.url = url.standardizedFileURL
  }

  public var database: URL { url.appending(path: "\(name).sqlite") }
  public var report: URL { url.appending(path: "report.md") }
  public var figures: URL { url.appending(path: "figures") }
  public var tables: URL { url.appending(path: "tables") }
  public var runs: URL { url.appending(path: RunFile.runs) }
  var probes: URL { url.appending(path: StoredProbe.folder) }
  public var manifest: URL { url.appending(path: "manifest.json") }
  public var ratings: URL { url.appending(path: RatingsFile.name) }

  /// The names of the folders in it that attnlab writes to.
  var subfolders: [String] { [runs, figures, tables, probes].map(\.lastPathComponent) }

  /// The folder, for reading in it.
  /// - Throws: `FileError` if there is none.
  public func open() throws(FileError) -> OpenFolder { try OpenFolder(url) }

  /// The folder, for writing, replacing and removing in it; made where it is missing. It may be a link itself.
  /// - Throws: `FileError`, also for a link or another kind of thing where results are written: that is better known
  ///   before anything is computed.
  public func openForWriting() throws(FileError) -> OpenFolder {
    let folder = try OpenFolder.make(url)
    for name in subfolders where try folder.kind(of: name) != nil { _ = try folder.folder(name) }
    for place in [report, manifest, ratings] { try folder.requireReplaceable(place.lastPathComponent) }
    return folder
  }

  /// Opens a folder that files are to be written to, and makes it where it is missing. Links in its path are followed, as
  /// whoever named it knows them, but not where they stand inside a folder of results.
  /// - Throws: `FileError`.
  public static func openForOutput(_ url: URL) throws(FileError) -> OpenFolder {
    guard let (results, below) = enclosing(url) else { return try OpenFolder.make(url) }
    let folder = try OpenFolder(results)
    return below.isEmpty ? folder : try folder.folder(below, making: true)
  }

  /// Begins a file that somebody named, in a folder that is opened as by `openForOutput`. Where the name is a link, the file
  /// that it leads to is replaced, but not inside a folder of results.
  /// - Parameter opened: folders that files were begun in before, by their paths: each is opened once.
  /// - Throws: `FileError`.
  static func beginOutput(_ url: URL, _ opened: inout [String: OpenFolder]) throws(FileError) -> NewFile {
    let url = url.absoluteURL.standardizedFileURL
    let above = url.deletingLastPathComponent()
    let folder: OpenFolder
    if let known = opened[above.path] {
      folder = known
    } else {
      folder = try openForOutput(above)
      folder.completeNames()
      opened[above.path] = folder
    }
    let kind = try folder.kind(of: url.lastPathComponent)
    // A link that leads nowhere is refused as it stands.
    guard kind == .link, enclosing(above) == nil, FileManager.default.fileExists(atPath: url.path) else {
      return try folder.newFile(url.lastPathComponent)
    }
    return try beginOutput(url.resolvingSymlinksInPath(), &opened)
  }

  /// The folder of results that a place lies in, with the path from there; empty for that folder itself.
  private static func enclosing(_ url: URL) -> (results: URL, below: String)? {
    var place = url.absoluteURL.standardizedFileURL
    var below: [String] = []
    while place.pathComponents.count > 1 {
      if FileManager.default.fileExists(atPath: ResultsFolder(place).database.path) {
        return (place, below.joined(separator: "/"))
      }
      below.insert(place.lastPathComponent, at: 0)
      place = place.deletingLastPathComponent()
    }
    return nil
  }

  /// The results below a folder, by name: those that have a database.
  public static func all(in root: URL) -> [ResultsFolder] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return names.sorted().map { ResultsFolder(root.appending(path: $0)) }
      .filter { FileManager.default.fileExists(atPath: $0.database.path) }
  }
}
