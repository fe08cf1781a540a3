import Attention
import Formatting
import Generation
import Probing
import StrictYAML

extension ProbesSpec {
  static let section = Section(
    "probes", blank: ProbesSpec(),
    keys: [
      Key(
        "confidence", \.confidence, .number(0.5...0.9999), example: "0.9",
        "{allowed}: how often all intervals of the tests together hold the true values"),
      Key(
        "permutations", \.permutations, .whole(LabelPermutations.fewest...99_999), example: "1999",
        "{allowed}: how many drawn labellings each probe is compared with"),
      Key(
        "lists", example: "{ color: [red, blue], thing: [car, boat] }",
        "words that prompts are told apart by, as named lists: a picture is of the class whose word its prompt names",
        read: { fields, reader, probes in
          if let field = fields["lists"], let lists = listsForm.read(field, reader) { probes.lists = lists }
          reader.context.probeLists = probes.lists.map { ($0.name, $0.words) }
        }, write: { $0.lists.isEmpty ? nil : listsForm.write($0.lists) }),
      Key(
        "banks", brief: true, example: "[{ name: random, says: a random UNet, from: random-bank }]",
        "maps of the same prompts and seeds that were made under a control: a list, see below",
        read: { fields, reader, probes in
          if let field = fields["banks"], let banks = banksForm.read(field, reader) { probes.banks = banks }
          reader.context.probeBanks = probes.banks.map(\.name)
        }, write: { $0.banks.isEmpty ? nil : banksForm.write($0.banks) }),
      Key(
        "probes", \.probes, .list(of: "probes", .keys(ProbeSpec.section), ifEmpty: "give at least one of the probes"),
        required: true,
        example: "[{ name: color, says: is it told, label: color, features: { record: words } }]",
        "a list of probes, one or more"),
      Key(
        "tests", example: "[{ says: it is, probe: color, above: 0.2 }]",
        "a list of tests, in words and with a threshold, that were fixed before the run",
        read: { fields, reader, probes in
          reader.context.probeNames = probes.probes.map(\.name)
          if let field = fields["tests"], let tests = testsForm.read(field, reader) { probes.tests = tests }
        }, write: { testsForm.write($0.tests) }),
    ])
}

private let testsForm = Form<[ProbeTestSpec]>.list(of: "tests", .keys(ProbeTestSpec.section))

private let listsForm = Form<[ProbeList]>(
  read: { field, reader in
    guard let entries = reader.namedFields(field, of: "lists") else { return nil }
    return entries.compactMap { entry in
      guard reader.checkName(entry.key, at: entry.keyPlace, path: entry.value.path) else { return nil }
      guard let words = Form<[String]>.distinct(of: "words", .line(allowsEmpty: false)).read(entry.value, reader) else {
        return nil
      }
      if words.count < 2 { reader.report(entry.value, "a probe tells two words or more apart, found \(words.count)") }
      if ProbeSpec.ownLabels.contains(entry.key) {
        reader.report(entry.value, "\(quoted(entry.key)) is a label already; call the list something else")
      }
      return ProbeList(name: entry.key, words: words)
    }
  },
  write: { lists in .mapping(lists.map { (.text($0.name), .list($0.words.map { .text($0) })) }) })

private let banksForm = Form<[ProbeBank]>.list(of: "banks", .keys(ProbeBank.section))

extension ProbeBank {
  static let section = Section(
    "bank", blank: ProbeBank(name: "", says: "", from: ""),
    keys: [
      Key(
        "name", \.name, .name, required: true, example: "random", "as a name in `record`; tests name the control by it"),
      Key("says", \.says, .line(allowsEmpty: false), required: true, example: "a random UNet", "the control in words"),
      Key("from", \.from, .folderName, required: true, example: "random-bank", "the experiment that holds the maps"),
      Key(
        "intervention", \.intervention, .line(allowsEmpty: false), example: "random words",
        "which of its interventions"),
      Key(
        "reads", \.reads, .ifGiven(.choice), brief: true, standard: "maps of the same record", example: "latents",
        "{allowed}: what the model was given at the call, as `input_latents` kept it"),
      Key(
        "records", \.records, recordsForm, brief: true, standard: "as here", example: "{ words: random words }",
        "what entries of `record` are called there; probes of other entries do not have the control"),
    ])
}

private let recordsForm = Form<[ProbeRecordName]>(
  read: { field, reader in
    reader.namedFields(field, of: "records, each with its name there")?.compactMap { entry in
      reader.line(entry.value, allowsEmpty: false).map { ProbeRecordName(own: entry.key, there: $0) }
    }
  }, write: { names in .mapping(names.map { (.text($0.own), .text($0.there)) }) })

