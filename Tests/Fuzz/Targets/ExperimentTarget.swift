import Attention
import ExperimentFiles
import Foundation
import StrictYAML

/// Experiment files: `ExperimentSpec`, and the way back from what it accepts.
///
/// The first byte says what the others are: the text of a file, after a byte 0 the options of `--set`, one a line; the
/// choices of a grammar, which makes files that are sound but for a few values; or a file of pairs that an experiment
/// names.
///
/// What is accepted must write a resolved file and a canonical form that both decode to an equal spec, which writes the
/// same bytes.
struct ExperimentTarget: FuzzTarget {
  let files: ScratchFiles

  func run(_ input: FuzzBytes) {
    var input = input
    let text: String
    var options: [String] = []
    // What `file:` may find beside the experiment.
    var pairs = Array(#"[{"soure_prompt": "a red car", "edit_prompt": "a blue car"}]"#.utf8)
    switch input.choice(3) {
    case 0:
      guard let yaml = String(validating: input.part(), as: UTF8.self) else { return }
      text = yaml
      // A value that names a file would be another one on each machine.
      options = String(decoding: input.rest(), as: UTF8.self).split(separator: "\n").prefix(4).map(String.init)
        .filter { !$0.contains("=@") }
    case 1: text = Self.built(&input)
    default:
      text = "version: 1\nname: a\nmodel: b\ngenerate: { pairs: [{ file: pairs.json }], seeds: [1] }\n"
      pairs = input.rest()
    }
    files.write(pairs, to: "pairs.json")
    files.write(Array(text.utf8), to: "experiment.yaml")
    do throws(SpecError) {
      let spec = try ExperimentSpec(
        yaml: text, file: files.url("experiment.yaml").path, overrides: options,
        checkingSites: { _ = try? SiteSelector($0).resolve(Self.model) })
      roundTrip(spec)
    } catch {
      requireReadable(error)
    }
  }

  private func roundTrip(_ spec: ExperimentSpec) {
    let resolved = spec.resolvedYAML()
    for text in [resolved, spec.canonicalForm] {
      do throws(SpecError) {
        let again = try ExperimentSpec(yaml: text, file: "resolved.yaml")
        require(again == spec, "what decodes is equal after a round trip:\n\(text)")
        require(again.resolvedYAML() == resolved, "the bytes stay:\n\(resolved)\n\(again.resolvedYAML())")
      } catch {
        fatalError("does not hold: what is written can be read:\n\(text)\n\(error)")
      }
    }
  }

  // MARK: The grammar

  private static func built(_ input: inout FuzzBytes) -> String {
    var lines = ["version: 1", "name: \(input.happens(in: 8) ? quoted(input.text()) : "small")"]
    lines += ["model: \(input.happens(in: 8) ? scalar(&input) : "emoji-scenes")"]
    if input.happens(in: 3) { lines.append("question: \(scalar(&input))") }
    var generate = ["seeds: [\(input.happens(in: 4) ? input.number() : "1"), \(input.choice(9) + 2)]"]
    generate.append("pairs: [\(list(&input, pair))]")
    generate.append("prompts: [\(list(&input, prompt))]")
    let numbers = ["num_inference_steps", "guidance_scale", "height", "width"]
    for key in numbers where input.happens(in: 4) { generate.append("\(key): \(value(&input))") }
    for key in ["negative_prompt", "scheduler", "precision"] where input.happens(in: 6) {
      generate.append("\(key): \(scalar(&input))")
    }
    if input.happens(in: 4) { generate.append("scheduler_settings: { \(list(&input, setting)) }") }
    if input.happens(in: 4) { generate.append("sweep: { guidance_scale: \(axis(&input)), x: [1] }") }
    if input.happens(in: 4) {
      generate.append("settings: [{ name: a, guidance_scale: \(value(&input)) }, { name: b }]")
    }
    if input.happens(in: 8) { generate.append("batch: \(value(&input))") }
    lines.append("generate: { \(generate.joined(separator: ", ")) }")
    if input.happens(in: 2) { lines.append("record: [\(list(&input, record))]") }
    if input.happens(in: 2) { lines.append("interventions: { \(list(&input, intervention)) }") }
    if input.happens(in: 4) {
      lines.append("metrics: [\(input.element(["psnr", "ssim", "psnr, ssim", "psnr, psnr"]))]")
    }
    if input.happens(in: 4) { lines.append("figures: [\(input.element(["side_by_side", "self_attention", "x"]))]") }
    if input.happens(in: 4) { lines.append("predicted_clean: \(steps(&input))") }
    if input.happens(in: 4) { lines.append("budget: { disk: \(size(&input)) }") }
    if input.happens(in: 2) { lines.append("claims: \(claims(&input))") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func list(_ input: inout FuzzBytes, _ entry: (inout FuzzBytes) -> String) -> String {
    (0..<input.choice(4)).map { _ in entry(&input) }.joined(separator: ", ")
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
    return "\"\(escaped)\""
  }

  private static func scalar(_ input: inout FuzzBytes) -> String {
    switch input.choice(4) {
    case 0: quoted(input.text())
    case 1: input.text()
    case 2:
      input.element(["null", "~", "true", "fp32", "ddim", "''", "\"\"", "2024-01-01", "*a", "&a b", "!!str 1", "|"])
    default: input.number()
    }
  }

  private static func value(_ input: inout FuzzBytes) -> String {
    input.happens(in: 4) ? scalar(&input) : input.number()
  }

  private static func size(_ input: inout FuzzBytes) -> String {
    "\(input.number())\(input.element(["", " B", "kB", " GiB", " TiB", "MB", " x"]))"
  }

  private static func pair(_ input: inout FuzzBytes) -> String {
    switch input.choice(4) {
    case 0: "{ source: \(scalar(&input)), target: \(scalar(&input)) }"
    case 1: "{ source: a red car, target: a blue car }"
    case 2: "{ template: \"a {x} \(input.element(["car", "{y}", "{", "{x}", "{}"]))\", lists: \(lists(&input)) }"
    default:
      "{ file: \(input.element(["pairs.json", "none.json", "/dev/zero", "..", "\"\""])), limit: \(value(&input)) }"
    }
  }

