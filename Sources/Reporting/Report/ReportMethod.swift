import Attention
import AttentionStore
import ExperimentFiles
import Formatting
import Foundation
import Measures
import Results
import Tensors

/// How the results came about: the part of a report that comes from the resolved file.
struct ReportMethod {
  let data: StoredResults
  fileprivate let words: SelectionText

  init(data: StoredResults) {
    self.data = data
    words = SelectionText(sites: data.sites, stepCount: data.callCount)
  }

  fileprivate var spec: ExperimentSpec { data.spec }

  var section: String {
    var parts = ["## Method", settings, "### Interventions", interventions]
    if !spec.record.isEmpty { parts += ["### Recorded attention", records] }
    if !data.sites.isEmpty {
      parts.append(Markdown.details("Attention sites: layer numbers, module paths and what selects them", siteTable))
    }
    let remarks = promptRemarks
    if !remarks.isEmpty { parts += ["### Words and tokens", remarks.map { "- \($0)" }.joined(separator: "\n")] }
    return parts.joined(separator: "\n\n")
  }

  private var settings: String {
    let generate = spec.generate
    let latents = data.sites.first.map { ", latents of \($0.latentWidth) x \($0.latentHeight) cells" } ?? ""
    let negative = generate.negativePrompt.isEmpty ? "empty" : "\"\(Markdown.text(generate.negativePrompt))\""
    let denoising = data.plan.settings.flatMap { settings in
      let isOnly = settings.label.isEmpty
      let steps = settings.denoising.steps
      let scheduler = Markdown.text(settings.denoising.schedulerText)
      var calls = settings.callCount == steps ? "" : ", \(settings.callCount) calls of the model"
      if let stop = settings.stopAfterCalls { calls += ", ended after \(counted(stop, "call")) without pictures" }
      return [
        [
          isOnly ? "scheduler" : "scheduler, \(Markdown.text(settings.label))",
          "\(scheduler), \(counted(steps, "step"))\(calls)",
        ],
        [
          isOnly ? "guidance" : "guidance, \(Markdown.text(settings.label))",
          "scale \(settings.denoising.guidanceScale), negative prompt \(negative)",
        ],
      ]
    }
    let model = [
      ["model", "\(Markdown.code(data.modelName)), SHA-256 \(Markdown.code(data.experiment.modelHash))"]
    ]
    let rows = [
      ["pictures", "\(data.plan.width) x \(data.plan.height) pixels (width x height)\(latents)"],
      [
        "start noise",
        "\(generate.allSeeds.count == 1 ? "seed" : "seeds") \(seedText), as torch's CPU generator draws it",
      ],
      ["numbers", "computed in \(generate.precision.rawValue) on \(Markdown.text(data.experiment.engine))"],
      ["tool", "attnlab \(Markdown.text(data.experiment.toolVersion))"],
    ]
    return Markdown.table(["setting", "value"], model + denoising + rows)
  }

  private var seedText: String {
    let seeds = spec.generate.allSeeds
    let isShort = seeds.count <= 12
    let small = seeds.allSatisfy { $0.value < 1 << 53 }
    if !isShort, small { return ranges(seeds.sorted().map { Int($0.value) }) }
    return seeds.map(String.init).joined(separator: ", ")
  }

  private var interventions: String {
    let rows = spec.interventions.map { intervention in
      let operations = intervention.operations.map { words.operation($0) }.joined(separator: "<br>")
      return [Markdown.text(intervention.name), operations.isEmpty ? "nothing is changed" : operations]
    }
    return "Layers are numbered from 1 in the order of the forward pass, as in Liu et al. 2024 (CVPR); steps from 0. "
      + "Several operations at one attention are applied in their order.\n\n"
      + Markdown.table(["name", "what is done to the target's attention"], rows)
  }

