import Attention
import Formatting
import StrictYAML
import Tensors

extension OperationSpec {
  /// The keys of every operation.
  package static let section = Section(
    "operation", blank: OperationSpec(op: .zero, sites: ""),
    keys: [
      Key(
        "op", \.operation, operationForm, required: true, example: "scale",
        "what is done, see below; one that changes the encoded prompt has of these keys `branch` alone, one that changes "
          + "the start none"),
      Key(
        "of", \.place, .choice, example: "scores",
        "the place: `queries`, `keys`, `values`, `scores` (before the softmax), `probabilities` (after it), `output` (what "
          + "the attention adds to its block)"),
      Key("sites", \.sites, .sites, required: true, example: "\"cross:*\"", "selects attention sites"),
      Key("steps", \.steps, .steps, example: "{ fraction: [0, 0.8] }", "as in `record`"),
      Key("branch", \.branch, .choice, example: "both", "{allowed}"),
      Key(
        "heads", \.heads, .orAll(headsForm), brief: true, example: "[0, 3]",
        "a list of heads from 0, or `all`; not of `output`"),
      Key(
        "words", \.words, .words, brief: true, example: "[car]",
        "a list of words and names as in `tokens` of `record`, or `all`: at cross-attention the columns of maps, the rows "
          + "of keys and values"),
      Key(
        "renormalize", \.renormalize, .truth, brief: true, example: "true",
        "`true`: rows of probabilities are brought back to a sum of 1 afterwards"),
    ],
    check: check)

  /// The keys of one operation: those of every operation, and its own. One that changes the encoded prompt acts at no
  /// site, and at no step alone.
  static func section(of operation: AttentionOperation) -> Section<OperationSpec> { sections[operation] ?? section }

  private static let sections = Dictionary(
    uniqueKeysWithValues: OperationRegistry.all.map { operation in
      let common = commonKeys(of: operation).map(section.keeping) ?? section
      let keys = common.keys + operation.keys.map { Key(own: $0) }
      let blank = OperationSpec(op: operation, sites: "")
      return (operation, Section("operation", blank: blank, keys: keys, check: check))
    })

  /// The keys that it has of those of every operation; nil: all.
  private static func commonKeys(of operation: AttentionOperation) -> [String]? {
    if operation.changesWords { return ["op", "words"] }
    if operation.changesStart { return ["op"] }
    if operation.changesPrompt { return ["op", "branch"] }
    return operation.onlyObserves ? ["op", "sites", "steps", "branch"] : nil
  }

  /// As a file has it: what stands for everything where it is left out comes last.
  fileprivate var written: YAMLValue {
    let section = Self.section(of: op)
    let keys = section.keys.filter { !$0.isBrief } + section.keys.filter(\.isBrief)
    return section.keeping(keys.map(\.name)).write(self)
  }

  /// Reports what an operation cannot do at its place, and a source that there is not.
  private static let check: @Sendable (OperationSpec, Fields, FileReader) -> Void = { operation, fields, reader in
    let (op, place) = (operation.op, operation.place)
    if op.needsSource, !reader.context.hasPairs {
      reader.report(fields.field, "\(op.name) takes the attention of a pair's source, and generate has no pairs")
    }
    if op.changesWords, operation.words == nil {
      reader.report(
        fields["words"] ?? fields.field, "\(op.name) needs words to replace; write words: [red], or [2] for a position")
    }
    for key in op.keys where key.isRequired && operation.change.values[key.name] == nil {
      let field = fields[key.name] ?? fields.field
      if !reader.hasProblem(below: "\(fields.path).\(key.name)") {
        reader.report(field, "\(op.name) needs \(key.name): \(key.meaning)")
      }
    }
    let (noise, added) = (OperationKey.sourceSeed.name, OperationKey.sourceSeedAdded.name)
    if fields[noise] != nil, let field = fields[added] {
      reader.report(field, "\(noise) is given already, and a source has one noise; leave one of the two out")
    } else if operation.change.values[added] == .seed(Seed(0)), let field = fields[added] {
      reader.report(field, "0 added is the source of the group itself; give a number from 1, or leave the key out")
    }
    if let refusal = op.refusal(of: place) { reader.report(fields["of"] ?? fields.field, refusal) }
    let limited = op.keys.compactMap { key in key.place.map { (key.name, $0) } }
    for (key, only) in limited + [("renormalize", .probabilities)] where place != only {
      guard let field = fields[key] else { continue }
      reader.report(field, "is for \(only.rawValue) alone, and of is \(place.rawValue)")
    }
    if place == .output, let heads = fields["heads"] {
      reader.report(heads, "an attention's output has no heads; choose queries, keys, values or maps")
    }
    if [.queries, .output].contains(place), operation.words != nil, let words = fields["words"] {
      reader.report(words, "words are keys, and of is \(place.rawValue), which belongs to places of the picture")
    }
  }

