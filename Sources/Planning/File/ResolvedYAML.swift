import Attention
import Formatting
import Measures
import Schedulers
import StrictYAML
import Tensors

/// A value on its way into a file: what JSON has, with mappings in a chosen order.
private indirect enum Value {
  /// Written as it stands: numbers, null, and names that need no quotes in YAML.
  case plain(String)
  case text(String)
  case list([Value])
  case mapping([(key: Value, value: Value)])
}

extension ExperimentSpec {
  /// The experiment with every default written out and every template and pairs file expanded, as a file that decodes to
  /// an equal spec.
  ///
  /// The same spec gives the same bytes.
  public func resolvedYAML() -> String {
    guard case .mapping(let entries) = value else { return "" }
    return entries.map { block($0.key, $0.value, indent: "") }.joined()
  }

  /// The same on one line, as JSON: what a hash of the experiment is taken of.
  ///
  /// It decodes to an equal spec too. The order of keys is fixed; that of lists and interventions is the file's.
  public var canonicalForm: String { json(value) }

  private var value: Value {
    var entries: [(String, Value)] = [
      ("version", .plain("\(version)")), ("name", .text(name)), ("question", .text(question)), ("model", .text(model)),
      ("generate", generate.value), ("record", .list(record.map(\.value))),
      ("predicted_clean", predictedClean?.value ?? .null),
      ("interventions", .mapping(interventions.map { (.text($0.name), .list($0.operations.map(\.value))) })),
      ("metrics", .list(metrics.map(\.value))), ("instruments", instruments.value),
      ("tables", .list(tables.map { .plain($0.rawValue) })),
      ("figures", .list(figures.map { .plain($0.rawValue) })),
    ]
    // A file without claims keeps the canonical form that it had before there were any.
    if let claims { entries.append(("claims", claims.value)) }
    entries.append(("budget", .keys([("disk", .plain("\(budget.disk)"))])))
    return .keys(entries)
  }
}

extension Metric {
  fileprivate var value: Value {
    guard case .program(let program) = measure else { return .plain(name) }
    return .keys([("program", .text(program.path))] + programFields.map { ($0.name, .text($0.value)) })
  }
}

extension InstrumentFolders {
  fileprivate var value: Value {
    .keys(Instrument.allCases.compactMap { name in given[name].map { (name.rawValue, .text($0)) } })
  }
}

extension GenerateSpec {
  fileprivate var value: Value {
    .keys(
      [
        ("pairs", .list(pairs.map { .keys([("source", .text($0.source)), ("target", .text($0.target))]) })),
        ("prompts", .list(prompts.map { .text($0) })),
        ("seeds", .list(seeds.map { .plain("\($0)") })),
      ] + settingsValue + [
        ("negative_prompt", .text(negativePrompt)),
        ("height", height.map { .plain("\($0)") } ?? .null), ("width", width.map { .plain("\($0)") } ?? .null),
        ("precision", .plain(precision.rawValue)), ("batch", .plain("\(batch)")),
      ])
  }

  private var settingsValue: [(String, Value)] {
    guard let only = settings.first, settings.count == 1, only.label.isEmpty else {
      return [("settings", .list(settings.map { .keys([("name", .text($0.label))] + $0.entries) }))]
    }
    return only.entries
  }
}

extension GenerationSettings {
  fileprivate var entries: [(String, Value)] {
    let own = schedulerSettings.values.sorted { $0.key < $1.key }.map { ($0.key, $0.value.value) }
    return [
      ("num_inference_steps", .plain("\(numInferenceSteps)")), ("guidance_scale", .plain("\(guidanceScale)")),
      ("scheduler", scheduler.map { .text($0) } ?? .null),
    ] + (own.isEmpty ? [] : [("scheduler_settings", .keys(own))])
  }
}

extension SchedulerSettings.Value {
  fileprivate var value: Value {
    if case .text(let text) = self { .text(text) } else { .plain(description) }
  }
}

extension RecordSpec {
  fileprivate var value: Value {
    .keys([
      ("name", .text(name)), ("sites", .text(sites)), ("heads", .plain(heads.rawValue)), ("steps", steps.value),
      ("tokens", tokens.value), ("branch", .plain(branch.rawValue)),
      ("pool", pool.map { .plain("\($0)") } ?? .null), ("dtype", .plain(dtype.rawValue)),
    ])
  }
}

extension OperationSpec {
  fileprivate var value: Value {
    .keys(
      [
        ("op", .plain(op.name))
      ] + (op.changesPrompt ? [] : target) + [("branch", .plain(branch.rawValue))] + ownKeys { $0.standard != nil }
        + optional)
  }

  private var target: [(String, Value)] {
    [("of", .plain(place.rawValue)), ("sites", .text(sites)), ("steps", steps.value)]
  }

  /// The operation's own keys that may stand at its place.
  private func ownKeys(_ isWanted: (OperationKey) -> Bool) -> [(String, Value)] {
    op.keys.filter { isWanted($0) && ($0.place ?? place) == place }.compactMap { key in
      change.values[key.name].map { (key.name, $0.value) }
    }
  }

  /// What stands for everything where it is left out.
  private var optional: [(String, Value)] {
    var values: [(String, Value)] = []
    if let heads { values.append(("heads", .list(heads.map { .plain("\($0)") }))) }
    if let words { values.append(("words", TokenSelector.names(words).value)) }
    if renormalize { values.append(("renormalize", .plain("true"))) }
    return values + ownKeys { $0.standard == nil }
  }
}