  private var records: String {
    // The column is there where it says something.
    let saysQuantity = spec.record.contains { $0.of != .probabilities }
    let saysUNet = spec.record.contains { $0.randomUNet != nil }
    let rows = spec.record.map { record -> [String] in
      let heads = record.of == .output ? "all together" : record.heads == .mean ? "mean over heads" : "each by itself"
      let grid = record.pool.map { "averaged down to \($0) x \($0) cells at most" }
      var row = [Markdown.text(record.name)]
      if saysQuantity { row.append(Markdown.code(record.of.rawValue)) }
      row += [words.sites(record.sites), words.steps(record.steps), heads, tokens(record), record.branch.rawValue]
      row += [grid ?? "each site's own grid", record.dtype.rawValue]
      if saysUNet { row.append(record.randomUNet.map { "random, seed \($0)" } ?? "the model's") }
      return row
    }
    var columns = ["name"]
    if saysQuantity { columns.append("of") }
    columns += ["sites", "steps", "heads", "tokens", "guidance half", "grid", "type"]
    if saysUNet { columns.append("UNet") }
    let table = Markdown.table(columns, rows)
    let random =
      saysUNet
      ? "A random UNet has the model's configuration and weights that were drawn and never trained. It was shown the latents, "
        + "text and time of the model's calls, and its predictions were not used." : nil
    return [table, spec.crossReadRemark, random].compactMap { $0 }.joined(separator: "\n\n")
  }

  /// Self-attention has no tokens, nor have queries and outputs.
  private func tokens(_ record: RecordSpec) -> String {
    guard record.of.hasTokens else { return "–" }
    let selected = words.selected(record.sites)
    return selected.isEmpty || selected.contains { $0.kind == .cross } ? words.tokens(record.tokens) : "–"
  }

  /// Every attention of the model, with the names of what selects it.
  private var siteTable: String {
    let changed = spec.interventions.map { intervention -> (String, Set<Int>) in
      (intervention.name, Set(intervention.operations.flatMap { words.selected($0.sites) }.map(\.index)))
    }
    let recorded = spec.record.map { record -> (String, Set<Int>) in
      ("record \(record.name)", Set(words.selected(record.sites).map(\.index)))
    }
    let selections = changed + recorded
    let rows = data.sites.map { site in
      [
        "\(site.layer)", site.kind.rawValue, Markdown.code(site.path), "\(site.width) x \(site.height)",
        "\(site.heads)",
        selections.filter { $0.1.contains(site.index) }.map { Markdown.text($0.0) }.joined(separator: ", "),
      ]
    }
    return Markdown.table(["layer:", "kind", "path", "grid:", "heads:", "selected by"], rows)
  }

  /// Words that the tokenizer splits, words that do not fit, and then how words are matched between prompts.
  private var promptRemarks: [String] {
    var (ofPrompts, ofPairs): ([String], [String]) = ([], [])
    for remark in data.plan.planRemarks {
      switch remark {
      case .split(let word, let pieces):
        let codes = pieces.map(Markdown.code).joined(separator: " + ")
        ofPrompts.append("\"\(Markdown.text(word))\" is split into \(codes); their maps are summed.")
      case .truncated(let prompt, let tokens, let words):
        ofPrompts.append(
          "\"\(Markdown.text(prompt))\" is longer than \(tokens) tokens; the model never saw: "
            + "\(Markdown.text(words.joined(separator: " "))).")
      case .aligned(let text): ofPairs.append(Markdown.text(text) + ".")
      case .note: continue
      }
    }
    return ofPrompts + ofPairs
  }
}

extension StoredResults {
  /// The model as the file names it, without the path of a folder, which differs from machine to machine.
  var modelName: String { Self.name(spec.model) }

  /// The resolved file, with folders and programs named as `modelName` names the model.
  var resolvedFile: String {
    spec.renaming(folders: Self.name) { metric in metric.naming(program: Self.name) }.resolvedYAML()
  }

  private static func name(_ path: String) -> String {
    guard path.hasPrefix("/") || path.hasPrefix("~") else { return path }
    return path.split(separator: "/").last.map(String.init) ?? path
  }
}

extension Metric {
  /// The same with another path of its program.
  fileprivate func naming(program name: (String) -> String) -> Metric {
    guard case .program(let program) = measure else { return self }
    let fields = Dictionary(programFields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    return (try? Metric(program: name(program.path), fields: fields)) ?? self
  }
}