  /// The operation; another one begins without values of its keys.
  fileprivate var operation: AttentionOperation {
    get { op }
    set { change = AttentionChange(newValue) }
  }

  /// The value of a key of the operation's own.
  fileprivate subscript(own key: String) -> OperationValue? {
    get { change.values[key] }
    set { change = AttentionChange(op, change.values.merging(newValue.map { [key: $0] } ?? [:]) { $1 }) }
  }
}

extension Key<OperationSpec> {
  /// A key of an operation's own; it is not written where it may not stand.
  fileprivate init(own key: OperationKey) {
    let (name, form) = (key.name, Form<OperationValue>.own(key.kind))
    self.init(
      name, brief: key.standard == nil, standard: key.standardText, example: key.example, key.meaning,
      read: { fields, reader, spec in
        if let field = fields[name], let value = form.read(field, reader) { spec[own: name] = value }
      },
      write: { (key.place ?? $0.place) == $0.place ? $0[own: name].flatMap(form.write) : nil })
  }
}

extension OperationKey {
  /// A value in YAML that is not the standard.
  package var example: String {
    switch kind {
    case .number(let range): range.contains(2) ? "2" : "0.25"
    case .seed: "7"
    case .name(let names): names.last { .name($0) != standard } ?? ""
    case .words: "[car]"
    case .prompts: "[a dog]"
    case .seeds: "[7]"
    }
  }
}

// MARK: Values

private let operationForm = Form<AttentionOperation>(
  read: { $1.choice($0, of: OperationRegistry.all.map(\.name)).flatMap(OperationRegistry.named) },
  write: { .plain($0.name) })

private let headsForm = Form<[Int]>.distinct(
  of: "heads, or all", .whole(0...1023), ifEmpty: "leave the key out for all heads")

extension Form<OperationValue> {
  /// The value of an operation's own key.
  fileprivate static func own(_ kind: OperationKey.Kind) -> Form<OperationValue> {
    Form(
      read: { field, reader in
        switch kind {
        case .number(let range):
          // A small negative number is -0 as a Float: plus 0 it is 0, which is written alike.
          reader.number(field, in: range).map { .number(Float($0) + 0) }
        case .seed: Form<Seed>.seed.read(field, reader).map { .seed($0) }
        case .name(let names): reader.choice(field, of: names).map { .name($0) }
        case .words:
          Form<[TokenName]?>.words.read(field, reader).flatMap { names in
            let isOfWords = names?.allSatisfy { if case .word = $0 { true } else { false } } ?? false
            if !isOfWords { reader.report(field, "expected a list of words, as [car]") }
            return isOfWords ? names.map { .texts($0.map(\.description)) } : nil
          }
        case .prompts: Form<[String]>.prompts(atMost: DatasetSpec.mostRuns).read(field, reader).map { .texts($0) }
        case .seeds: Form<[Seed]>.seeds.read(field, reader).map { .seeds($0) }
        }
      },
      write: { value in
        switch value {
        case .number, .seed, .name: .plain(value.description)
        case .texts(let texts): kind == .words ? .list(texts.map { .text($0) }) : Form<[String]>.prompts().write(texts)
        case .seeds(let seeds): Form<[Seed]>.seeds.write(seeds)
        }
      })
  }
}

extension Form<OperationSpec> {
  /// Which keys there are depends on the operation, so that is looked at first.
  static var change: Form<OperationSpec> {
    Form(
      read: { field, reader in
        let named = reader.value(of: "op", in: field).flatMap(OperationRegistry.named)
        return (named.map(OperationSpec.section(of:)) ?? OperationSpec.section).read(field, reader)
      }, write: { $0.written })
  }
}

extension InterventionSpec {
  /// Its operations as a file has them, on one line.
  package var fileText: String { YAMLValue.list(operations.map(\.written)).flow }
}

extension Form<[InterventionSpec]> {
  package static var interventions: Form<[InterventionSpec]> {
    Form(
      read: { field, reader in
        guard let entries = reader.namedFields(field, of: "names with their lists of operations") else { return nil }
        if entries.isEmpty { reader.report(field, "there are none; write none: [] or leave the key out") }
        var names: [String: String] = [:]
        return entries.flatMap { entry -> [InterventionSpec] in
          if reader.checkName(entry.key, at: entry.keyPlace, path: entry.value.path),
            entry.key == InterventionSpec.sourceName
          {
            reader.report(entry.value, "the name \"source\" stands for the source of a pair; choose another")
          }
          let made = reader.interventions(named: entry.key, at: entry.keyPlace, entry.value)
          for name in made.map(\.name) {
            guard let first = names.updateValue(entry.key, forKey: name) else { continue }
            reader.report(
              entry.value, "\(quoted(name)) is an intervention of \(quoted(first)) already; names differ")
          }
          return made
        }
      }, write: { .mapping($0.map { (.text($0.name), .list($0.operations.map(\.written))) }) })
  }
}
