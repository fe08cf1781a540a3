import Formatting
import Schedulers
import StrictYAML
import Tensors

extension GenerateSpec {
  package static let section = Section(
    "generate", blank: GenerateSpec(seeds: []),
    keys: subjects + GenerationSettings.section.keys.map { $0.lifted(\.only) } + severalSettings + rest
  ) { generate, fields, reader in
    // Of a list that could not be read it is already said what is wrong with it.
    let areKnown = !["pairs", "prompts"].contains { reader.hasProblem(below: "\(fields.path).\($0)") }
    if areKnown, generate.pairs.isEmpty, generate.prompts.isEmpty {
      reader.report(fields.field, "nothing to generate; give pairs, prompts, or both")
    }
    reader.checkSeeds(generate, fields, areKnown: areKnown)
    reader.note(generate)
  }

  private static let subjects: [Key<GenerateSpec>] = [
    Key(
      "pairs", \.pairs, .pairs, example: "[{ source: a red car, target: a blue car }]",
      "a list of pairs of a source and a target prompt, see below"),
    Key("prompts", \.prompts, .prompts(), example: "[a red car]", "a list of prompts that stand alone, see below"),
    Key(
      "seeds", \.sharedSeeds, .ifGiven(.seeds), standard: "required, unless each pair has seeds of its own",
      example: "[1, 2]",
      "a list of whole numbers from 0 to 2^64 - 1, as for torch's CPU generator"),
  ]

  private static let severalSettings: [Key<GenerateSpec>] = [
    Key(
      "sweep", example: "{ guidance_scale: [3, 7.5] }",
      "several settings: the four keys above with the values that they take, see below",
      read: { fields, reader, generate in
        guard let sweep = fields["sweep"], fields["settings"] == nil else { return }
        let settings = reader.settings(of: sweep, fields)
        if !settings.isEmpty { generate.settings = settings }
      }, write: { _ in nil }),
    Key(
      "settings", example: "[{ name: weak, guidance_scale: 3 }]",
      "the same written out: a list of settings, each with a `name`",
      read: { fields, reader, generate in
        guard let list = fields["settings"] else { return }
        for field in (GenerationSettings.section.names + ["sweep"]).compactMap({ fields[$0] }) {
          reader.report(field, "stands beside settings, each of which has its own")
        }
        if let settings = named.read(list, reader), !settings.isEmpty { generate.settings = settings }
      }, write: { $0.only == nil ? named.write($0.settings) : nil }),
  ]

  private static let named = Form<[GenerationSettings]>.list(
    of: "settings, each with a name", .keys(GenerationSettings.named), ifEmpty: "leave the key out for one setting")

  private static let rest: [Key<GenerateSpec>] = [
    Key("negative_prompt", \.negativePrompt, .line(), example: "a drawing", "the prompt of the unconditional branch"),
    Key(
      "height", \.height, .orNull(pixelsForm), example: "96", "pixels, {allowed}; `null` for the model's own size"),
    Key("width", \.width, .orNull(pixelsForm), example: "128", "as `height`"),
    Key("precision", \.precision, .choice, example: "fp32", "the numbers that the model computes in: {allowed}"),
    Key(
      "batch", \.batch, .whole(2...1024), example: "8",
      "{allowed}: the largest number of runs in a group. If a source has more targets, they are made in several groups, "
        + "each with the source again. Single prompts share groups. Memory grows with this number"),
    Key(
      "stop_after_calls", \.stopAfterCalls, .ifGiven(.whole(1...FileContext.mostCalls)), brief: true, example: "11",
      "{allowed}: each run ends after so many calls of the model, without a picture; steps 0 to 10 for 11"),
  ]

  /// nil where nothing is made with them.
  fileprivate var sharedSeeds: [Seed]? {
    get { seeds.isEmpty ? nil : seeds }
    set { seeds = newValue ?? [] }
  }

  /// The settings where there is but one, without a name; setting nil changes nothing.
  fileprivate var only: GenerationSettings? {
    get { settings.count == 1 ? settings.first { $0.label.isEmpty } : nil }
    set { if let newValue { settings = [newValue] } }
  }
}

