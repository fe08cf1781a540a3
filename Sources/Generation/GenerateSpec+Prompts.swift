import Formatting
import StrictYAML

extension PromptPair {
  static let section = Section(
    "pair", blank: PromptPair(source: "", target: ""),
    keys: [
      Key("source", \.source, .line(), required: true, example: "a red car", "the prompt of the source"),
      Key("target", \.target, .line(), required: true, example: "a blue car", "the prompt of the target"),
      Key(
        "seeds", \.seeds, .ifGiven(.seeds), brief: true, standard: "those of `generate`", example: "[7, 8]",
        "seeds that this pair has to itself"),
    ])
}

extension PromptPair {
  /// What tells one pair from another.
  fileprivate var prompts: [String] { [source, target] }
}

extension Form<[PromptPair]> {
  /// Pairs, templates, files of pairs, and pairs that are drawn.
  static var pairs: Form<[PromptPair]> {
    Form(
      read: { field, reader in
        reader.expanded(field, of: "pairs", atMost: PlanLimits.prompts, by: \.prompts) { reader.pairs($0) }
      }, write: { .list($0.map(PromptPair.section.write)) })
  }
}

extension Form<[String]> {
  /// Prompts and templates.
  package static func prompts(atMost most: Int = PlanLimits.prompts) -> Form<[String]> {
    Form(
      read: { field, reader in reader.expanded(field, of: "prompts", atMost: most, by: \.self) { reader.prompts($0) } },
      write: { .list($0.map { .text($0) }) })
  }
}

extension FileReader {
  /// The pairs that an entry stands for. After a report there are none, and nothing is written out: it may be too much.
  fileprivate func pairs(_ entry: Field) -> [PromptPair] {
    let literal = PromptPair.section.names
    let template = TemplateEntry.ofPairs.names.filter { !literal.contains($0) }
    let file = PairsFileEntry.section.names
    let drawn = DrawnPairsEntry.section.names.filter { !(template + file).contains($0) }
    let all = literal + template + file + drawn
    guard case .mapping(let entries) = entry.node.content else {
      _ = fields(entry, allowed: all)
      return []
    }
    let has = { (keys: [String]) in entries.contains { keys.contains($0.key) } }
    if has(drawn) { return DrawnPairsEntry.section.soundly(entry, self).map { pairs(of: $0, entry) } ?? [] }
    if has(template) {
      guard let template = TemplateEntry.ofPairs.soundly(entry, self) else { return [] }
      let pairs = template.pairs
      if pairs.isEmpty { report(entry, "the lists hold one combination alone, so there is no target") }
      return pairs
    }
    if has(file) { return PairsFileEntry.section.soundly(entry, self)?.pairs ?? [] }
    if has(literal) { return PromptPair.section.soundly(entry, self).map { [$0] } ?? [] }
    _ = fields(entry, allowed: all)
    if entries.allSatisfy({ all.contains($0.key) }) {
      report(
        entry,
        "expected { source, target }, { template, lists, source }, { file, limit, words, first_seed } or { draw, templates, lists, change }"
      )
    }
    return []
  }

  private func pairs(of drawn: DrawnPairsEntry, _ entry: Field) -> [PromptPair] {
    let pairs = drawn.pairs
    if pairs.count < drawn.count {
      report(
        entry,
        "the templates and lists gave only \(pairs.count) different pairs in \(drawn.tries) tries; draw fewer, or lengthen the "
          + "lists")
    }
    return pairs
  }

  /// The same of prompts.
  fileprivate func prompts(_ entry: Field) -> [String] {
    if case .mapping = entry.node.content, textWithColon(entry) == nil {
      return TemplateEntry.ofPrompts.soundly(entry, self)?.prompts ?? []
    }
    return line(entry).map { [$0] } ?? []
  }

  /// What the entries of a list stand for, all in one list, with a report where one equals an earlier one.
  /// - Parameter identity: what no two of them may have in common.
  fileprivate func expanded<Value: Hashable, Identity: Hashable>(
    _ field: Field, of what: String, atMost most: Int, by identity: (Value) -> Identity, _ read: (Field) -> [Value]
  ) -> [Value]? {
    guard let entries = list(field, of: what) else { return nil }
    var seen: [Identity: String] = [:]
    var values: [Value] = []
    for entry in entries where values.count <= most {
      for value in read(entry) {
        if let first = seen[identity(value)] {
          report(entry, "\(shown(value)) stands in \(first) already; each may stand once")
        } else {
          seen[identity(value)] = entry.path
          values.append(value)
        }
      }
    }
    if values.count > most { report(field, "more than \(most) \(what), the most there may be") }
    return values
  }

  private func shown(_ value: some Hashable) -> String {
    guard let pair = value as? PromptPair else { return quoted("\(value)") }
    return "the pair of \(quoted(pair.source)) and \(quoted(pair.target))"
  }
}
