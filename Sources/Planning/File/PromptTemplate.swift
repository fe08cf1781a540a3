import Formatting
import StrictYAML

/// A prompt with named gaps, `a {color} {animal}`, and the values that each may take.
package struct PromptTemplate {
  /// Text and gaps by turns: literals around `gaps`, always one more than these.
  private let literals: [String]
  /// Names of the gaps in their order; one may stand more than once.
  package let gaps: [String]

  /// - Throws: `TemplateError` that says which gap is wrong.
  package init(_ text: String) throws(TemplateError) {
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
      gaps.append(String(after[..<end]))
      literals.append("")
      rest = after[after.index(after: end)...]
    }
    literals[gaps.count] += rest
    self.literals = literals
    self.gaps = gaps
  }

  package static func isName(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
  }

  /// The prompt with every gap filled. Each gap has a value.
  package func filled(_ values: [String: String]) -> String {
    zip(gaps, literals.dropFirst()).reduce(literals[0]) { $0 + (values[$1.0] ?? "") + $1.1 }
  }
}

package struct TemplateError: Error {
  package let message: String
}

extension SpecDecoder {
  /// Every combination of the lists against the one that `source` names; the first list varies slowest.
  package func templatePairs(_ field: Field) -> [PromptPair] {
    guard
      let fields = reader.fields(field, allowed: ["template", "lists", "source"], required: ["template", "lists"]),
      let (template, lists) = templateAndLists(fields),
      let source = sourceValues(fields["source"], lists: lists)
    else { return [] }
    let all = combinations(lists).map { template.filled($0) }
    let sourcePrompt = template.filled(source)
    let targets = all.filter { $0 != sourcePrompt }
    if targets.isEmpty { reader.report(field, "the lists hold one combination alone, so there is no target") }
    return targets.map { PromptPair(source: sourcePrompt, target: $0) }
  }

  /// Every combination of the lists; the first list varies slowest.
  package func templatePrompts(_ field: Field) -> [String] {
    guard let fields = reader.fields(field, allowed: ["template", "lists"], required: ["template", "lists"]),
      let (template, lists) = templateAndLists(fields)
    else { return [] }
    return combinations(lists).map { template.filled($0) }
  }

  private typealias NamedList = (name: String, values: [String])

  private func templateAndLists(_ fields: Fields) -> (PromptTemplate, [NamedList])? {
    guard let templateField = fields["template"], let listsField = fields["lists"] else { return nil }
    let before = reader.problems.count
    let template = template(templateField)
    let entries = reader.namedFields(listsField, of: "lists")
    if let template, let entries { checkGaps(of: template, templateField, listsField, names: entries.map(\.key)) }
    let lists = (entries ?? []).map { entry in
      let fields = reader.list(entry.value, of: "texts")
      if fields?.isEmpty == true { reader.report(entry.value, "the list is empty") }
      return (name: entry.key, values: reader.distinct(fields ?? []) { reader.line($0) })
    }
    // In floating point, where no product overflows.
    if lists.reduce(1.0, { $0 * Double($1.values.count) }) > Double(Self.mostPrompts) {
      reader.report(listsField, "the lists have more than \(Self.mostPrompts) combinations, the most there may be")
    }
    guard reader.problems.count == before, let template else { return nil }
    return (template, lists)
  }

  /// Reports each gap that has no list, and each list that has no gap.
  private func checkGaps(of template: PromptTemplate, _ templateField: Field, _ listsField: Field, names: [String]) {
    for (index, gap) in template.gaps.enumerated()
    where !names.contains(gap) && template.gaps.firstIndex(of: gap) == index {
      let nearest = nearestName(to: gap, in: names).map { "did you mean {\($0)}? " } ?? ""
      let lists = names.isEmpty ? "there are no lists" : "lists: \(listedNames(names))"
      reader.report(templateField, "{\(clipped(gap))} has no list; \(nearest)\(lists)")
    }
    for name in names where !template.gaps.contains(name) {
      reader.report(listsField, "the template has no {\(clipped(name))} for the list \(quoted(name))")
    }
  }

  private func template(_ field: Field) -> PromptTemplate? {
    guard let text = reader.line(field) else { return nil }
    do {
      return try PromptTemplate(text)
    } catch {
      reader.report(field, error.message)
      return nil
    }
  }

  /// A value for each list: those that `source` names, and the first of the others.
  private func sourceValues(_ field: Field?, lists: [NamedList]) -> [String: String]? {
    var values = Dictionary(lists.map { ($0.name, $0.values.first ?? "") }, uniquingKeysWith: { first, _ in first })
    guard let field else { return values }
    let before = reader.problems.count
    guard let fields = reader.fields(field, allowed: lists.map(\.name)) else { return nil }
    for list in lists {
      guard let entry = fields[list.name], let value = reader.line(entry) else { continue }
      if !list.values.contains(value) {
        let nearest = nearestName(to: value, in: list.values).map { "did you mean \(quoted($0))? " } ?? ""
        let allowed = listedNames(list.values)
        reader.report(entry, "\(quoted(value)) is not in the list \(quoted(list.name)); \(nearest)allowed: \(allowed)")
      }
      values[list.name] = value
    }
    return reader.problems.count == before ? values : nil
  }

  private func combinations(_ lists: [NamedList]) -> [[String: String]] {
    lists.reduce([[:]]) { partial, list in
      partial.flatMap { values in list.values.map { values.merging([list.name: $0]) { $1 } } }
    }
  }
}