  private static func lists(_ input: inout FuzzBytes) -> String {
    "{ x: [\(list(&input, scalar))], \(input.element(["y", "x", "z"])): [a, \(scalar(&input))] }"
  }

  private static func prompt(_ input: inout FuzzBytes) -> String {
    input.happens(in: 4) ? "{ template: \"{x} {y}\", lists: \(lists(&input)) }" : scalar(&input)
  }

  private static func steps(_ input: inout FuzzBytes) -> String {
    switch input.choice(4) {
    case 0: "all"
    case 1: "[\(list(&input) { $0.number() })]"
    case 2: "{ from: \(input.number()), to: \(input.number()), every: \(input.number()) }"
    default: "{ fraction: [\(input.number()), \(input.number())] }"
    }
  }

  /// Two of a model's attentions, for selectors to choose from.
  private static let model = AttentionKind.allCases.enumerated().map { index, kind in
    let grid = AttentionAxis.picture(height: 8, width: 8)
    return AttentionSite(
      index: index, path: "down_blocks.0.attentions.0.transformer_blocks.0.attn\(index + 1)", layer: 4, heads: 2,
      queries: grid, keys: kind == .cross ? .text(tokens: 77) : grid, latentHeight: 16, latentWidth: 16)
  }

  private static let sites = [
    "cross:*", "self:4-14", "*:*", "self:grid<=1/2", "cross:down", "self:", "self:grid=99999999999999999/3", "self:4",
  ]

