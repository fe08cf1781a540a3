import Formatting
import Generation
import StrictYAML

/// Editing methods that are compared where it is fair: at their published settings, and where they keep equally much.
public struct MethodsSpec: Codable, Hashable, Sendable {
  public static let defaultLevel = 0.7

  /// The metric that is held, a name of the file's `metrics`.
  public internal(set) var hold: String
  /// The mean of it at which the methods are read.
  public internal(set) var at: Double
  /// What is read, names of the file's `metrics`.
  public internal(set) var metrics: [String]
  /// Which edits count, by their sources; nil: all.
  public internal(set) var sources: SourceRule?
  /// Never empty; their names differ.
  public internal(set) var curves: [CurveSpec]

  public init(
    hold: String, at: Double = MethodsSpec.defaultLevel, metrics: [String], sources: SourceRule? = nil,
    curves: [CurveSpec]
  ) {
    self.hold = hold
    self.at = at
    self.metrics = metrics
    self.sources = sources
    self.curves = curves
  }
}

/// A method at all values of its dial: the interventions that a sweep made of it.
public struct CurveSpec: Codable, Hashable, Sendable {
  /// That of the swept intervention.
  public internal(set) var name: String
  /// The intervention of the curve that has the published setting.
  public internal(set) var published: String

  public init(name: String, published: String) {
    self.name = name
    self.published = published
  }

  /// Its interventions of those of a file.
  package func points(among interventions: [String]) -> [String] { Self.points(of: name, among: interventions) }

  /// The intervention of a name, and those that a sweep made of it, as `fpe until=0.8`, in the order of the file.
  static func points(of name: String, among interventions: [String]) -> [String] {
    interventions.filter { intervention in
      guard intervention != name else { return true }
      let rest = intervention.dropFirst(name.count)
      return intervention.hasPrefix(name) && rest.hasPrefix(" ") && beginsWithKey(rest.dropFirst())
    }
  }

  /// How many keys a point was swept over: 2 for `mix layers=4-14, strength=0.5`.
  fileprivate func keys(of point: String) -> Int {
    let choices = point.dropFirst(name.count + 1)
    let starts = choices.indices.filter { $0 == choices.startIndex || choices[..<$0].hasSuffix(", ") }
    return starts.count { Self.beginsWithKey(choices[$0...]) }
  }

  /// Whether a text begins with a swept key, as `until=0.8`.
  private static func beginsWithKey(_ text: Substring) -> Bool {
    text.contains("=") && text.prefix { $0 != "=" }.allSatisfy { $0.isLetter || $0.isNumber || "._".contains($0) }
  }
}

extension MethodsSpec {
  static let section = Section(
    "methods", blank: MethodsSpec(hold: "", metrics: [], curves: []),
    keys: [
      Key("hold", \.hold, .metric, required: true, example: "ssim", "the metric that is held, as `layout_kept`"),
      Key(
        "at", \.at, .number(-1e6...1e6), example: "0.5", "the mean of it at which methods are read, {allowed}"),
      Key(
        "metrics", \.metrics, .distinct(of: "metrics", .metric, ifEmpty: "give at least one of the file's metrics"),
        required: true, example: "[psnr]", "what is read there and at the published settings: metrics of the file"),
      Key(
        "exclude_unless", \.sources, .ifGiven(.keys(SourceRule.section)), brief: true,
        example: "{ metric: picture_right, of: source, at_least: 1 }", "which edits count, as in a claim"),
      Key(
        "curves", \.curves,
        .list(of: "curves", .keys(CurveSpec.section), ifEmpty: "give at least one method"), required: true,
        example: "[{ name: swap, published: swap }]", "a list of methods, one or more"),
    ])
}

extension CurveSpec {
  static let section = Section(
    "curve", blank: CurveSpec(name: "", published: ""),
    keys: [
      Key(
        "name", \.name, .name, required: true, example: "fpe",
        "an intervention of the file that was swept; its values are the points, in their order. One that was not swept is a "
          + "single point"),
      Key(
        "published", \.published, .text(allowsEmpty: false), required: true, example: "fpe until=0.8",
        "the point that has the published setting, written in full"),
    ]
  ) { curve, fields, reader in
    guard let columns = reader.context.claimable.columns, !curve.name.isEmpty else { return }
    let points = curve.points(among: columns.filter { $0 != InterventionSpec.sourceName })
    if points.isEmpty, let field = fields["name"] {
      reader.report(field, "the file has no intervention \(quoted(curve.name)), nor a sweep of that name")
    } else if let point = points.first(where: { curve.keys(of: $0) > 1 }), let field = fields["name"] {
      reader.report(
        field,
        "\(quoted(point)) is swept over more than one key, and a curve is of one dial; sweep one key, or name a single "
          + "point")
    } else if !curve.published.isEmpty, !points.contains(curve.published), let field = fields["published"] {
      reader.report(
        field,
        "\(quoted(curve.published)) is no point of \(quoted(curve.name)); there are \(points.joined(separator: ", "))")
    }
  }
}