extension ProbeSpec {
  static let section = Section(
    "probe", blank: ProbeSpec(name: "", says: "", label: "", features: ProbeFeaturesSpec(record: "")),
    keys: [
      Key("name", \.name, .name, required: true, example: "color", "as a name in `record`"),
      Key("says", \.says, .line(allowsEmpty: false), required: true, example: "is it told", "the question in words"),
      Key(
        "label", \.label, .label, required: true, example: "color",
        "what is to be told: one of `lists`, `intervention`, or what no prompt tells and `metrics` measure of the picture: `facing` "
          + "(`facing_right`), `center` (`center_x`) or `size` (`object_size`)"),
      Key(
        "where", \.choice, choiceForm, brief: true, example: "{ thing: [car] }",
        "only pictures whose prompts name these words, by list"),
      Key(
        "test_where", \.testChoice, choiceForm, brief: true, example: "{ thing: [boat] }",
        "pictures that are tested in place of those of `where`, which are trained on; their seeds are apart all the same"
      ),
      Key(
        "from", \.from, .ifGiven(.folderName), brief: true, example: "other-bank",
        "reads the maps of another experiment than `maps_from`"),
      Key(
        "features", \.features, .keys(ProbeFeaturesSpec.section), required: true, example: "{ record: words }",
        "what the probe is shown, see below"),
      Key(
        "registered", \.registered, .ifGiven(.keys(ProbeCellsSpec.section)), brief: true,
        example: "{ sites: \"cross:5\", calls: [10] }",
        "cells that were chosen beforehand, of which bits and networks are computed: a mapping of {allowed}"),
      Key("classifier", \.classifier, .choice, brief: true, example: "logistic", "{allowed}"),
      Key(
        "folds", \.folds, .choice, brief: true, example: "objects",
        "what is held out together, {allowed}; `objects` are what the prompt names beside the label"),
      Key(
        "controls", \.controls, .ifGiven(.distinct(of: "controls", .choice)), brief: true, standard: "all that apply",
        example: "[shuffled]", "a list of {allowed}"),
      Key(
        "apply", \.apply, .list(of: "experiments", .keys(ProbeApplySpec.section)), brief: true,
        example: "[{ to: other-bank, intervention: none }]",
        "other maps that the trained probe is asked about: a list of mappings of {allowed}"),
    ])
}

private let choiceForm = Form<[ProbeChoice]>(
  read: { field, reader in
    guard let entries = reader.namedFields(field, of: "lists with some of their words") else { return nil }
    return entries.compactMap { entry in
      guard let list = reader.probeList(entry.key, entry.value),
        let words = Form<[String]>.distinct(of: "words", .line(allowsEmpty: false), ifEmpty: "name one word or more")
          .read(entry.value, reader)
      else { return nil }
      for word in words where !list.words.contains(word) {
        reader.report(
          entry.value, "\(quoted(word)) is not in the list \(quoted(list.name)); allowed: \(listedNames(list.words))")
      }
      return ProbeChoice(list: entry.key, words: words)
    }
  },
  write: { choices in
    choices.isEmpty ? nil : .mapping(choices.map { (.text($0.list), .list($0.words.map { .text($0) })) })
  })

extension FileReader {
  /// A list by its name; nil after a report.
  fileprivate func probeList(_ name: String, _ field: Field) -> ProbeList? {
    let lists = context.probeLists
    if let list = lists.first(where: { $0.name == name }) { return ProbeList(name: list.name, words: list.words) }
    let nearest = nearestName(to: name, in: lists.map(\.name)).map { "did you mean \(quoted($0))? " } ?? ""
    let there = lists.isEmpty ? "probes.lists is empty" : "lists: \(listedNames(lists.map(\.name)))"
    report(field, "probes has no list \(quoted(name)); \(nearest)\(there)")
    return nil
  }

  fileprivate func knownProbe(_ name: String, _ field: Field) -> String? {
    if context.probeNames.contains(name) { return name }
    let nearest = nearestName(to: name, in: context.probeNames).map { "did you mean \(quoted($0))? " } ?? ""
    report(field, "the file has no probe \(quoted(name)); \(nearest)probes: \(listedNames(context.probeNames))")
    return nil
  }
}

extension Form<String> {
  /// A list, or what every file has.
  fileprivate static var label: Form<String> {
    line(allowsEmpty: false).checked { name, field, reader in
      if ProbeSpec.ownLabels.contains(name) { return name }
      return reader.probeList(name, field).map(\.name)
    }
  }

  fileprivate static var probe: Form<String> {
    line(allowsEmpty: false).checked { $2.knownProbe($0, $1) }
  }
}

extension ProbeFeaturesSpec {
  static let section = Section(
    "features", blank: ProbeFeaturesSpec(record: ""),
    keys: [
      Key(
        "record", \.record, .line(allowsEmpty: false), required: true, example: "words",
        "an entry of `record`, of this file or of the one whose maps are read"),
      Key("sites", \.sites, .sites, example: "\"cross:*\"", "which of the record's sites"),
      Key(
        "calls", \.calls, .orAll(.distinct(of: "calls", .whole(0...(FileContext.mostCalls - 1)))), example: "[0, 5]",
        "which of the record's steps, or `all`"),
      Key(
        "heads", \.heads, .heads, example: "[0, 3]",
        "`all`: together; `each`: all together, and each by itself as well; `mean`: their mean; a list of heads from 0: those "
          + "together"),
      Key(
        "word", \.word, .word, example: "\"<end>\"",
        "whose part of a cross map: `<label>` is the label's own word, `<after label>` all words after it, `{thing}` the word "
          + "of another list, and others are as in `tokens` of `record`"),
      Key(
        "value", \.value, .choice, example: "mass",
        "{allowed}: `mass` is one number a head and `pattern` the map over its mass, both of probabilities"),
    ])
}

