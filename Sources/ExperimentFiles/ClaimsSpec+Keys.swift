import Formatting
import Generation
import StrictYAML

extension ClaimsSpec {
  static let section = Section(
    "claims", blank: ClaimsSpec(claims: []),
    keys: [
      Key(
        "held_out_seeds", \.heldOutSeeds, .orNull(.heldOutSeeds),
        example: "[2]",
        "a list of seeds of `generate`: only runs of these seeds decide, and the others are for exploring; "
          + "`null` for all"),
      Key(
        "confidence", \.confidence, .number(0.5...0.9999),
        example: "0.9", "{allowed}: how often no test of a claim is shown or refuted wrongly"),
      // Before gates and claims, which may name them.
      Key(
        "averages", brief: true, example: "[{ name: any set, of: [set 1, set 2] }]",
        "a list of names for several interventions each, which stand for the mean over their runs",
        read: { fields, reader, claims in
          guard let field = fields["averages"] else { return }
          claims.averages = averagesForm.read(field, reader)
          reader.context.claimable.averages = (claims.averages ?? []).map(\.name)
          // What a faulty average was to be called is not known, so no name is reported as unknown.
          if reader.hasProblem(below: field.path) { reader.context.claimable.columns = nil }
        }, write: { $0.averages.flatMap(averagesForm.write) }),
      Key(
        "gates", \.gates, .list(of: "gates", gateForm),
        example: "[{ says: the reader is right, instrument: reader, at_least: 0.95 }]",
        "a list of what must hold before any claim is judged"),
      Key(
        "claims", \.claims,
        .list(of: "claims", .keys(ClaimSpec.section), ifEmpty: "give at least one of the claims"), required: true,
        example: "[{ name: C1, statement: it stays, tests: [{ says: it does, metric: ssim, of: swap, above: 0.5 }] }]",
        "a list of claims, one or more"),
    ])
}

private let averagesForm = Form<[AverageSpec]>.list(
  of: "averages", .keys(AverageSpec.section), ifEmpty: "give at least one of the averages, or leave the key out")

extension AverageSpec {
  static let section = Section(
    "average", blank: AverageSpec(name: "", interventions: []),
    keys: [
      Key("name", \.name, .name, required: true, example: "any set", "as a name in `record`, and of no intervention"),
      Key(
        "of", \.interventions,
        .distinct(of: "interventions", .intervention, ifEmpty: "give at least two of the interventions"),
        required: true,
        example: "[set 1, set 2]", "a list of interventions, two or more"),
    ]
  ) { average, fields, reader in
    if let field = fields["of"], average.interventions.count == 1, !reader.hasProblem(below: field.path) {
      reader.report(field, "an average is of two interventions or more; name the one where the average is named")
    }
    let (columns, curves) = (reader.context.claimable.columns, reader.context.claimable.curves)
    if let field = fields["name"], (columns ?? []).contains(average.name) || curves.contains(average.name) {
      reader.report(field, "\(quoted(average.name)) is an intervention or a method already; choose another name")
    }
  }
}

extension ClaimSpec {
  static let section = Section(
    "claim", blank: ClaimSpec(name: "", statement: "", tests: []),
    keys: [
      Key("name", \.name, .name, required: true, example: "C1", "as a name in `record`"),
      Key(
        "statement", \.statement, .line(allowsEmpty: false), required: true,
        example: "the layout stays", "what is claimed, in a sentence"),
      Key(
        "exclusions", \.exclusions, .line(), example: "pictures without a car",
        "what is left out, in words; the report prints it"),
      Key(
        "exclude_unless", \.sources, .ifGiven(.keys(SourceRule.section)), brief: true,
        example: "{ metric: picture_right, of: source, at_least: 1 }",
        "which edits count: those whose source has this; the report says how many do not"),
      Key(
        "gate", \.gate, .ifGiven(.keys(RemovalGate.section)), brief: true,
        example: "{ removed: uniform, against: none }",
        "the attention whose removal must matter, or its tests are not testable here"),
      Key(
        "tests", \.tests,
        .list(of: "tests", .keys(ClaimTestSpec.section), ifEmpty: "give at least one of the tests"), required: true,
        example: "[{ says: it does, metric: ssim, of: swap, above: 0.5 }]",
        "a list of tests, one or more; the claim is shown if all are"),
    ]
  ) { claim, fields, reader in
    if let field = fields["gate"], !reader.hasProblem(below: field.path) {
      for metric in claim.gateMetrics {
        reader.checkShare(metric, field, "give the gate a `metric` that is a share: it asks for points of one")
      }
    }
  }
}

