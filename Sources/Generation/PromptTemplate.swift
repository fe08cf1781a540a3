import Formatting
import StrictYAML

/// A prompt with named gaps, `a {color} {animal}`, and the values that each may take.
struct PromptTemplate {
  /// Text and gaps by turns: literals around `gaps`, always one more than these.
  private let literals: [String]
  /// Names of the gaps in their order; one may stand more than once.
  let gaps: [String]

  /// - Throws: `TemplateError` that says which gap is wrong.
  init(_ text: String) throws(TemplateError) {
    var literals: [String] = [""]
    var gaps: [String] = []
    var rest = text[...]
    while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      literals[gaps.count] += rest[..<brace]
      let after = rest[rest.index(after: brace)...]
      guard rest[brace] == "{", let end = after.firstIndex(where: { $0 == "{" || $0 == "}" }), after[end] == "}" else {
        throw TemplateError(message: "a brace has no partner in \(quoted(text)); a gap is written {name}")
      }
      guard Self.isName(after[..<end]) else {
        throw TemplateError(
          message: "{\(clipped(String(after[..<end])))} is no gap; a name has letters, digits, - and _")
      }
      guard gaps.count < Self.mostGaps else {
        throw TemplateError(message: "the template has more than \(Self.mostGaps) gaps")
      }
      gaps.append(String(after[..<end]))
      literals.append("")
      rest = after[after.index(after: end)...]
    }
    literals[gaps.count] += rest
    self.literals = literals
    self.gaps = gaps
  }

  static func isName(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
  }

  /// A prompt has 77 tokens; what is longer is cut off.
  private static let mostGaps = 100
  static let mostBytes = 4096

  /// The prompt with every gap filled. Each gap has a value.
  func filled(_ values: [String: String]) -> String {
    zip(gaps, literals.dropFirst()).reduce(into: literals[0]) { text, next in
      text += values[next.0] ?? ""
      text += next.1
    }
  }

  /// Reports a template of which a prompt may become too long, before any is made.
  /// - Parameter list: of a gap; nil where it has none.
  func checkLength(_ field: Field, _ reader: FileReader, list: (String) -> NamedTexts?) {
    let longest = Dictionary(
      gaps.map { ($0, list($0)?.values.map(\.utf8.count).max() ?? 0) }, uniquingKeysWith: { first, _ in first })
    let bytes = gaps.reduce(literals.reduce(0) { $0 + $1.utf8.count }) { $0 + (longest[$1] ?? 0) }
    guard bytes > Self.mostBytes else { return }
    reader.report(
      field, "a prompt of the template may have \(grouped(bytes)) bytes; the most is \(grouped(Self.mostBytes))")
  }
}

struct TemplateError: Error {
  let message: String
}

/// An entry of `pairs` or `prompts` that is a template with its lists.
struct TemplateEntry: Sendable {
  fileprivate var template: PromptTemplate?
  fileprivate var lists: [NamedTexts]?
  /// What the source has of some lists; of the others it has their first.
  fileprivate var source: [String: String] = [:]

  /// Every combination of the lists; the first list varies slowest.
  var prompts: [String] {
    guard let template, let lists else { return [] }
    let combinations = lists.reduce([[:]]) { partial, list in
      partial.flatMap { values in list.values.map { values.merging([list.name: $0]) { $1 } } }
    }
    return combinations.map { template.filled($0) }
  }

  /// Every combination of the lists against that of the source.
  var pairs: [PromptPair] {
    let firsts = (lists ?? []).map { ($0.name, $0.values.first ?? "") }
    let values = Dictionary(firsts, uniquingKeysWith: { first, _ in first }).merging(source) { $1 }
    guard let source = template?.filled(values) else { return [] }
    return prompts.filter { $0 != source }.map { PromptPair(source: source, target: $0) }
  }

  static let ofPrompts = Section("template", blank: TemplateEntry(), keys: keys, check: check)

