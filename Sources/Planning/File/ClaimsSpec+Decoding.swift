import Formatting
import StrictYAML
import Tensors

/// What claims may name: what the rest of the file makes and measures.
package struct ClaimableNames {
  /// The interventions, and `source` where there are pairs; nil where a problem keeps them from being known, as with the
  /// other two.
  package let columns: [String]?
  package let metrics: [String]?
  package let seeds: [Seed]?
}

extension SpecDecoder {
  /// What the other parts of the file give claims to name.
  package func claimableNames(
    _ generate: GenerateSpec?, hasPairs: Bool, interventions: [InterventionSpec], metrics: [String]
  ) -> ClaimableNames {
    func isSound(_ paths: String...) -> Bool { !paths.contains { reader.hasProblem(below: $0) } }
    let columns = interventions.map(\.name) + (hasPairs ? [InterventionSpec.sourceName] : [])
    return ClaimableNames(
      columns: generate != nil && isSound("interventions", "generate.pairs") ? columns : nil,
      metrics: isSound("metrics") ? metrics : nil, seeds: isSound("generate.seeds") ? generate?.seeds : nil)
  }

  /// - Parameter names: What is measured, and of what.
  package func claims(_ field: Field, _ names: ClaimableNames) -> ClaimsSpec? {
    guard let fields = reader.fields(field, allowed: SpecReference.claims.names, required: ["claims"]) else {
      return nil
    }
    var taken: [String: String] = [:]
    let entries = fields["claims"].flatMap { filled($0, of: "claims") } ?? []
    return ClaimsSpec(
      heldOutSeeds: given(fields["held_out_seeds"]).map { heldOutSeeds($0, names) },
      confidence: fields["confidence"].flatMap { reader.number($0, in: 0.5...0.9999) } ?? ClaimsSpec.defaultConfidence,
      gates: fields["gates"].map { field in
        (reader.list(field, of: "gates") ?? []).compactMap { gate($0, names) }
      } ?? [],
      claims: entries.compactMap { claim($0, names, &taken) })
  }

  /// A list that is not empty.
  private func filled(_ field: Field, of what: String) -> [Field]? {
    guard let entries = reader.list(field, of: what) else { return nil }
    if entries.isEmpty { reader.report(field, "the list is empty; give at least one of the \(what)") }
    return entries
  }

  private func heldOutSeeds(_ field: Field, _ names: ClaimableNames) -> [Seed] {
    guard let entries = filled(field, of: "seeds") else { return [] }
    return reader.distinct(entries) { entry in
      guard let seed = seed(entry) else { return nil }
      if let seeds = names.seeds, !seeds.contains(seed) {
        reader.report(entry, "the file makes no seed \(seed); generate.seeds: \(clippedList(seeds.map(String.init)))")
      }
      return seed
    }
  }

  private func claim(_ field: Field, _ names: ClaimableNames, _ taken: inout [String: String]) -> ClaimSpec? {
    guard
      let fields = reader.fields(
        field, allowed: SpecReference.claim.names, required: ["name", "statement", "tests"])
    else { return nil }
    return ClaimSpec(
      name: fields["name"].map { distinctName($0, &taken) } ?? "",
      statement: fields["statement"].flatMap { reader.line($0, allowsEmpty: false) } ?? "",
      exclusions: fields["exclusions"].flatMap { reader.line($0) } ?? "",
      tests: (fields["tests"].flatMap { filled($0, of: "tests") } ?? []).compactMap { test($0, names) })
  }

  private func test(_ field: Field, _ names: ClaimableNames) -> ClaimTestSpec? {
    guard let fields = reader.fields(field, allowed: SpecReference.test.names, required: ["says", "metric", "of"])
    else { return nil }
    let of = column(fields["of"], names)
    let against = column(given(fields["against"]), names)
    let placebo = column(given(fields["placebo"]), names)
    checkDifferent([("of", of), ("against", against), ("placebo", placebo)], fields)
    return ClaimTestSpec(
      says: says(fields), metric: metric(fields["metric"], names) ?? "", of: of ?? "", against: against,
      threshold: threshold(fields, field) ?? .above(0), placebo: placebo)
  }

  private func threshold(_ fields: Fields, _ field: Field) -> ClaimThreshold? {
    switch (fields["above"], fields["below"]) {
    case (let above?, nil): return bound(above).map { .above($0) }
    case (nil, let below?): return bound(below).map { .below($0) }
    case (let above?, _?):
      reader.report(above, "a test has one threshold, above or below, and here are both; write two tests")
    case (nil, nil):
      reader.report(field, "the threshold is missing; write above: or below: with a number, above: 0 for any increase")
    }
    return nil
  }