extension SourceRule {
  static let section = Section(
    "exclude_unless", blank: SourceRule(metric: "", atLeast: 0),
    keys: [
      Key(
        "metric", \.metric, .metric, required: true, example: "picture_right", "a metric of pictures that the file has"),
      Key(
        "of", required: true, standard: "required", example: "source",
        "`source`: nothing else may decide which edits count",
        read: { fields, reader, _ in
          guard let field = fields["of"], let name = reader.line(field, allowsEmpty: false) else { return }
          if name != sourceName {
            reader.report(
              field,
              "\(quoted(name)) may not decide which edits count, as what an edit shows is what is asked; write source")
          }
        }, write: { _ in .plain(sourceName) }),
      Key("at_least", \.atLeast, .number(bounds), required: true, example: "1", "the least that counts"),
    ]
  ) { rule, fields, reader in
    if let field = fields["metric"] { reader.checkOfPictures(rule.metric, field) }
    if let field = fields["of"] { reader.checkSources(field) }
  }

  private static let sourceName = InterventionSpec.sourceName
}

extension RemovalGate {
  static let section = Section(
    "removal", blank: RemovalGate(removed: "", against: ""),
    keys: [
      Key(
        "metric", \.metric, .ifGiven(.metric), standard: "each test's own", example: "binding_right",
        "a metric of the file that is a share"),
      Key(
        "removed", \.removed, .column, required: true, example: "uniform", "an intervention that removes the attention"),
      Key("against", \.against, .column, required: true, example: "none", "an intervention that leaves it alone"),
    ]
  ) { gate, fields, reader in
    reader.checkDifferent([("removed", gate.removed), ("against", gate.against)], fields)
  }
}

extension ClaimTestSpec {
  static let section = Section(
    "test", blank: ClaimTestSpec(says: "", metric: "", of: "", threshold: .above(0)),
    keys: [
      Key(
        "says", \.says, .line(allowsEmpty: false), required: true, example: "the layout stays", "the test in words"),
      Key("metric", \.metric, .metric, required: true, example: "ssim", "a metric of the file"),
      Key("of", \.of, .columnOrCurve, required: true, example: "swap", "an intervention, or `source`"),
      Key(
        "against", \.against, .orNull(.columnOrCurve),
        example: "none", "what is subtracted, run by run: an intervention, or `source`; `null` to test the mean itself"),
      Key(
        "above", \.above, .ifGiven(.number(bounds)),
        standard: "", example: "0.5", "the threshold, {allowed}, if the mean is claimed to lie above it"),
      Key(
        "below", \.below, .ifGiven(.number(bounds)),
        standard: "", example: "0.5", "the same if it is claimed to lie below it; a test has one of both"),
      Key(
        "placebo", \.placebo, .orNull(.column), example: "other",
        "an intervention: the mean difference of `of` to it must lie beyond 0 as well, on the same side; `null` for none"
      ),
      Key(
        "held", \.isHeld, .ifGiven(.truth), brief: true, example: "true",
        "`true`: `of` and `against` are methods of `methods`, read where they keep equally much; without a placebo"),
      Key(
        "settings", \.settings, .ifGiven(.settings), brief: true, standard: "all", example: "weak",
        "the name of settings of `generate`: only runs in these count"),
    ]
  ) { test, fields, reader in
    let (columns, curves) = (reader.context.claimable.named, reader.context.claimable.curves)
    for (key, name) in [("of", test.of), ("against", test.against)] {
      guard let columns, let name, let field = fields[key] else { continue }
      if test.isHeld == true, columns.contains(name), !curves.contains(name) {
        let there = curves.isEmpty ? "the file has no methods" : "there are \(curves.joined(separator: ", "))"
        reader.report(field, "\(quoted(name)) is no curve of methods; \(there)")
      } else if test.isHeld != true, curves.contains(name), !columns.contains(name) {
        reader.report(field, "\(quoted(name)) is a curve of methods; name one of its points, or write held: true")
      }
    }
    if test.isHeld == true, test.placebo != nil, let field = fields["placebo"] {
      reader.report(field, "a test of curves has no placebo; leave it out")
    }
    reader.checkDifferent([("of", test.of), ("against", test.against), ("placebo", test.placebo)], fields)
    switch (fields["above"], fields["below"]) {
    case (let above?, _?):
      reader.report(
        above, "a test has one threshold, above or below, and here are both; write two tests")
    case (nil, nil):
      reader.report(
        fields.field, "the threshold is missing; write above: or below: with a number, above: 0 for any increase")
    default: break
    }
  }

  fileprivate var above: Double? {
    get { if case .above(let value) = threshold { value } else { nil } }
    set { if let newValue { threshold = .above(newValue) } }
  }