  private static func record(_ input: inout FuzzBytes) -> String {
    var keys = ["name: r\(input.choice(4))", "sites: \"\(input.element(sites))\""]
    if input.happens(in: 2) { keys.append("steps: \(steps(&input))") }
    if input.happens(in: 3) {
      keys.append("tokens: \(input.element(["all", "words", "[car, 3, \"<start>\", car#2]"]))")
    }
    if input.happens(in: 3) { keys.append("tokens: [\(list(&input, scalar))]") }
    if input.happens(in: 4) { keys.append("pool: \(value(&input))") }
    if input.happens(in: 4) { keys.append("heads: \(input.element(["all", "mean", "[0]"]))") }
    if input.happens(in: 4) { keys.append("dtype: \(input.element(["fp16", "fp32", "float64"]))") }
    return "{ \(keys.joined(separator: ", ")) }"
  }

  private static func intervention(_ input: inout FuzzBytes) -> String {
    let name = input.happens(in: 3) ? quoted(input.text()) : "i\(input.choice(4))"
    guard input.happens(in: 3) else { return "\(name): [\(list(&input, operation))]" }
    let keys = ["layers", "strength", "factor", "0.strength", "1.seed", "steps", "heads", "9.x", "op"]
    let axes = (0...input.choice(2)).map { _ in "\(input.element(keys)): \(axis(&input))" }
    return "\(name): { sweep: { \(axes.joined(separator: ", ")) }, operations: [\(list(&input, operation))] }"
  }

  /// The values that a swept key takes.
  private static func axis(_ input: inout FuzzBytes) -> String {
    switch input.choice(4) {
    case 0: "[\(list(&input) { $0.number() })]"
    case 1: "{ single: \(input.choice(4))-\(input.number()) }"
    case 2: "{ window: \(input.number()), of: \(input.choice(4))-\(input.number()), every: \(input.number()) }"
    default: "{ a: \(value(&input)), b: [\(input.number())], c: { from: 0, to: \(input.number()) } }"
    }
  }

  private static func claims(_ input: inout FuzzBytes) -> String {
    var keys = ["claims: [\(list(&input, claim))]"]
    if input.happens(in: 2) { keys.append("gates: [\(list(&input, gate))]") }
    if input.happens(in: 3) {
      keys.append("held_out_seeds: [\(list(&input) { $0.happens(in: 3) ? "1" : $0.number() })]")
    }
    if input.happens(in: 3) { keys.append("confidence: \(value(&input))") }
    if input.happens(in: 3) {
      keys.append("averages: [{ name: \(input.element(["a", "i0"])), of: [\(list(&input) { $0.element(columns) })] }]")
    }
    return "{ \(keys.joined(separator: ", ")) }"
  }

  private static func claim(_ input: inout FuzzBytes) -> String {
    let exclusions = input.happens(in: 3) ? ", exclusions: \(scalar(&input))" : ""
    return "{ name: c\(input.choice(4)), statement: \(scalar(&input)), tests: [\(list(&input, test))]\(exclusions) }"
  }

  private static let columns = ["source", "none", "i0", "i1", "i2", "a"]

  private static func test(_ input: inout FuzzBytes) -> String {
    var keys = [
      "says: \(scalar(&input))", "metric: \(input.element(["psnr", "ssim"]))", "of: \(input.element(columns))",
    ]
    keys.append("\(input.element(["above", "below"])): \(value(&input))")
    for key in ["against", "placebo"] where input.happens(in: 2) { keys.append("\(key): \(input.element(columns))") }
    return "{ \(keys.joined(separator: ", ")) }"
  }

  private static func gate(_ input: inout FuzzBytes) -> String {
    let says = "says: \(scalar(&input))"
    let measured = "\(says), metric: psnr, of: \(input.element(columns))"
    return switch input.choice(3) {
    case 0: "{ \(measured), at_least: \(value(&input)) }"
    case 1: "{ \(measured), against: \(input.element(columns)), differs: true }"
    default: "{ \(says), instrument: \(scalar(&input)), at_least: \(value(&input)) }"
    }
  }

  private static func setting(_ input: inout FuzzBytes) -> String {
    let keys = ["timestep_spacing", "use_karras_sigmas", "sigma_min", "steps_offset", "trained_betas", "x"]
    return "\(input.element(keys)): \(input.element(["trailing", "true", "[0.1]", ".inf", value(&input)]))"
  }

  private static func operation(_ input: inout FuzzBytes) -> String {
    let op = input.element(OperationRegistry.all)
    var keys = ["op: \(op.name)", "sites: \"\(input.element(sites))\""]
    for key in op.keys where input.happens(in: 2) { keys.append("\(key.name): \(value(&input))") }
    if input.happens(in: 3) { keys.append("of: \(input.element(["queries", "keys", "values", "scores", "output"]))") }
    if input.happens(in: 3) { keys.append("steps: \(steps(&input))") }
    if input.happens(in: 4) { keys.append("heads: [\(list(&input) { $0.number() })]") }
    if input.happens(in: 4) { keys.append("words: [\(list(&input, scalar))]") }
    for key in ["source_seed", "source_seed_added"] where input.happens(in: 4) {
      keys.append("\(key): \(value(&input))")
    }
    if op == .datasetMean {
      keys.append("prompts: [\(list(&input, prompt))], seeds: [\(list(&input) { $0.number() })]")
    }
    if input.happens(in: 4) { keys.append("renormalize: \(input.element(["true", "false", "yes"]))") }
    return "{ \(keys.joined(separator: ", ")) }"
  }
}