  static let ofPairs = Section(
    "template", blank: TemplateEntry(),
    keys: keys + [
      Key(
        "source", standard: "the first value of each list", example: "{ color: blue }",
        "the values of the source prompt, by list",
        read: { fields, reader, entry in
          if let field = fields["source"] { entry.source = entry.valuesOfSource(field, reader) }
        }, write: { _ in nil })
    ], check: check)

  private static let keys: [Key<TemplateEntry>] = [
    Key(
      "template", \.template, .ifGiven(.template), required: true, example: "\"a {color} car\"", "a prompt with gaps"
    ),
    Key(
      "lists", \.lists, .ifGiven(.lists(combinations: PlanLimits.prompts)), required: true,
      example: "{ color: [red, blue, green] }",
      "a list of texts for each gap"),
  ]

  /// Reports each gap that has no list, and each list that has no gap.
  private static let check: @Sendable (TemplateEntry, Fields, FileReader) -> Void = { entry, fields, reader in
    guard let template = entry.template, let names = entry.lists?.map(\.name), let templateField = fields["template"],
      let listsField = fields["lists"]
    else { return }
    template.checkLength(templateField, reader) { gap in entry.lists?.first { $0.name == gap } }
    for gap in template.gaps.uniqued where !names.contains(gap) {
      let nearest = nearestName(to: gap, in: names).map { "did you mean {\($0)}? " } ?? ""
      let lists = names.isEmpty ? "there are no lists" : "lists: \(listedNames(names))"
      reader.report(templateField, "{\(clipped(gap))} has no list; \(nearest)\(lists)")
    }
    for name in names where !template.gaps.contains(name) {
      reader.report(listsField, "the template has no {\(clipped(name))} for the list \(quoted(name))")
    }
  }

  private func valuesOfSource(_ field: Field, _ reader: FileReader) -> [String: String] {
    // What is wrong with the lists is said already.
    guard let lists, let fields = reader.fields(field, allowed: lists.map(\.name)) else { return [:] }
    var values: [String: String] = [:]
    for list in lists {
      guard let entry = fields[list.name], let value = reader.line(entry) else { continue }
      if !list.values.contains(value) {
        let nearest = nearestName(to: value, in: list.values).map { "did you mean \(quoted($0))? " } ?? ""
        reader.report(
          entry,
          "\(quoted(value)) is not in the list \(quoted(list.name)); \(nearest)allowed: "
            + listedNames(list.values))
      }
      values[list.name] = value
    }
    return values
  }
}

/// What a gap may be filled with.
struct NamedTexts: Sendable {
  let name: String
  let values: [String]
}

extension Form<PromptTemplate> {
  static var template: Form<PromptTemplate> {
    Form(
      read: { field, reader in
        guard let text = reader.line(field) else { return nil }
        do throws(TemplateError) { return try PromptTemplate(text) } catch {
          reader.report(field, error.message)
          return nil
        }
      }, write: { _ in nil })
  }
}

extension Form<[NamedTexts]> {
  /// - Parameter most: of the combinations that they have; nil where they are not all written out.
  static func lists(combinations most: Int?) -> Form<[NamedTexts]> {
    Form(
      read: { field, reader in
        guard let entries = reader.namedFields(field, of: "lists") else { return nil }
        let lists = entries.map { entry in
          let values = Form<[String]>.distinct(of: "texts", .line()).read(entry.value, reader)
          if case .list(let nodes) = entry.value.node.content, nodes.isEmpty {
            reader.report(entry.value, "the list is empty")
          }
          return NamedTexts(name: entry.key, values: values ?? [])
        }
        // In floating point, where no product overflows.
        if let most, lists.reduce(1.0, { $0 * Double($1.values.count) }) > Double(most) {
          reader.report(field, "the lists have more than \(most) combinations, the most there may be")
        }
        return lists
      }, write: { _ in nil })
  }
}