  fileprivate var below: Double? {
    get { if case .below(let value) = threshold { value } else { nil } }
    set { if let newValue { threshold = .below(newValue) } }
  }
}

/// Of a mean that something is claimed of.
private let bounds = -1e6...1e6

// MARK: Gates

/// A gate as the file has it: the keys of every kind side by side.
struct GateEntry: Sendable {
  fileprivate var says = ""
  fileprivate var metric: String?
  fileprivate var of: String?
  fileprivate var atLeast: Double?
  fileprivate var against: String?
  fileprivate var differs: Bool?
  fileprivate var instrument: String?

  /// What a gate is about, which decides the keys that it has.
  private enum Kind: String {
    case mean = "a gate on a mean"
    case difference = "a gate on a difference"
    case instrument = "a gate on an instrument"

    init(_ fields: Fields) {
      if fields["instrument"] != nil {
        self = .instrument
      } else {
        self = fields["against"] != nil || fields["differs"] != nil ? .difference : .mean
      }
    }

    var keys: [String] {
      switch self {
      case .mean: ["metric", "of", "at_least"]
      case .difference: ["metric", "of", "against", "differs"]
      case .instrument: ["instrument", "at_least"]
      }
    }
  }

  static let section: Section<GateEntry> = Section(
    "gate", blank: GateEntry(),
    keys: [
      Key(
        "says", \.says, .line(allowsEmpty: false), required: true, example: "edits are near their sources",
        "the gate in words"),
      Key(
        "metric", \.metric, .ifGiven(.metric), example: "ssim", "a metric of the file; not in a gate on an instrument"),
      Key(
        "of", \.of, .ifGiven(.column), example: "swap", "an intervention, or `source`; not in a gate on an instrument"),
      Key(
        "at_least", example: "0.9", "the mean of `of`, or the instrument's accuracy, is at least this",
        read: { fields, reader, gate in
          let range = fields["instrument"] == nil ? bounds : 0...1
          gate.atLeast = fields["at_least"].flatMap { reader.number($0, in: range) }
        }, write: { $0.atLeast.map { .plain("\($0)") } }),
      Key(
        "against", \.against, .ifGiven(.column),
        example: "none", "an intervention, or `source`: the gate is about the difference to it"),
      Key(
        "differs", \.differs, .ifGiven(.truth),
        example: "true", "`true`: the interval of the difference excludes 0; with `against`"),
      Key(
        "instrument", \.instrument, .ifGiven(.line(allowsEmpty: false)),
        example: "reader", "an instrument, whose accuracy (0 to 1) was measured beforehand"),
    ]
  ) { gate, fields, reader in
    let kind = Kind(fields)
    for key in kind.keys where fields[key] == nil {
      reader.report(
        at: fields.place, path: keyPath(fields.path, key),
        "the key \(quoted(key)) is missing in \(fields.path), \(kind.rawValue)")
    }
    for name in section.names where name != "says" && !kind.keys.contains(name) {
      guard let field = fields[name] else { continue }
      reader.report(field, "\(kind.rawValue) has the keys says, \(kind.keys.joined(separator: ", "))")
    }
    if let differs = fields["differs"], gate.differs == false {
      reader.report(differs, "only true is a gate: no interval can say that there is no difference")
    }
    reader.checkDifferent([("of", gate.of), ("against", gate.against)], fields)
  }

  /// nil where a report says why.
  fileprivate var spec: GateSpec? {
    let condition: GateSpec.Condition? =
      if let instrument {
        atLeast.map { .instrument(instrument, atLeast: $0) }
      } else if let metric, let of {
        if let against {
          .difference(metric: metric, of: of, against: against)
        } else {
          atLeast.map { .mean(metric: metric, of: of, atLeast: $0) }
        }
      } else {
        nil
      }
    return condition.map { GateSpec(says: says, condition: $0) }
  }

  fileprivate static func written(_ gate: GateSpec) -> YAMLValue {
    var entry = GateEntry(says: gate.says)
    let kind: Kind
    switch gate.condition {
    case .mean(let metric, let of, let atLeast):
      (kind, entry.metric, entry.of, entry.atLeast) = (.mean, metric, of, atLeast)
    case .difference(let metric, let of, let against):
      (kind, entry.metric, entry.of, entry.against, entry.differs) = (.difference, metric, of, against, true)
    case .instrument(let name, let atLeast):
      (kind, entry.instrument, entry.atLeast) = (.instrument, name, atLeast)
    }
    return section.keeping(["says"] + kind.keys).write(entry)
  }
}

private let gateForm = Form<GateSpec>(read: { GateEntry.section.read($0, $1)?.spec }, write: { GateEntry.written($0) })