extension GenerationSettings {
  /// What a sweep may vary, and what stands in `generate` itself where there is one setting.
  static let section = Section(
    "settings", blank: GenerationSettings(),
    keys: [
      Key("num_inference_steps", \.numInferenceSteps, .whole(1...1000), example: "20", "denoising steps, {allowed}"),
      Key(
        "guidance_scale", \.guidanceScale, .number(0...100),
        standard: "`\(GenerateSpec.defaultGuidanceScale)`, as in diffusers", example: "5",
        "the weight of classifier-free guidance, {allowed}"),
      Key(
        "scheduler", \.scheduler, .orNull(schedulerForm), example: "ddim",
        "{allowed}, or a class name of diffusers; `null` for the one of the model's folder"),
      Key(
        "scheduler_settings", \.schedulerSettings, .keys(SchedulerSettings.section), brief: true,
        example: "{ timestep_spacing: trailing }",
        "keys of `scheduler_config.json` with other values than the folder's, as `{ timestep_spacing: trailing }`"),
    ])

  /// The same as one of several.
  static let named = Section(
    "settings", blank: GenerationSettings(),
    keys: [Key("name", \.label, .name, required: true, example: "weak", "what results call them")] + section.keys)
}

extension SchedulerSettings {
  static let section = Section(
    "scheduler_settings", blank: SchedulerSettings(),
    keys: keys.sorted().map { Key($0, \.[$0], .ifGiven(settingForm), example: "1", "as in `scheduler_config.json`") })

  fileprivate subscript(key: String) -> Value? {
    get { values[key] }
    set { self = SchedulerSettings(values.filter { $0.key != key }.merging(newValue.map { [key: $0] } ?? [:]) { $1 }) }
  }
}

extension FileReader {
  /// Reports missing seeds, seeds that nothing is made with, and seeds that a pair does not have to itself.
  /// - Parameter areKnown: whether pairs and prompts could be read.
  fileprivate func checkSeeds(_ generate: GenerateSpec, _ fields: Fields, areKnown: Bool) {
    guard areKnown else { return }
    switch fields["seeds"] {
    case nil where !generate.haveOwnSeeds:
      report(
        at: fields.place, path: keyPath(fields.path, "seeds"), "the key \"seeds\" is missing in \(fields.path)")
    case let field? where generate.haveOwnSeeds:
      report(field, "each pair has seeds of its own, and nothing is made with these; leave the key out")
    default: break
    }
    guard let field = fields["pairs"] else { return }
    var owners: [Seed: String] = Dictionary(
      generate.seeds.map { ($0, "generate.seeds") }, uniquingKeysWith: { first, _ in first })
    for pair in generate.pairs {
      for seed in pair.seeds ?? [] {
        if let owner = owners[seed] {
          report(
            field,
            "\(quoted(pair.label)) has the seed \(seed), which \(owner) has already; a pair has its seeds to itself")
          return
        }
        owners[seed] = quoted(pair.label)
      }
    }
  }
}

// MARK: Values

extension Form<Seed> {
  package static var seed: Form<Seed> {
    Form(read: { $1.integer($0, in: Seed.values).map { Seed($0) } }, write: { .plain("\($0)") })
  }
}

extension Form<[Seed]> {
  package static var seeds: Form<[Seed]> { distinct(of: "seeds", .seed, ifEmpty: "give one seed or more") }
}

private let pixelsForm = Form<Int>.whole(8...8192).checked(allowed: "a multiple of 8 from 8 to 8192") {
  pixels, field, reader in
  if pixels.isMultiple(of: 8) { return pixels }
  let below = pixels / 8 * 8
  reader.report(field, "\(pixels) is not allowed; a multiple of 8 pixels, as \(below) or \(below + 8)")
  return nil
}

private let schedulerForm = Form<String>.line(allowsEmpty: false).checked(
  allowed: Markdown.codes(SchedulerKind.allCases.map(\.rawValue))
) { name, field, reader in
  do throws(SchedulerError) { return try SchedulerKind(named: name).rawValue } catch {
    // The message begins with `scheduler: `, which stands at the end of the path.
    reader.report(at: field.node.place, path: field.path, field.path + error.description.drop { $0 != ":" })
    return nil
  }
}

private let settingForm = Form<SchedulerSettings.Value>(
  read: { field, reader in
    switch field.node.content {
    case .scalar(_, .truth): return reader.bool(field).map { .truth($0) }
    case .scalar(_, .integer): return reader.integer(field, in: -1_000_000...1_000_000).map { .integer($0) }
    case .scalar(_, .number): return reader.number(field, in: -1e6...1e6).map { .number($0) }
    case .scalar(_, .text): return reader.line(field, allowsEmpty: false).map { .text($0) }
    default:
      reader.report(field, "expected a text, a number, true or false, found \(field.node.described)")
      return nil
    }
  }, write: { if case .text(let text) = $0 { .text(text) } else { .plain($0.description) } })
