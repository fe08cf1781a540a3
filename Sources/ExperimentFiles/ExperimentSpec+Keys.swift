import Attention
import Formatting
import Generation
import Measures
import StrictYAML

extension ExperimentSpec {
  /// The top level. What a key's value depends on stands before it.
  static let section = Section(
    "experiment", blank: ExperimentSpec(name: "", model: "", generate: GenerateSpec(seeds: [])),
    keys: keysOfRuns + keysOfResults, check: check)

  /// Maps are recorded or read, and metrics of maps need some.
  private static let check: @Sendable (ExperimentSpec, Fields, FileReader) -> Void = { experiment, fields, reader in
    if let other = experiment.mapsFrom, let field = fields["maps_from"] {
      if other == experiment.name { reader.report(field, "an experiment cannot read its own maps") }
      for (key, isGiven) in [
        ("record", !experiment.record.isEmpty), ("predicted_clean", experiment.predictedClean != nil),
        ("input_latents", experiment.inputLatents != nil),
        ("generate.stop_after_calls", experiment.generate.stopAfterCalls != nil),
      ] where isGiven {
        reader.report(fields[key] ?? field, "what is kept of runs is for \(quoted(other)) to say, whose maps are read")
      }
      return
    }
    checkPictures(experiment, fields, reader)
    guard !experiment.record.contains(where: \.isOfOwnProbabilities), !reader.hasProblem(below: "record"),
      let field = fields["metrics"], let metric = experiment.metrics.first(where: \.measure.isOfMaps)
    else { return }
    let what =
      experiment.record.isEmpty
      ? "nothing is recorded"
      : "no probabilities\(experiment.record.contains { $0.randomUNet != nil } ? " of the model" : "") are recorded"
    reader.report(
      field,
      "\(metric.name) is of stored maps, and \(what); add "
        + "record: [{ name: words, sites: \"cross:*\", tokens: words }]")
  }

  /// Refuses what looks at pictures where runs end before they have any.
  private static func checkPictures(_ experiment: ExperimentSpec, _ fields: Fields, _ reader: FileReader) {
    guard experiment.generate.stopAfterCalls != nil else { return }
    let lists = [
      ("metrics", experiment.metrics.first?.name), ("tables", experiment.tables.first?.name),
      ("figures", experiment.figures.first { $0 != .predictedClean && $0 != .mapStatistics }?.rawValue),
    ]
    for (key, name) in lists {
      guard let name, let field = fields[key] else { continue }
      reader.report(
        field, "\(name) is of pictures, and runs end after generate.stop_after_calls without one; leave one of both out"
      )
    }
  }

  private static let keysOfRuns: [Key<ExperimentSpec>] = [
    Key("version", \.version, versionForm, required: true, example: "1", "`\(currentVersion)`"),
    Key(
      "name", \.name, .folderName, required: true, example: "red-to-blue",
      "names the results folder: 1 to 64 of `a-z A-Z 0-9 - _ .`, not beginning with `-` or `.`"),
    Key(
      "question", \.question, .line(), example: "Which attention carries the color?",
      "the question that the experiment answers"),
    Key(
      "model", \.model, .folder, required: true, example: "emoji-scenes",
      "a bundled model's name, as `emoji-scenes`, or a folder in the diffusers layout"),
    Key(
      "generate", \.generate, .keys(GenerateSpec.section), required: true,
      example: "{ pairs: [{ source: a red car, target: a blue car }], seeds: [1, 2] }",
      "the pictures to make, see below"),
    Key(
      "maps_from", \.mapsFrom, .ifGiven(.folderName), brief: true, example: "probe-bank",
      "reads the maps and pictures that another experiment left, in place of making them, see below"),
    Key(
      "record", \.ownRecord, .list(of: "records", .keys(RecordSpec.section)),
      example: "[{ name: words, sites: \"cross:*\" }]", "a list of what to record, see below"),
    Key(
      "predicted_clean", \.ownPredictedClean, .orNull(.steps), example: "[0, 10, 20]",
      "the steps, as in `record`, after which each run writes the picture that the model then expects; `null` for none. "
        + "Each costs one decoding"),
    Key(
      "input_latents", \.ownInputLatents, .ifGiven(.steps), brief: true, example: "[0, 10, 20]",
      "the steps, as in `record`, at which each run writes the latents that the model is given to a file"),
    Key(
      "interventions", \.interventions, .interventions, standard: "`{ none: [] }`",
      example: "{ none: [], swap: [{ op: replace, sites: \"self:4-14\" }] }",
      "names with lists of operations, see below"),
  ]

