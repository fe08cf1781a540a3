import Foundation

/// The fonts of the machine, for signs that the module's own has not.
///
/// They are looked at in a fixed order, each once, and stay open: regular faces before others, then by their paths.
final class InstalledFonts {
  /// As many files as are looked at.
  private static let most = 1000

  private var files: [URL]
  private var faces: [Face] = []
  /// By sign; nil for one that no font has.
  private var known: [Unicode.Scalar: Face?] = [:]

  /// - Parameter folders: searched with all that is in them.
  init(folders: [URL]) {
    files = Self.files(in: folders).sorted { Self.order($0) < Self.order($1) }
  }

  /// Where fonts are installed, as fontconfig has it: for all users, and for this one.
  static var folders: [URL] {
    let environment = ProcessInfo.processInfo.environment
    let home = environment["HOME"].map {
      [$0 + "/.fonts", (environment["XDG_DATA_HOME"] ?? $0 + "/.local/share") + "/fonts"]
    }
    let shared = (environment["XDG_DATA_DIRS"] ?? "/usr/local/share:/usr/share").split(separator: ":").map {
      "\($0)/fonts"
    }
    return (shared + (home ?? [])).map { URL(filePath: $0, directoryHint: .isDirectory) }
  }

  /// The first face that has a sign.
  func face(with scalar: Unicode.Scalar) -> Face? {
    if let known = known[scalar] { return known }
    var found = faces.first { $0.glyph(of: scalar) != 0 }
    while found == nil, !files.isEmpty {
      guard let face = Face(file: files.removeFirst()) else { continue }
      faces.append(face)
      if face.glyph(of: scalar) != 0 { found = face }
    }
    known[scalar] = .some(found)
    return found
  }

  private static func files(in folders: [URL]) -> [URL] {
    var files: [URL] = []
    for folder in folders {
      let keys: [URLResourceKey] = [.isRegularFileKey]
      let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: keys)
      while let file = found?.nextObject() as? URL, files.count < most {
        guard ["ttf", "otf", "ttc", "otc"].contains(file.pathExtension.lowercased()),
          (try? file.resolvingSymlinksInPath().resourceValues(forKeys: Set(keys)))?.isRegularFile == true
        else { continue }
        files.append(file)
      }
    }
    return files
  }

  private static func order(_ file: URL) -> (Int, String) {
    let name = file.lastPathComponent.lowercased()
    // Fonts whose glyphs stand for what is missing have one for every sign.
    let last = ["lastresort", "adobeblank", "notdef"].contains { name.contains($0) }
    let styled = ["bold", "italic", "oblique", "light", "thin", "black", "condensed", "mono", "serif"]
      .contains { name.contains($0) }
    return (last ? 2 : styled ? 1 : 0, file.path)
  }
}