extension Form<String> {
  /// A token, where `<label>`, `<after label>` and `{list}` stand for what each prompt has.
  fileprivate static var word: Form<String> {
    Form(
      read: { field, reader in
        if case .scalar(let text, .integer) = field.node.content { return text }
        return reader.line(field, allowsEmpty: false)
      }, write: { Int($0) == nil ? .text($0) : .plain($0) }
    ).checked { word, field, reader in
      if ProbeFeaturesSpec.ownWords.contains(word) || Int(word) != nil { return word }
      if let list = ProbeFeaturesSpec.list(word) { return reader.probeList(list, field).map { _ in word } }
      guard reader.isNoSlip(word, of: ProbeFeaturesSpec.ownWords + TokenName.roleNames, field) else { return nil }
      do {
        let name = try TokenName(word)
        if !name.isOfEdits { return word }
        reader.report(field, "\(word) is of the words of an edit; name the word itself")
      } catch {
        reader.report(field, "\(error)")
      }
      return nil
    }
  }
}

extension ProbeFeaturesSpec {
  /// What stands for a word that each prompt has for itself.
  package static let ownWords = ["<label>", "<after label>"]

  /// The list that `{list}` names.
  package static func list(_ word: String) -> String? {
    word.hasPrefix("{") && word.hasSuffix("}") ? String(word.dropFirst().dropLast()) : nil
  }
}

extension ProbeCellsSpec {
  static let section = Section(
    "cells", blank: ProbeCellsSpec(sites: "*:*"),
    keys: [
      Key("sites", \.sites, .sites, required: true, example: "\"cross:5\"", "which of the probe's sites"),
      Key(
        "calls", \.calls, .orAll(.distinct(of: "calls", .whole(0...(FileContext.mostCalls - 1)))), example: "[0, 5]",
        "which of its calls, or `all`"),
    ])
}

extension ProbeApplySpec {
  static let section = Section(
    "application", blank: ProbeApplySpec(to: "", intervention: ""),
    keys: [
      Key("to", \.to, .folderName, required: true, example: "other-bank", "the experiment that holds the maps"),
      Key(
        "intervention", \.intervention, .line(allowsEmpty: false), required: true, example: "none",
        "which of its interventions"),
    ])
}

extension ProbeTestSpec {
  static let section = Section(
    "probe test", blank: ProbeTestSpec(says: "", probe: "", threshold: .above(0)),
    keys: [
      Key("says", \.says, .line(allowsEmpty: false), required: true, example: "it is", "the test in words"),
      Key("probe", \.probe, .probe, required: true, example: "color", "a probe of the file"),
      Key(
        "measure", \.measure, .choice, example: "bits",
        "{allowed}: the share that is told right, the gain in bits over log2 of the number of classes, or of the maps in `apply` "
          + "the share told as their word less the share told as their picture"),
      Key(
        "at", \.at, .choice, example: "registered",
        "{allowed}: for each seed the cell that does best on the other seeds, or the mean over registered cells"),
      Key(
        "over", \.over, .orNull(overForm), example: "color",
        "what is subtracted, seed by seed: `chance`, a control, or another probe; `null`: nothing"),
      Key(
        "less", \.less, .ifGiven(lessForm), brief: true, example: "[color, color]",
        "two other probes, whose difference is subtracted from that of `probe` and `over`"),
      Key(
        "above", \.above, .ifGiven(.number(-10...10)), standard: "", example: "0.5",
        "the threshold, {allowed}, if the value is claimed to lie above it"),
      Key(
        "below", \.below, .ifGiven(.number(-10...10)), standard: "", example: "0.5",
        "the same if it is claimed to lie below it; a test has one of both"),
    ]
  ) { test, fields, reader in
    switch (fields["above"], fields["below"]) {
    case (let above?, _?):
      reader.report(above, "a test has one threshold, above or below, and here are both; write two tests")
    case (nil, nil):
      reader.report(fields.field, "the threshold is missing; write above: or below: with a number")
    default: break
    }
    if test.less != nil, test.over.map({ !reader.context.probeNames.contains($0) }) ?? true, let less = fields["less"] {
      reader.report(less, "a difference of differences is of four probes; write another probe as over")
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

private let overForm = Form<String>.line(allowsEmpty: false).checked { name, field, reader in
  let known = ["chance"] + ProbeControlName.allCases.map(\.rawValue) + reader.context.probeBanks
  return known.contains(name) ? name : reader.knownProbe(name, field)
}

private let lessForm = Form<[String]>(
  read: { field, reader in
    guard let fields = reader.list(field, of: "two probes") else { return nil }
    if fields.count != 2 { reader.report(field, "expected two probes, found \(fields.count)") }
    return fields.compactMap { Form<String>.probe.read($0, reader) }
  }, write: { .list($0.map { .text($0) }) })