extension OperationValue {
  fileprivate var value: Value {
    switch self {
    case .number, .seed, .name: .plain(description)
    case .texts(let texts): .list(texts.map { .text($0) })
    case .seeds(let seeds): .list(seeds.map { .plain("\($0)") })
    }
  }
}

extension TokenSelector {
  fileprivate var value: Value {
    switch self {
    case .all: .plain("all")
    case .words: .plain("words")
    case .names(let names):
      .list(
        names.map { name in
          if case .position(let position) = name { .plain("\(position)") } else { .text(name.description) }
        })
    }
  }
}

extension StepSelector {
  fileprivate var value: Value {
    switch self {
    case .all: .plain("all")
    case .list(let steps): .list(steps.map { .plain("\($0)") })
    case .range(let from, let to, let every):
      .keys([("from", .plain("\(from)")), ("to", .plain("\(to)")), ("every", .plain("\(every)"))])
    case .fraction(let from, let to): .keys([("fraction", .list([.plain("\(from)"), .plain("\(to)")]))])
    }
  }
}

extension ClaimsSpec {
  fileprivate var value: Value {
    .keys([
      ("held_out_seeds", heldOutSeeds.map { .list($0.map { .plain("\($0)") }) } ?? .null),
      ("confidence", .plain("\(confidence)")), ("gates", .list(gates.map(\.value))),
      ("claims", .list(claims.map(\.value))),
    ])
  }
}

extension GateSpec {
  fileprivate var value: Value {
    let entries: [(String, Value)] =
      switch condition {
      case .mean(let metric, let of, let atLeast):
        [("metric", .text(metric)), ("of", .text(of)), ("at_least", .plain("\(atLeast)"))]
      case .difference(let metric, let of, let against):
        [("metric", .text(metric)), ("of", .text(of)), ("against", .text(against)), ("differs", .plain("true"))]
      case .instrument(let name, let atLeast):
        [("instrument", .text(name)), ("at_least", .plain("\(atLeast)"))]
      }
    return .keys([("says", .text(says))] + entries)
  }
}

extension ClaimSpec {
  fileprivate var value: Value {
    .keys([
      ("name", .text(name)), ("statement", .text(statement)), ("exclusions", .text(exclusions)),
      ("tests", .list(tests.map(\.value))),
    ])
  }
}

extension ClaimTestSpec {
  fileprivate var value: Value {
    .keys([
      ("says", .text(says)), ("metric", .text(metric)), ("of", .text(of)),
      ("against", against.map { .text($0) } ?? .null), (threshold.side, .plain("\(threshold.value)")),
      ("placebo", placebo.map { .text($0) } ?? .null),
    ])
  }
}

extension Value {
  package static let null = Value.plain("null")

  package static func keys(_ entries: [(String, Value)]) -> Value {
    .mapping(entries.map { (.plain($0.0), $0.1) })
  }
}

// MARK: Writing

/// `key: value` over as many lines as it takes: mappings above mappings and lists of collections or of texts are broken
/// up, everything else stays on the key's line.
private func block(_ key: Value, _ value: Value, indent: String) -> String {
  let start = "\(indent)\(flow(key)):"
  switch value {
  case .mapping(let entries) where !entries.isEmpty && entries.contains { $0.value.isList }:
    return "\(start)\n" + entries.map { block($0.key, $0.value, indent: indent + "  ") }.joined()
  case .list(let values) where values.contains { !$0.isPlain }:
    return "\(start)\n" + values.map { "\(indent)  - \(flow($0))\n" }.joined()
  default:
    return "\(start) \(flow(value))\n"
  }
}

extension Value {
  fileprivate var isList: Bool { if case .list = self { true } else { false } }
  fileprivate var isPlain: Bool { if case .plain = self { true } else { false } }
}

/// YAML on one line.
private func flow(_ value: Value) -> String {
  switch value {
  case .plain(let text): text
  case .text(let text): literal(text)
  case .list(let values): "[\(values.map(flow).joined(separator: ", "))]"
  case .mapping(let entries) where entries.isEmpty: "{}"
  case .mapping(let entries): "{ \(entries.map { "\(flow($0.key)): \(flow($0.value))" }.joined(separator: ", ")) }"
  }
}

private func json(_ value: Value) -> String {
  switch value {
  case .plain(let text) where ["null", "true", "false"].contains(text) || Double(text) != nil: text
  case .plain(let text), .text(let text): literal(text)
  case .list(let values): "[\(values.map(json).joined(separator: ","))]"
  case .mapping(let entries): "{\(entries.map { "\(json($0.key)):\(json($0.value))" }.joined(separator: ","))}"
  }
}

/// The text in double quotes. An `&` before a word is written by its number, since the reader cannot tell one in quotes
/// from an anchor.
private func literal(_ text: String) -> String {
  let parts = escaped(text).split(separator: "&", omittingEmptySubsequences: false)
  let body = parts.dropFirst().reduce(String(parts.first ?? "")) { text, part in
    let mayBeAnchor = part.unicodeScalars.first.map(isAnchorName) ?? false
    return text + (mayBeAnchor ? "\\u0026" : "&") + part
  }
  return "\"\(body)\""
}
