import Attention
import Formatting
import Measures
import Schedulers
import Tensors

/// The keys of an experiment file: what the decoder allows, and what the reference says of them.
///
/// There is one list for both, so that neither can have a key that the other has not.
public struct SpecReference: Hashable, Sendable {
  public struct Key: Hashable, Sendable {
    public let name: String
    /// What may stand there, in Markdown.
    public let value: String
    /// In Markdown; empty where nothing is done without the key.
    public let standard: String

    package init(_ name: String, _ value: String, _ standard: String = "") {
      self.name = name
      self.value = value
      self.standard = standard
    }
  }

  /// `generate`, or `experiment` for the top level.
  public let section: String
  public let keys: [Key]

  package var names: [String] { keys.map(\.name) }

  /// The keys as a table in Markdown.
  public var table: String {
    Markdown.table(
      ["key", "value", "default"], keys.map { [Markdown.code($0.name), $0.value, $0.standard] })
  }
}

extension SpecReference {
  /// Every section, in the order of the page.
  public static let all = [
    experiment, generate, record, operation, operations, claims, gate, claim, test,
  ]

  package static let experiment = SpecReference(
    section: "experiment",
    keys: [
      Key("version", "`1`", "required"),
      Key(
        "name", "names the results folder: 1 to 64 of `a-z A-Z 0-9 - _ .`, not beginning with `-` or `.`", "required"),
      Key("question", "the question that the experiment answers", "`\"\"`"),
      Key("model", "a bundled model's name, as `emoji-scenes`, or a folder in the diffusers layout", "required"),
      Key("generate", "the pictures to make, see below", "required"),
      Key("record", "a list of what to record, see below", "`[]`"),
      Key(
        "predicted_clean",
        "the steps, as in `record`, after which each run writes the picture that the model then expects; `null` "
          + "for none. Each costs one decoding", "`null`"),
      Key("interventions", "names with lists of operations, see below", "`{ none: [] }`"),
      Key(
        "metrics",
        "a list of \(codes(MetricRegistry.all.map(\.name))); `attnlab metrics` explains them. A text "
          + "with a `/` is a program of your own, see below", "`[]`"),
      Key(
        "instruments",
        "the networks that metrics look with: a mapping of \(codes(Instrument.allCases.map(\.rawValue))) to folders, or to the "
          + "name of a bundled model", "the bundled ones; there is none for `lpips`"),
      Key(
        "tables",
        "how the report breaks down the metrics of untouched pictures, by what prompts name: a list of "
          + codes(FactorName.allCases.map(\.rawValue)), "`[]`"),
      Key("figures", "a list of \(codes(FigureName.allCases.map(\.rawValue)))", "`[]`"),
      Key("claims", "what is claimed and what decides it, see below; `null` for nothing", "`null`"),
      Key(
        "budget", "`{ disk: size }`: a plan that would write more into the results folder is refused",
        "`{ disk: \(BudgetSpec.defaultDisk) }`"),
    ])

  package static let generate = SpecReference(
    section: "generate",
    keys: [
      Key("pairs", "a list of pairs of a source and a target prompt, see below", "`[]`"),
      Key("prompts", "a list of prompts that stand alone, see below", "`[]`"),
      Key("seeds", "a list of whole numbers from 0 to 2^64 - 1, as for torch's CPU generator", "required"),
    ] + settings + [
      Key("sweep", "several settings: the four keys above with the values that they take, see below"),
      Key("settings", "the same written out: a list of settings, each with a `name`"),
      Key("negative_prompt", "the prompt of the unconditional branch", "`\"\"`"),
      Key(
        "height", "pixels, a multiple of 8 from 8 to 8192; `null` for the model's own size", "`null`"),
      Key("width", "as `height`", "`null`"),
      Key(
        "precision", "the numbers that the model computes in: \(codes(Precision.allCases.map(\.rawValue)))",
        "`\(Precision.fp32.rawValue)`"),
      Key(
        "batch",
        "2 to 1024: the largest number of runs in a group. If a source has more targets, they are made in "
          + "several groups, each with the source again. Single prompts share groups. Memory grows with this "
          + "number", "`\(GenerateSpec.defaultBatch)`"),
    ])

  package static let settings = [
    Key("num_inference_steps", "denoising steps, 1 to 1000", "`\(GenerateSpec.defaultNumInferenceSteps)`"),
    Key(
      "guidance_scale", "the weight of classifier-free guidance, 0 to 100",
      "`\(GenerateSpec.defaultGuidanceScale)`, as in diffusers"),
    Key(
      "scheduler",
      "\(codes(SchedulerKind.allCases.map(\.rawValue))), or a class name of diffusers; `null` for the one of "
        + "the model's folder", "`null`"),
    Key(
      "scheduler_settings",
      "keys of `scheduler_config.json` with other values than the folder's, as `{ timestep_spacing: trailing }`",
      "`{}`"),
  ]