  private static let keysOfResults: [Key<ExperimentSpec>] = [
    Key(
      "metrics", \.metrics, .distinct(of: "metrics", .metric), example: "[psnr, ssim]",
      "a list of {allowed}; each of the scene reader also as the second one sees it, as `binding_right_second`; "
        + "`attnlab metrics` explains them. A text with a `/` is a program of your own, see below"),
    Key(
      "instruments", \.instruments, .keys(InstrumentFolders.section),
      standard:
        "the bundled ones; there is none for `lpips`, and a second scene reader is asked only where it is named",
      example: "{ lpips: models/lpips-alex }",
      "the networks that metrics look with: a mapping of {allowed} to folders, or to the name of a bundled model"),
    Key(
      "tables", \.tables, .factors, example: "[object, color]",
      "how the report breaks down the metrics of untouched pictures, by what prompts name: a list of {allowed}; a mapping "
        + "is a group of objects, `{ group: core, objects: [dog, car] }`, see below"),
    Key("figures", \.figures, .distinct(of: "figures", .choice), example: "[side_by_side]", "a list of {allowed}"),
    Key(
      "methods", brief: true, example: "{ hold: ssim, metrics: [psnr], curves: [{ name: swap, published: swap }] }",
      "editing methods that are compared along their dials, see below",
      read: { fields, reader, experiment in
        guard let field = fields["methods"] else { return }
        reader.note(interventions: experiment.interventions, metrics: experiment.metrics)
        experiment.methods = MethodsSpec.section.read(field, reader)
        reader.context.claimable.curves = (experiment.methods?.curves ?? []).map(\.name)
      }, write: { $0.methods.map(MethodsSpec.section.write) }),
    Key(
      "layers", brief: true, example: "{ find: ssim, metrics: [ssim] }",
      "what each layer of self-attention adds to metrics, see below",
      read: { fields, reader, experiment in
        guard let field = fields["layers"] else { return }
        reader.note(interventions: experiment.interventions, metrics: experiment.metrics)
        experiment.layers = LayersSpec.section.read(field, reader)
      }, write: { $0.layers.map(LayersSpec.section.write) }),
    Key(
      "knows_against_does", brief: true,
      example: "[{ from: picture-state, probe: color, sweep: swap, metric: ssim }]",
      "what layers know beside what they do, see below",
      read: { fields, reader, experiment in
        guard let field = fields["knows_against_does"] else { return }
        reader.note(interventions: experiment.interventions, metrics: experiment.metrics)
        experiment.knowsAgainstDoes = knowsAgainstDoesForm.read(field, reader)
        if !experiment.interventions.contains(where: \.operations.isEmpty) {
          reader.report(
            field, "what is done is told against an intervention that does nothing, and there is none; add `none: []`")
        }
      }, write: { $0.knowsAgainstDoes.flatMap(knowsAgainstDoesForm.write) }),
    // A file without claims keeps the canonical form that it had before there were any.
    Key(
      "claims", brief: true,
      example: "{ claims: [{ name: C1, statement: it stays, "
        + "tests: [{ says: it does, metric: ssim, of: swap, above: 0.5 }] }] }",
      "what is claimed and what decides it, see below; `null` for nothing",
      read: { fields, reader, experiment in
        reader.note(interventions: experiment.interventions, metrics: experiment.metrics)
        experiment.claims = fields["claims"].flatMap { claimsForm.read($0, reader) } ?? nil
        experiment.addMetricsOfSecondReader()
      }, write: { claimsForm.write($0.claims) }),
    Key(
      "probes", \.probes, .ifGiven(.keys(ProbesSpec.section)), brief: true,
      example: "{ lists: { color: [red, blue] }, "
        + "probes: [{ name: color, says: is it told, label: color, features: { record: words } }] }",
      "classifiers of stored maps, with their controls and tests, see below"),
    Key(
      "budget", \.budget, .keys(BudgetSpec.section), example: "{ disk: 2 GiB }",
      "`{ disk: size }`: a plan that would write more into the results folder is refused"),
  ]
}

extension ExperimentSpec {
  // As a file has it: a plan that reads maps knows what the other experiment keeps of runs, which its file may not say.

  fileprivate var ownRecord: [RecordSpec] {
    get { mapsFrom == nil ? record : [] }
    set { record = newValue }
  }

  fileprivate var ownPredictedClean: StepSelector? {
    get { mapsFrom == nil ? predictedClean : nil }
    set { predictedClean = newValue }
  }

  fileprivate var ownInputLatents: StepSelector? {
    get { mapsFrom == nil ? inputLatents : nil }
    set { inputLatents = newValue }
  }
}

extension BudgetSpec {
  static let section = Section(
    "budget", blank: BudgetSpec(),
    keys: [Key("disk", \.disk, sizeForm, example: "2 GiB", "the most that the results folder may take")])
}

extension InstrumentFolders {
  static let section = Section(
    "instruments", blank: InstrumentFolders(),
    keys: Instrument.allCases.map {
      Key($0.rawValue, \.[folder: $0], .ifGiven(.folder), example: "x", "a folder, or the name of a bundled model")
    })

  fileprivate subscript(folder instrument: Instrument) -> String? {
    get { given[instrument] }
    set { self = InstrumentFolders(given.merging(newValue.map { [instrument: $0] } ?? [:]) { $1 }) }
  }
}

// MARK: Values

private let knowsAgainstDoesForm = Form<[KnowsAgainstDoesSpec]>.list(
  of: "questions", .keys(KnowsAgainstDoesSpec.section), ifEmpty: "give at least one probe and sweep")

private let claimsForm = Form<ClaimsSpec?>.orNull(.keys(ClaimsSpec.section))

private let versionForm = Form<Int>.whole(0...Int.max).checked { version, field, reader in
  let current = ExperimentSpec.currentVersion
  if version == current { return version }
  reader.report(field, "\(version) is not known; this tool reads version \(current)")
  return nil
}

private let sizeForm = Form<ByteSize>(
  read: { field, reader in
    if case .scalar(_, .integer) = field.node.content {
      return reader.integer(field, in: 1...(1 << 53)).map { ByteSize($0) }
    }
    if case .scalar(let text, .text) = field.node.content, let size = ByteSize(text), size.bytes > 0 { return size }
    let units = ByteSize.units.map(\.name).joined(separator: ", ")
    reader.report(
      field,
      "expected a size, found \(field.node.described); write bytes, or a number and a unit as 2 GiB; units: \(units)"
    )
    return nil
  }, write: { .plain("\($0)") })
