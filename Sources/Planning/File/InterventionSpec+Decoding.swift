import Attention
import Formatting
import Schedulers
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
    let named = reader.value(of: "op", in: field).flatMap { AttentionOperation(rawValue: $0) }
    let keys = SpecReference.operation.names + (named?.parameters ?? [])
    guard let fields = reader.fields(field, allowed: keys, required: ["op", "sites"]) else { return nil }
    let op = fields["op"].flatMap { reader.choice($0, AttentionOperation.self) } ?? .zero
    if op.needsSource, !hasPairs {
      reader.report(field, "\(op.rawValue) takes the attention of a pair's source, and generate has no pairs")
    }
    let operation = OperationSpec(
      op: op, place: fields["of"].flatMap { reader.choice($0, AttentionEdit.Place.self) } ?? .probabilities,
      change: change(op, fields), sites: fields["sites"].flatMap(sites) ?? "",
      steps: fields["steps"].flatMap { steps($0, count: count) } ?? .all,
      branch: fields["branch"].flatMap { reader.choice($0, BranchChoice.self) } ?? .conditional,
      heads: fields["heads"].flatMap(headList), words: fields["words"].flatMap(wordList),
      renormalise: fields["renormalise"].flatMap(reader.bool) ?? false,
      sourceSeed: fields["source_seed"].flatMap { reader.integer($0, in: 0...UInt64.max) },
      dataset: op == .datasetMean
        ? DatasetSpec(
          prompts: fields["prompts"].map { prompts($0, atMost: DatasetSpec.mostRuns) },
          seeds: fields["seeds"].map(seeds)) : nil)
    check(operation, fields, field)
    return operation
  }

  /// The operation with the parameters of the file.
  private func change(_ op: AttentionOperation, _ fields: Fields) -> AttentionEdit.Change {
    func number(_ key: String, _ range: ClosedRange<Double>, _ fallback: Float) -> Float {
      // A small negative number is -0 as a Float: plus 0 it is 0, which is written alike.
      fields[key].flatMap { reader.number($0, in: range) }.map { Float($0) + 0 } ?? fallback
    }
    switch op {
    case .replace:
      switch fields["part"].flatMap({ reader.choice($0, MapPart.self) }) ?? .all {
      case .all: return .mix(strength: 1)
      case .mass: return .mass
      case .pattern: return .pattern
      }
    case .mix: return .mix(strength: number("strength", 0...1, 0.5))
    case .scale: return .scale(factor: number("factor", -1000...1000, 1))
    case .blur: return .blur(sigma: number("sigma", 0...64, 1))
    case .shuffle: return .shuffle(seed: fields["seed"].flatMap { reader.integer($0, in: 0...UInt64.max) } ?? 0)
    case .zero, .uniform, .identity, .datasetMean, .headMean: return op.plainChange
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
    let (op, place) = (operation.op, operation.place)
    if [.uniform, .identity].contains(op), place != .probabilities {
      reader.report(fields["of"] ?? field, "\(op.rawValue) is of probabilities alone")
    }
    for key in ["part", "renormalise"] where fields[key] != nil && place != .probabilities {
      reader.report(fields[key] ?? field, "is for probabilities alone, and of is \(place.rawValue)")
    }
    if place == .output, op == .headMean {
      reader.report(field, "an attention's output has no heads to take the mean of")
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
