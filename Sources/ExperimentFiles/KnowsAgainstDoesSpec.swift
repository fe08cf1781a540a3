import Formatting
import Generation
import StrictYAML

/// What layers know beside what they do: the gain of another experiment's probe, and what a change there does to a metric.
public struct KnowsAgainstDoesSpec: Codable, Hashable, Sendable {
  public static let chance = "chance"

  /// The experiment that trained the probe.
  public internal(set) var from: String
  /// The probe's name.
  public internal(set) var probe: String
  /// What its accuracy is taken over: `chance`, or the name of a control.
  public internal(set) var over: String
  /// The swept intervention whose places in the network are looked at.
  public internal(set) var sweep: String
  /// A name of the file's `metrics`, which is compared with the intervention that does nothing.
  public internal(set) var metric: String
  /// Which edits count, by their sources; nil: all.
  public internal(set) var sources: SourceRule?

  public init(
    from: String, probe: String, over: String = chance, sweep: String, metric: String, sources: SourceRule? = nil
  ) {
    self.from = from
    self.probe = probe
    self.over = over
    self.sweep = sweep
    self.metric = metric
    self.sources = sources
  }

  /// The interventions that the sweep made, of those of a file and in their order.
  package func interventions(among names: [String]) -> [String] { CurveSpec.points(of: sweep, among: names) }
}

extension KnowsAgainstDoesSpec {
  static let section = Section(
    "knows_against_does", blank: KnowsAgainstDoesSpec(from: "", probe: "", sweep: "", metric: ""),
    keys: [
      Key(
        "from", \.from, .folderName, required: true, example: "picture-state", "the experiment that trained the probe"),
      Key(
        "probe", \.probe, .text(allowsEmpty: false), required: true, example: "color", "the probe, by its name there"),
      Key(
        "over", \.over, .text(allowsEmpty: false), example: "mass",
        "what the probe's accuracy is taken over: `chance`, or a control that it has there"),
      Key(
        "sweep", \.sweep, .text(allowsEmpty: false), required: true, example: "swap",
        "an intervention of the file that was swept over `layers`, `steps` or both; each of its values is a place in the network"
      ),
      Key(
        "metric", \.metric, .metric, required: true, example: "ssim",
        "what the change does: the mean of it, less that of the intervention that does nothing"),
      Key(
        "exclude_unless", \.sources, .ifGiven(.keys(SourceRule.section)), brief: true,
        example: "{ metric: picture_right, of: source, at_least: 1 }", "which edits count, as in a claim"),
    ]
  ) { spec, fields, reader in
    guard let columns = reader.context.claimable.columns, !spec.sweep.isEmpty, let field = fields["sweep"] else {
      return
    }
    if spec.interventions(among: columns.filter { $0 != InterventionSpec.sourceName }).isEmpty {
      reader.report(field, "the file has no intervention \(quoted(spec.sweep)), nor a sweep of that name")
    }
  }
}
