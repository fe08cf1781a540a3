import Checkpoints
import Foundation

extension SceneVocabulary {
  /// The words of a scene reader's folder.
  /// - Throws: `CheckpointError` naming every key that has a wrong type or value.
  public init(folder: URL) throws(CheckpointError) {
    try self.init(ConfigFile(contentsOf: folder.appending(path: "config.json")))
  }

  /// Reads the word lists of a scene reader's `config.json`.
  /// - Throws: `CheckpointError` naming every key that has a wrong type or value.
  init(_ file: ConfigFile) throws(CheckpointError) {
    var file = file
    func list(_ key: String, first: String? = nil) -> [String] {
      let words = file.strings(key)
      if words.isEmpty || Set(words).count != words.count || words.count > 10_000 {
        file.report(key, expected: "1 to 10,000 different words")
      } else if let first, words.first != first {
        file.report(key, found: "\"\(words[0])\" first", expected: "\"\(first)\" first")
      }
      return words
    }
    let objects = list("objects", first: Self.none)
    let colors = list("colors", first: Self.none)
    let facings = list("facings")
    if !facings.isEmpty, Set(facings) != ["left", "right", "front"] {
      file.report("facings", found: facings.joined(separator: ", "), expected: "left, right and front")
    }
    let backgrounds = list("backgrounds", first: Self.plain)
    let styles = list("styles", first: Self.plain)
    let phrases = file.strings("style_phrases", default: [])
    if !phrases.isEmpty, phrases.count != styles.count {
      file.report("style_phrases", found: "\(phrases.count) texts", expected: "one for each of \(styles.count) styles")
    }
    var heldOut: [String: Set<String>] = [:]
    for pair in file.strings("held_out", default: []) {
      let parts = pair.split(separator: " ", maxSplits: 1).map(String.init)
      guard parts.count == 2, colors.contains(parts[0]), objects.contains(parts[1]) else {
        file.report("held_out", found: "\"\(pair)\"", expected: "a color and an object")
        continue
      }
      heldOut[parts[1], default: []].insert(parts[0])
    }
    let prefixes = file.strings("prefixes", default: [])
    try file.finish()
    let named = zip(styles, phrases).filter { !$1.isEmpty }
    self.init(
      objects: objects, colors: colors, facings: facings, backgrounds: backgrounds, styles: styles,
      stylePhrases: Dictionary(named.map { ($0, $1) }, uniquingKeysWith: { first, _ in first }), prefixes: prefixes,
      heldOut: heldOut)
  }
}
