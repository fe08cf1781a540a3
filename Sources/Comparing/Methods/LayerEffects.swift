import Analysis
import Attention
import ExperimentFiles
import Formatting
import Generation
import Results

/// What each layer of self-attention, or each head of it, adds to metrics, by the sets of layers or heads that an experiment changed
/// alike, and the set that follows.
public struct LayerEffects: Sendable {
  /// A layer, or a head of one.
  public struct Part: Hashable, Sendable, Comparable {
    /// From 1.
    public let layer: Int
    /// From 0; nil: the whole layer.
    public let head: Int?

    /// `4`, or `4.2` for head 2 of layer 4.
    package var label: String { "\(layer)" + (head.map { ".\($0)" } ?? "") }

    /// `layer 4`, or `head 4.2`.
    package var name: String { "\(head == nil ? "layer" : "head") \(label)" }

    public static func < (a: Part, b: Part) -> Bool { (a.layer, a.head ?? -1) < (b.layer, b.head ?? -1) }
  }

  /// An intervention whose operations act in some layers or heads, or that does nothing.
  public struct LayerSet: Sendable {
    public let intervention: String
    /// Ascending.
    public let parts: [Part]
    /// Of each metric of the file's `layers`; nil where no run has it.
    public let means: [Double?]
    /// Whether the effects are fitted to it, among others: its parts are all told apart.
    public let isFitted: Bool
  }

  /// A metric.
  public struct Metric: Sendable {
    public let name: String
    /// nil where ``problem`` says why.
    public let fit: MainEffects?
    public let problem: String?
    /// Runs of a pair and seed under all sets; those that lack the metric under one of them are left out.
    public let subjects: Int
    public let missing: Int
    public let clustering: Comparison.Clustering
  }

  public let spec: LayersSpec
  public let confidence: Double
  /// What an effect is told of: all layers of the model, or the heads that are in a set; without those that the sets do not tell apart,
  /// as long as any are left.
  public let parts: [Part]
  /// In the order of the file.
  public let sets: [LayerSet]
  public let metrics: [Metric]
  /// In the order in which they were added; nil where the metric to find by has no fit.
  public let found: [Part]?
  /// The operation of the sets where it was found to add something; nil where there are none.
  public let intervention: InterventionSpec?
  /// Edits that do not count, as their source is not as it should be, and how many edits there are.
  public let leftOut: EditsLeftOut

  /// - Returns: nil if the experiment does not ask for it.
  package init?(_ data: StoredResults) {
    guard let spec = data.spec.layers else { return nil }
    let all = ClaimRuns(data, seeds: nil)
    let text = SelectionText(sites: data.sites, stepCount: data.callCount)
    let template = data.spec.interventions.lazy.compactMap { $0.operations.first }.first {
      let sites = text.selected($0.sites)
      return !sites.isEmpty && sites.allSatisfy { $0.kind == .selfAttention }
    }
    let sets = data.spec.interventions.compactMap { intervention -> (name: String, parts: [Part])? in
      guard intervention.operations.count <= 1 || spec.unit == .heads else { return nil }
      var parts: Set<Part> = []
      for operation in intervention.operations {
        let sites = text.selected(operation.sites)
        guard !sites.isEmpty, sites.allSatisfy({ $0.kind == .selfAttention }),
          template.map({ operation.differsInSitesAlone(from: $0, orHeads: spec.unit == .heads) }) ?? false
        else { return nil }
        for site in sites { parts.formUnion(spec.unit.parts(of: site, operation.heads)) }
      }
      return (intervention.name, parts.sorted())
    }
    let layers = data.sites.filter { $0.kind == .selfAttention }.map(\.layer).max() ?? 0
    let parts =
      spec.unit == .heads
      ? Set(sets.flatMap(\.parts)).sorted() : (0..<layers).map { Part(layer: $0 + 1, head: nil) }
    self.init(spec, spec.sources.map(all.counting) ?? all, sets: sets, parts: parts, template: template)
  }

  /// - Parameters:
  ///   - sets: by intervention.
  ///   - parts: what an effect is told of, ascending.
  ///   - template: the operation of all sets.
  init(
    _ spec: LayersSpec, _ runs: ClaimRuns, sets: [(name: String, parts: [Part])], parts all: [Part],
    template: OperationSpec?
  ) {
    self.spec = spec
    let (fitted, parts) = Self.told(sets, parts: all)
    self.parts = parts
    confidence = ClaimsSpec.defaultConfidence
    leftOut = runs.editsLeftOut
    let metrics = spec.metrics.map { Metric($0, runs, fitted, parts: parts) }
    self.metrics = metrics
    self.sets = sets.map { set in
      LayerSet(
        intervention: set.name, parts: set.parts,
        means: spec.metrics.map { metric in
          let mean = Summary(runs.values(metric, of: set.name).found.map(\.of)).mean
          return mean.isNaN ? nil : mean
        },
        isFitted: fitted.contains { $0.name == set.name })
    }
    let confidence = self.confidence
    let found = metrics.first { $0.name == spec.find }?.fit.map { fit in
      // What rounding leaves of nothing is no gain.
      fit.greedy(confidence: confidence).filter { fit.effects[$0].mean > 1e-12 * max(1, abs(fit.base.mean)) }.map {
        parts[$0]
      }
    }
    self.found = found
    intervention = template.flatMap { template in
      guard let found, !found.isEmpty else { return nil }
      return InterventionSpec(name: "found", operations: template.operations(in: found))
    }
  }

