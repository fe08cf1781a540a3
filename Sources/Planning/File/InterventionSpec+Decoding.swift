import Attention
import Formatting
import Schedulers
import StrictYAML
import Tensors

extension SpecDecoder {
  /// - Parameters:
  ///   - count: The run's steps, or nil where they are not known.
  ///   - hasPairs: Whether there are sources to take attention from.
  package func interventions(_ field: Field, count: ClosedRange<Int>?, hasPairs: Bool) -> [InterventionSpec] {
    guard let entries = reader.namedFields(field, of: "names with their lists of operations") else { return [] }
    if entries.isEmpty { reader.report(field, "there are none; write none: [] or leave the key out") }
    var names: [String: String] = [:]
    return entries.flatMap { entry -> [InterventionSpec] in
      if checkName(entry.key, at: entry.keyPlace, path: entry.value.path), entry.key == InterventionSpec.sourceName {
        reader.report(entry.value, "the name \"source\" stands for the source of a pair; choose another")
      }
      let made = interventions(
        named: entry.key, at: entry.keyPlace, entry.value, count: count, hasPairs: hasPairs)
      for intervention in made {
        if let first = names.updateValue(entry.key, forKey: intervention.name) {
          reader.report(
            entry.value, "\(quoted(intervention.name)) is an intervention of \(quoted(first)) already; names differ")
        }
      }
      return made
    }
  }

  package func operation(_ field: Field, count: ClosedRange<Int>?, hasPairs: Bool) -> OperationSpec? {
    // Which keys there are depends on the operation, so that is looked at first.
    let named = reader.value(of: "op", in: field).flatMap(OperationRegistry.named)
    let changesPrompt = named?.changesPrompt == true
    let common = changesPrompt ? SpecReference.keysOfPromptOperations : SpecReference.operation.names
    let keys = common + (named?.keys.map(\.name) ?? [])
    guard let fields = reader.fields(field, allowed: keys, required: changesPrompt ? ["op"] : ["op", "sites"])
    else { return nil }
    let names = OperationRegistry.all.map(\.name)
    let op = fields["op"].flatMap { reader.choice($0, of: names) }.flatMap(OperationRegistry.named) ?? .zero
    if op.needsSource, !hasPairs {
      reader.report(field, "\(op.name) takes the attention of a pair's source, and generate has no pairs")
    }
    let values = op.keys.compactMap { key in
      fields[key.name].flatMap { value($0, of: key.kind) }.map { (key.name, $0) }
    }
    let operation = OperationSpec(
      op: op, values: Dictionary(uniqueKeysWithValues: values),
      place: fields["of"].flatMap { reader.choice($0, AttentionEdit.Place.self) } ?? .probabilities,
      sites: fields["sites"].flatMap(sites) ?? "", steps: fields["steps"].flatMap { steps($0, count: count) } ?? .all,
      branch: fields["branch"].flatMap { reader.choice($0, BranchChoice.self) } ?? .conditional,
      heads: fields["heads"].flatMap(headList), words: fields["words"].flatMap(wordList),
      renormalize: fields["renormalize"].flatMap(reader.bool) ?? false)
    check(operation, fields, field)
    return operation
  }

  /// The value of an operation's own key.
  private func value(_ field: Field, of kind: OperationKey.Kind) -> OperationValue? {
    switch kind {
    case .number(let range):
      // A small negative number is -0 as a Float: plus 0 it is 0, which is written alike.
      reader.number(field, in: range).map { .number(Float($0) + 0) }
    case .seed: seed(field).map { .seed($0) }
    case .name(let names): reader.choice(field, of: names).map { .name($0) }
    case .prompts: .texts(prompts(field, atMost: DatasetSpec.mostRuns))
    case .seeds: .seeds(seeds(field))
    }
  }

  private func headList(_ field: Field) -> [Int]? {
    if case .scalar("all", .text) = field.node.content { return nil }
    guard let entries = reader.list(field, of: "heads, or all") else { return nil }
    if entries.isEmpty { reader.report(field, "the list is empty; leave the key out for all heads") }
    return reader.distinct(entries) { reader.integer($0, in: 0...1023) }
  }

