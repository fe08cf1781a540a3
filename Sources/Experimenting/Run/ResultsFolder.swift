import Foundation

/// The folder of an experiment's results: `Results/<name>`.
///
///     report.md, figures/, tables/     what is committed: the same bytes for the same results
///     <name>.sqlite                    maps, runs and metrics
///     runs/<hash>/                     picture.png and latents.safetensors of each run
///     manifest.json                    times, machine, commit
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
  public var runs: URL { url.appending(path: "runs") }
  public var manifest: URL { url.appending(path: "manifest.json") }

  /// The folder of one run's files, relative to `url`: named by the first 16 digits of its hash.
  public static func runPath(_ hash: String) -> String { "runs/\(hash.prefix(16))" }

  /// The results below a folder, by name: those that have a database.
  public static func all(in root: URL) -> [ResultsFolder] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return names.sorted().map { ResultsFolder(root.appending(path: $0)) }
      .filter { FileManager.default.fileExists(atPath: $0.database.path) }
  }
}

/// Writes a file whole or not at all: beside its place first, then renamed.
/// - Throws: a file error.
func writeAtomically(_ data: Data, to url: URL) throws {
  try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try data.write(to: url, options: .atomic)
}
