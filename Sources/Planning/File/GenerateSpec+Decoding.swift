import Formatting
import StrictYAML
import Tensors

extension SpecDecoder {
  /// More pictures than this of one file are a mistake in a template.
  package static let mostPrompts = 10_000

  package func generate(_ field: Field) -> GenerateSpec? {
    guard let fields = reader.fields(field, allowed: SpecReference.generate.names, required: ["seeds"]) else {
      return nil
    }
    let pairs = fields["pairs"].map(pairs)
    let prompts = fields["prompts"].map(prompts)
    // Of a list that could not be read it is already said what is wrong with it.
    let areKnown = !reader.hasProblem(below: "generate.pairs") && !reader.hasProblem(below: "generate.prompts")
    if areKnown, pairs?.isEmpty ?? true, prompts?.isEmpty ?? true {
      reader.report(at: fields.place, path: field.path, "generate: nothing to generate; give pairs, prompts, or both")
    }
    let settings = settings(field, fields)
    return GenerateSpec(
      pairs: pairs ?? [], prompts: prompts ?? [],
      seeds: fields["seeds"].map(seeds) ?? [],
      settings: settings.isEmpty ? [GenerationSettings()] : settings,
      negativePrompt: fields["negative_prompt"].flatMap { reader.line($0) } ?? "",
      height: given(fields["height"]).flatMap(pixels),
      width: given(fields["width"]).flatMap(pixels),
      precision: fields["precision"].flatMap { reader.choice($0, Precision.self) } ?? .fp32,
      batch: fields["batch"].flatMap { reader.integer($0, in: 2...1024) } ?? GenerateSpec.defaultBatch)
  }

  /// The field of a key whose value may be null, which means the same as its absence.
  package func given(_ field: Field?) -> Field? {
    field.flatMap { $0.node.isNull ? nil : $0 }
  }

  package func seeds(_ field: Field) -> [Seed] {
    guard let fields = reader.list(field, of: "seeds") else { return [] }
    if fields.isEmpty { reader.report(field, "the list is empty; give one seed or more") }
    return reader.distinct(fields) { seed($0) }
  }

  package func seed(_ field: Field) -> Seed? { reader.integer(field, in: Seed.values).map { Seed($0) } }

  private func pixels(_ field: Field) -> Int? {
    guard let pixels = reader.integer(field, in: 8...8192) else { return nil }
    guard pixels.isMultiple(of: 8) else {
      reader.report(
        field, "\(pixels) is not allowed; a multiple of 8 pixels, as \(pixels / 8 * 8) or \(pixels / 8 * 8 + 8)")
      return nil
    }
    return pixels
  }

  // MARK: Pairs and prompts

  private func pairs(_ field: Field) -> [PromptPair] {
    guard let fields = reader.list(field, of: "pairs") else { return [] }
    return expanded(field, fields, of: "pairs") { entry in
      let keys = ["source", "target", "template", "lists", "file", "limit"]
      guard case .mapping(let entries) = entry.node.content else {
        _ = reader.fields(entry, allowed: keys)
        return []
      }
      let has = { (key: String) in entries.contains { $0.key == key } }
      if has("template") || has("lists") { return templatePairs(entry) }
      if has("file") || has("limit") { return pairsFile(entry) }
      if has("source") || has("target") { return literalPair(entry) }
      _ = reader.fields(entry, allowed: keys)
      if entries.allSatisfy({ keys.contains($0.key) }) {
        reader.report(entry, "expected { source, target }, { template, lists, source } or { file, limit }")
      }
      return []
    }
  }

  private func literalPair(_ field: Field) -> [PromptPair] {
    guard let fields = reader.fields(field, allowed: ["source", "target"], required: ["source", "target"]) else {
      return []
    }
    let source = fields["source"].flatMap { reader.line($0) }
    let target = fields["target"].flatMap { reader.line($0) }
    guard let source, let target else { return [] }
    return [PromptPair(source: source, target: target)]
  }

  package func prompts(_ field: Field) -> [String] { prompts(field, atMost: Self.mostPrompts) }

  package func prompts(_ field: Field, atMost most: Int) -> [String] {
    guard let fields = reader.list(field, of: "prompts") else { return [] }
    return expanded(field, fields, of: "prompts", atMost: most) { entry in
      if case .mapping = entry.node.content, reader.textWithColon(entry) == nil { return templatePrompts(entry) }
      return reader.line(entry).map { [$0] } ?? []
    }
  }

  /// What the entries stand for, all in one list, with a report where one equals an earlier one.
  private func expanded<Value: Hashable>(
    _ field: Field, _ entries: [Field], of what: String, atMost most: Int = Self.mostPrompts, _ read: (Field) -> [Value]
  ) -> [Value] {
    var seen: [Value: String] = [:]
    var values: [Value] = []
    for entry in entries where values.count <= most {
      for value in read(entry) {
        if let first = seen[value] {
          reader.report(entry, "\(shown(value)) stands in \(first) already; each may stand once")
        } else {
          seen[value] = entry.path
          values.append(value)
        }
      }
    }
    if values.count > most { reader.report(field, "more than \(most) \(what), the most there may be") }
    return values
  }

  private func shown(_ value: some Hashable) -> String {
    guard let pair = value as? PromptPair else { return quoted("\(value)") }
    return "the pair of \(quoted(pair.source)) and \(quoted(pair.target))"
  }
}