  private func wordList(_ field: Field) -> [TokenName]? {
    if case .scalar("all", .text) = field.node.content { return nil }
    guard case .names(let names)? = tokens(field) else { return nil }
    return names
  }

  /// Notes what an operation cannot do at its place.
  private func check(_ operation: OperationSpec, _ fields: Fields, _ field: Field) {
    let place = operation.place
    if let refusal = operation.op.refusal(of: place) { reader.report(fields["of"] ?? field, refusal) }
    let limited = operation.op.keys.compactMap { key in key.place.map { (key.name, $0) } }
    for (key, only) in limited + [("renormalize", .probabilities)] where place != only {
      guard let field = fields[key] else { continue }
      reader.report(field, "is for \(only.rawValue) alone, and of is \(place.rawValue)")
    }
    if place == .output, fields["heads"] != nil {
      reader.report(
        fields["heads"] ?? field, "an attention's output has no heads; choose queries, keys, values or maps")
    }
    if [.queries, .output].contains(place), operation.words != nil {
      reader.report(
        fields["words"] ?? field, "words are keys, and of is \(place.rawValue), which belongs to places of the picture")
    }
  }

  /// `all`, a list of indices, `{ from, to, every }` or `{ fraction: [a, b] }`, checked against the run's steps.
  package func steps(_ field: Field, count: ClosedRange<Int>?) -> StepSelector? {
    guard let selector = stepSelector(field) else { return nil }
    // Where the count is not known, the most that there may be still finds what is wrong in any run.
    let count = count ?? Self.mostCalls...Self.mostCalls
    do {
      _ = try selector.resolve(count: count.lowerBound)
      return selector
    } catch {
      // What some scheduler may have is left to the plan, which knows it.
      if (try? selector.resolve(count: count.upperBound)) != nil { return selector }
      // The message begins with `steps: ` or `steps.fraction: `; here the whole path stands in that word's place.
      let rest = error.description.drop { $0.isLetter }
      reader.report(at: field.node.place, path: field.path, field.path + rest)
      return nil
    }
  }

  /// The most calls of the model that a run may make.
  package static let mostCalls = SchedulerKind.allCases.map { $0.mostCalls(steps: 1000) }.max() ?? 1000

  private func stepSelector(_ field: Field) -> StepSelector? {
    switch field.node.content {
    case .scalar("all", .text):
      return .all
    case .list:
      let entries = reader.list(field, of: "steps") ?? []
      let before = reader.problems.count
      let steps = reader.distinct(entries) { reader.integer($0, in: 0...(Self.mostCalls - 1)) }
      return reader.problems.count == before ? .list(steps) : nil
    case .mapping(let entries) where entries.contains { $0.key == "fraction" }:
      guard let fields = reader.fields(field, allowed: ["fraction"]) else { return nil }
      return fields["fraction"].flatMap(fraction)
    case .mapping:
      guard let fields = reader.fields(field, allowed: ["from", "to", "every", "fraction"], required: ["from", "to"]),
        let from = fields["from"].flatMap({ reader.integer($0, in: 0...Self.mostCalls) }),
        let to = fields["to"].flatMap({ reader.integer($0, in: 1...Self.mostCalls) })
      else { return nil }
      guard let everyField = fields["every"] else { return .range(from: from, to: to, every: 1) }
      return reader.integer(everyField, in: 1...1000).map { .range(from: from, to: to, every: $0) }
    case .scalar:
      reader.report(
        field,
        "expected all, a list as [0, 10, 20], { from: 0, to: 30, every: 10 } or { fraction: [0, 0.8] }, found "
          + field.node.described)
      return nil
    }
  }

  private func fraction(_ field: Field) -> StepSelector? {
    guard let entries = reader.list(field, of: "two numbers") else { return nil }
    guard entries.count == 2 else {
      reader.report(field, "expected two numbers, found \(entries.count); [0, 0.8] is the first 80 % of the steps")
      return nil
    }
    guard let from = reader.number(entries[0], in: 0...1), let to = reader.number(entries[1], in: 0...1) else {
      return nil
    }
    return .fraction(from: from, to: to)
  }
}
