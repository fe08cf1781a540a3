import Files
import Formatting
import Foundation
import StrictYAML
import Tensors

/// An entry of `pairs` that names a JSON file in the format of the Free-Prompt-Editing benchmarks: a list of objects with
/// `soure_prompt` (so spelled there; `source_prompt` is taken too) and `edit_prompt`. An entry that repeats an earlier one
/// of the file is left out, since the published lists hold some.
struct PairsFileEntry: Sendable {
  fileprivate var all: [PromptPair] = []
  fileprivate var limit: Int?
  /// The words that a pair may have; nil: any.
  fileprivate var words: [String]?
  /// nil: pairs have no seeds of their own.
  fileprivate var firstSeed: Seed?

  var pairs: [PromptPair] {
    let allowed = words.map(Set.init)
    let said = all.filter { pair in
      let own = "\(pair.source) \(pair.target)".split(separator: " ").map(String.init)
      return allowed.map { $0.isSuperset(of: own) } ?? true
    }
    return said.prefix(limit ?? said.count).enumerated().map { number, pair in
      let seeds = firstSeed.map { [Seed($0.value &+ UInt64(number))] }
      return PromptPair(source: pair.source, target: pair.target, seeds: seeds)
    }
  }

  static let section = Section(
    "file", blank: PairsFileEntry(),
    keys: [
      Key(
        "file", \.all, pairsOfFileForm, required: true, example: "pairs.json",
        "a JSON file of pairs; a relative path begins at the experiment file's folder"),
      Key(
        "limit", \.limit, .orNull(.whole(1...PlanLimits.prompts)), example: "1",
        "how many of the file's pairs are taken, the first ones, {allowed}; `null` for all"),
      Key(
        "words", \.words,
        .orNull(.distinct(of: "words", .line(allowsEmpty: false), ifEmpty: "leave the key out for all pairs")),
        example: "[a, red, blue, car]",
        "only pairs are taken whose prompts are of these words; `null` for all"),
      Key(
        "first_seed", \.firstSeed, .ifGiven(.seed), standard: "the seeds of `generate`", example: "2000",
        "gives each pair a seed of its own: this one to the first, and the numbers after it to the others"),
    ]
  ) { entry, fields, reader in
    if let field = fields["words"], !entry.all.isEmpty, entry.words != nil, entry.pairs.isEmpty {
      reader.report(field, "no pair of the file is of these words alone; add what its prompts say")
    }
    if let field = fields["first_seed"],
      entry.firstSeed.map({ $0.value.addingReportingOverflow(UInt64(entry.all.count)).overflow }) == true
    {
      reader.report(field, "the last pair's seed would be above the largest seed, \(Seed.max)")
    }
  }
}

private let pairsOfFileForm = Form<[PromptPair]>(
  read: { field, reader in
    guard let name = reader.line(field, allowsEmpty: false) else { return nil }
    let path = reader.path(name, field)
    do throws(PairsFile.Failure) {
      return try PairsFile.read(path, from: field.isOfOption ? "your working folder" : "the experiment file")
    } catch {
      for message in error.messages { reader.report(field, "\(path): \(message)") }
      return nil
    }
  }, write: { _ in nil })

enum PairsFile {
  /// Bytes; the largest published list has half a megabyte.
  static let mostBytes = 16 << 20

  struct Failure: Error {
    let messages: [String]
  }

  private struct Entry: Decodable {
    let source: String?
    let misspelledSource: String?
    let target: String?
    let picture: String?

    enum CodingKeys: String, CodingKey {
      case source = "source_prompt"
      case misspelledSource = "soure_prompt"
      case target = "edit_prompt"
      case picture = "image_name"
    }
  }

  /// The file's distinct pairs, in its order.
  /// - Parameter start: where a relative path begins, for messages.
  static func read(_ path: String, from start: String) throws(Failure) -> [PromptPair] {
    let data: Data
    do { data = try OpenFile(URL(filePath: path)).data(limit: mostBytes) } catch {
      let isMissing = error.isMissing || error.reason == .system(ENOTDIR)
      throw Failure(messages: [
        isMissing ? "there is no such file; the path begins at \(start)" : error.problem
      ])
    }
    let entries: [Entry]
    do {
      entries = try JSONDecoder().decode([Entry].self, from: data)
    } catch {
      throw Failure(messages: [explained(error)])
    }
    var messages: [String] = []
    var seen: Set<PromptPair> = []
    var pairs: [PromptPair] = []
    for (index, entry) in entries.enumerated() {
      do {
        let pair = try self.pair(entry)
        if seen.insert(pair).inserted { pairs.append(pair) }
      } catch {
        messages += error.messages.map { "entry \(index): \($0)" }
      }
    }
    if entries.isEmpty { messages.append("the list is empty") }
    // The rest of a file of another format would say the same a thousand times.
    let shown = messages.count <= 5 ? messages : messages.prefix(5) + ["and \(messages.count - 5) problems more"]
    guard shown.isEmpty else { throw Failure(messages: shown) }
    return pairs
  }

  private static func pair(_ entry: Entry) throws(Failure) -> PromptPair {
    if let picture = entry.picture {
      throw Failure(messages: [
        "image_name \(quoted(picture)) asks for an edit of a real picture, which is not possible yet"
      ])
    }
    guard let source = entry.misspelledSource ?? entry.source, let target = entry.target else {
      throw Failure(messages: ["expected the keys soure_prompt (or source_prompt) and edit_prompt"])
    }
    if let control = [source, target].compactMap(firstControl).first {
      throw Failure(messages: ["a prompt holds the control character \(control); a prompt is one line of text"])
    }
    return PromptPair(source: source, target: target)
  }

  private static func explained(_ error: any Error) -> String {
    let expected = "expected a JSON list of { \"soure_prompt\": text, \"edit_prompt\": text }"
    switch error as? DecodingError {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context):
      let place = context.codingPath.map { $0.intValue.map { "entry \($0)" } ?? $0.stringValue }.joined(separator: ", ")
      return place.isEmpty ? expected : "\(expected), found another type at \(place)"
    default:
      return "not valid JSON; \(expected)"
    }
  }
}