  /// The sets whose parts are told apart, and these parts. Parts that are in the same sets are not: a single group beside heads that
  /// were asked one by one would otherwise leave nothing to be told of any.
  /// - Returns: everything, where nothing would be left.
  private static func told(
    _ sets: [(name: String, parts: [Part])], parts: [Part]
  ) -> (sets: [(name: String, parts: [Part])], parts: [Part]) {
    var kept = sets
    while true {
      let places = Dictionary(grouping: parts) { part in kept.indices.filter { kept[$0].parts.contains(part) } }
      let together = Set(places.filter { !$0.key.isEmpty && $0.value.count > 1 }.values.joined())
      guard !together.isEmpty else {
        let told = parts.filter { part in kept.contains { $0.parts.contains(part) } }
        return told.isEmpty ? (sets, parts) : (kept, told)
      }
      kept.removeAll { !together.isDisjoint(with: $0.parts) }
    }
  }

  /// What the sums say of a set of parts under a metric; nil without a fit.
  package func predicted(_ metric: Metric, of set: [Part]) -> Double? {
    metric.fit?.predicted(set.compactMap(parts.firstIndex))
  }
}

extension LayerEffects.LayerSet {
  /// `4-14`, or `4.0, 4.2` for heads.
  package var text: String {
    parts.contains { $0.head != nil } ? parts.map(\.label).joined(separator: ", ") : ranges(parts.map(\.layer))
  }
}

extension LayersSpec.Unit {
  /// What a change of some heads of a site is a change of.
  fileprivate func parts(of site: AttentionSite, _ heads: [Int]?) -> [LayerEffects.Part] {
    switch self {
    case .layers: [LayerEffects.Part(layer: site.layer, head: nil)]
    case .heads: (heads ?? Array(0..<site.heads)).map { LayerEffects.Part(layer: site.layer, head: $0) }
    }
  }
}

extension LayerEffects.Metric {
  fileprivate init(
    _ name: String, _ runs: ClaimRuns, _ sets: [(name: String, parts: [LayerEffects.Part])], parts: [LayerEffects.Part]
  ) {
    let all = runs.subjects(of: Set(sets.map(\.name)))
    let values = all.map { subject in
      sets.compactMap { set in
        runs.place(set.name, subject).flatMap { runs.runs[$0].metrics?[name] }.flatMap { $0.isFinite ? $0 : nil }
      }
    }
    let whole = all.indices.filter { values[$0].count == sets.count }
    let subjects = whole.map { all[$0] }
    let clustering = Comparison.Clustering(of: subjects)
    let numbers = ClusterNumbers(subjects)
    self.name = name
    self.clustering = clustering
    self.subjects = whole.count
    missing = all.count - whole.count
    do throws(MainEffects.Failure) {
      fit = try MainEffects(
        sets: sets.map { $0.parts.compactMap(parts.firstIndex) }, parts: parts.count, values: whole.map { values[$0] },
        clusters: subjects.map { numbers.number(of: $0, clustering) })
      problem = nil
    } catch {
      fit = nil
      problem =
        switch error {
        case .inseparable(let part):
          "the sets do not tell \(parts[part].name) from the \(parts[part].head == nil ? "layers" : "heads") before it; add an intervention that changes it alone"
        case .noSubjects: "no pair and seed has \(name) under all sets"
        }
    }
  }
}

extension OperationSpec {
  /// - Parameter orHeads: whether it may differ in its heads too.
  fileprivate func differsInSitesAlone(from other: OperationSpec, orHeads: Bool) -> Bool {
    change == other.change && place == other.place && steps == other.steps && branch == other.branch
      && (orHeads || heads == other.heads) && words == other.words && renormalize == other.renormalize
  }

  /// The same in layers, or in heads: an operation for each list of heads.
  fileprivate func operations(in parts: [LayerEffects.Part]) -> [OperationSpec] {
    let headsOf = Dictionary(grouping: parts.sorted(), by: \.layer).mapValues { $0.compactMap(\.head) }
    let layersOf = Dictionary(grouping: headsOf.keys.sorted()) { headsOf[$0] ?? [] }
    return layersOf.sorted { ($0.value.first ?? 0) < ($1.value.first ?? 0) }.map { heads, layers in
      OperationSpec(
        op: op, values: change.values, place: place, sites: "self:\(ranges(layers).replacing(" ", with: ""))",
        steps: steps, branch: branch, heads: heads.isEmpty ? self.heads : heads, words: words, renormalize: renormalize)
    }
  }
}

extension LayerEffects {
  /// A line a layer and metric, then a line a set and metric.
  package var csv: CSVTable {
    var table = CSVTable(["kind", "name", "layers", "count", "metric", "value", "low", "high", "clusters", "found"])
    for metric in metrics {
      for (part, effect) in zip(parts, metric.fit?.effects ?? []) {
        let interval = effect.studentInterval(confidence: confidence)
        let values: [Double?] = [effect.mean, interval?.lowerBound, interval?.upperBound]
        var line = ["effect", part.name, part.label, "1", metric.name]
        line += values.map(CSVTable.number)
        line += ["\(effect.clusters)", found.map { $0.contains(part) ? "true" : "false" } ?? ""]
        table.append(line)
      }
    }
    for set in sets {
      for (metric, mean) in zip(metrics, set.means) {
        table.append(
          ["set", set.intervention, set.text, "\(set.parts.count)", metric.name, CSVTable.number(mean)]
            + ["", "", "", ""])
      }
    }
    return table
  }
}
