import Generation
import StrictYAML

/// Which layers or heads matter: what each adds to metrics, by the sets of them that the file's interventions change.
public struct LayersSpec: Codable, Hashable, Sendable {
  /// What is changed or left alone as a whole.
  public enum Unit: String, CaseIterable, Codable, Hashable, Sendable {
    case layers
    case heads
  }

  /// The metric that a set of layers is to be found by, a name of `metrics`.
  public internal(set) var find: String
  /// Those whose effects by layer are told, names of the file's `metrics`.
  public internal(set) var metrics: [String]
  public internal(set) var unit: Unit
  /// Which edits count, by their sources; nil: all.
  public internal(set) var sources: SourceRule?

  public init(find: String, metrics: [String], unit: Unit = .layers, sources: SourceRule? = nil) {
    self.find = find
    self.metrics = metrics
    self.unit = unit
    self.sources = sources
  }
}

extension LayersSpec {
  static let section = Section(
    "layers", blank: LayersSpec(find: "", metrics: []),
    keys: [
      Key(
        "find", \.find, .metric, required: true, example: "ssim", "the metric that a set of layers is to be found by"),
      Key(
        "metrics", \.metrics, .distinct(of: "metrics", .metric), required: true, example: "[ssim, psnr]",
        "metrics whose effects by layer are told, that one among them; the first is drawn against the second"),
      Key(
        "unit", \.unit, .choice, brief: true, example: "heads",
        "what sets are made of: {allowed}; with `heads` an intervention may have several operations"),
      Key(
        "exclude_unless", \.sources, .ifGiven(.keys(SourceRule.section)), brief: true,
        example: "{ metric: picture_right, of: source, at_least: 1 }", "which edits count, as in a claim"),
    ]
  ) { layers, fields, reader in
    guard let field = fields["metrics"], !layers.find.isEmpty, !layers.metrics.contains(layers.find),
      !reader.hasProblem(below: field.path)
    else { return }
    reader.report(field, "\(layers.find) is to be found by, and is not among them")
  }
}