  private func gate(_ field: Field, _ names: ClaimableNames) -> GateSpec? {
    guard let fields = reader.fields(field, allowed: SpecReference.gate.names, required: ["says"]) else { return nil }
    let condition: GateSpec.Condition? =
      if fields["instrument"] != nil {
        instrumentGate(fields)
      } else if fields["against"] != nil || fields["differs"] != nil {
        differenceGate(fields, names)
      } else {
        meanGate(fields, names)
      }
    return condition.map { GateSpec(says: says(fields), condition: $0) }
  }

  private func instrumentGate(_ fields: Fields) -> GateSpec.Condition? {
    check(fields, of: "a gate on an instrument", needs: ["instrument", "at_least"])
    guard let name = fields["instrument"].flatMap({ reader.line($0, allowsEmpty: false) }),
      let atLeast = fields["at_least"].flatMap({ reader.number($0, in: 0...1) })
    else { return nil }
    return .instrument(name, atLeast: atLeast)
  }

  private func differenceGate(_ fields: Fields, _ names: ClaimableNames) -> GateSpec.Condition? {
    check(fields, of: "a gate on a difference", needs: ["metric", "of", "against", "differs"])
    if let differs = fields["differs"], reader.bool(differs) == false {
      reader.report(differs, "only true is a gate: no interval can say that there is no difference")
    }
    guard let metric = metric(fields["metric"], names), let of = column(fields["of"], names),
      let against = column(fields["against"], names)
    else { return nil }
    checkDifferent([("of", of), ("against", against)], fields)
    return .difference(metric: metric, of: of, against: against)
  }

  private func meanGate(_ fields: Fields, _ names: ClaimableNames) -> GateSpec.Condition? {
    check(fields, of: "a gate on a mean", needs: ["metric", "of", "at_least"])
    guard let metric = metric(fields["metric"], names), let of = column(fields["of"], names),
      let atLeast = fields["at_least"].flatMap(bound)
    else { return nil }
    return .mean(metric: metric, of: of, atLeast: atLeast)
  }

  /// Reports the keys that a kind of gate lacks, and those that belong to another.
  private func check(_ fields: Fields, of kind: String, needs keys: [String]) {
    for key in keys where fields[key] == nil {
      reader.report(
        at: fields.place, path: keyPath(fields.path, key),
        "the key \(quoted(key)) is missing in \(fields.path), \(kind)")
    }
    for name in SpecReference.gate.names where name != "says" && !keys.contains(name) {
      if let field = fields[name] {
        reader.report(field, "\(kind) has the keys says, \(keys.joined(separator: ", "))")
      }
    }
  }

  // MARK: Values

  private func says(_ fields: Fields) -> String {
    fields["says"].flatMap { reader.line($0, allowsEmpty: false) } ?? ""
  }

  private func bound(_ field: Field) -> Double? { reader.number(field, in: -1e6...1e6) }

  private func column(_ field: Field?, _ names: ClaimableNames) -> String? {
    field.flatMap { name($0, of: "intervention", in: names.columns, place: "interventions") }
  }

  private func metric(_ field: Field?, _ names: ClaimableNames) -> String? {
    field.flatMap { name($0, of: "metric", in: names.metrics, place: "metrics") }
  }

  /// A name that stands in another part of the file.
  private func name(_ field: Field, of what: String, in known: [String]?, place: String) -> String? {
    guard let name = reader.text(field, allowsEmpty: false) else { return nil }
    guard let known, !known.contains(name) else { return name }
    let nearest = nearestName(to: name, in: known).map { "did you mean \(quoted($0))? " } ?? ""
    let there = known.isEmpty ? "\(place) is empty" : "there are \(clippedList(known))"
    reader.report(field, "the file has no \(what) \(quoted(name)); \(nearest)\(there)")
    return nil
  }

  /// Reports columns that are compared with themselves.
  private func checkDifferent(_ columns: [(key: String, name: String?)], _ fields: Fields) {
    for (index, column) in columns.enumerated() {
      guard let name = column.name, let first = columns[..<index].first(where: { $0.name == name }),
        let field = fields[column.key]
      else { continue }
      reader.report(field, "\(quoted(name)) is \(first.key) already; a difference to itself says nothing")
    }
  }
}

/// The first names of a list that may be long.
private func clippedList(_ names: [String]) -> String {
  let shown = 20
  let more = names.count > shown ? " and \(names.count - shown) more" : ""
  return names.prefix(shown).joined(separator: ", ") + more
}