  package static let record = SpecReference(
    section: "record",
    keys: [
      Key(
        "name", "1 to 64 letters, digits, spaces and `- _ . , + = % ( )`, no dot at the start, no space at either end",
        "required"),
      Key("sites", "selects attention sites, as `\"cross:*\"` or `\"self:4-14\"`", "required"),
      Key("heads", "`mean`: one map; `all`: one map for each head", "`\(HeadChoice.mean.rawValue)`"),
      Key("steps", "which denoising steps, see below", "`all`"),
      Key("tokens", "which keys of cross-attention maps: `all` positions, the prompt's `words`, or a list", "`all`"),
      Key(
        "branch", "half of classifier-free guidance: \(codes(BranchChoice.allCases.map(\.rawValue)))",
        "`\(BranchChoice.conditional.rawValue)`"),
      Key(
        "pool",
        "the side of the grid, in cells, that maps are averaged down to, 1 to 1024; `null` to keep each site's grid",
        "`null`"),
      Key(
        "dtype", "how values are stored: \(codes(MapType.allCases.map(\.rawValue)))", "`\(MapType.float32.rawValue)`"),
    ])

  package static let operation = SpecReference(
    section: "operation",
    keys: [
      Key(
        "op", "what is done, see below; one that changes the encoded prompt has of these keys `branch` alone",
        "required"),
      Key(
        "of",
        "the place: `queries`, `keys`, `values`, `scores` (before the softmax), `probabilities` (after it), `output` (what "
          + "the attention adds to its block)", "`probabilities`"),
      Key("sites", "selects attention sites", "required"),
      Key("steps", "as in `record`", "`all`"),
      Key(
        "branch", codes(BranchChoice.allCases.map(\.rawValue)), "`\(BranchChoice.conditional.rawValue)`"),
      Key("heads", "a list of heads from 0, or `all`; not of `output`", "`all`"),
      Key(
        "words",
        "a list of words and names as in `tokens` of `record`, or `all`: at cross-attention the columns of maps, the rows "
          + "of keys and values", "`all`"),
      Key("renormalize", "`true`: rows of probabilities are brought back to a sum of 1 afterwards", "`false`"),
    ])

  /// The keys of every operation that changes the encoded prompt: it acts at no site, and at no step alone.
  static let keysOfPromptOperations = ["op", "branch"]

  /// The keys that only some operations have.
  package static let operations = SpecReference(
    section: "operations",
    keys: OperationRegistry.all.flatMap(\.keys).uniqued(by: \.name).map { key in
      let owners = OperationRegistry.all.filter { $0.keys.contains { $0.name == key.name } }
      let names = owners.map { Markdown.code($0.name) }.joined(separator: " and ")
      return Key(key.name, "of \(names): \(key.meaning)", key.standardText)
    })

  /// Every operation with its meaning and its own keys, as a table in Markdown.
  public static var operationTable: String {
    Markdown.table(
      ["op", "does", "its own keys"],
      OperationRegistry.all.map { operation in
        [Markdown.code(operation.name), operation.meaning, codes(operation.keys.map(\.name))]
      })
  }
}

extension SpecReference {
  /// The generated parts by name: each section's table, and that of the operations.
  public static var parts: [(name: String, text: String)] {
    all.map { ($0.section, $0.table) } + [("ops", operationTable)]
  }

  /// A page with its generated parts as they are now. A part stands between `<!-- generated: name -->` and
  /// `<!-- end -->`, each in a line of its own; the rest of the page is written by hand.
  /// - Throws: `ExperimentError` if a part is missing, or is none of these.
  public static func updated(page: String) throws -> String {
    var (lines, missing): ([Substring], [String]) = ([], parts.map(\.name))
    var isInside = false
    for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == "<!-- end -->" { isInside = false }
      if !isInside { lines.append(line) }
      guard line.hasPrefix("<!-- generated: "), line.hasSuffix(" -->") else { continue }
      let name = String(line.dropFirst("<!-- generated: ".count).dropLast(" -->".count))
      guard let part = parts.first(where: { $0.name == name }) else {
        throw ExperimentError(
          "there is no generated part \"\(name)\"; there are \(parts.map(\.name).joined(separator: ", "))")
      }
      lines += ["", Substring(part.text), ""]
      missing.removeAll { $0 == name }
      isInside = true
    }
    guard missing.isEmpty, !isInside else {
      throw ExperimentError(
        isInside ? "a generated part has no end" : "the page lacks the parts \(missing.joined(separator: ", "))")
    }
    return lines.joined(separator: "\n")
  }
}

/// `` `a`, `b` ``
private func codes(_ names: [String]) -> String { names.map(Markdown.code).joined(separator: ", ") }

extension Array {
  /// The first of each name, in order.
  fileprivate func uniqued(by name: (Element) -> String) -> [Element] {
    var seen: Set<String> = []
    return filter { seen.insert(name($0)).inserted }
  }
}
