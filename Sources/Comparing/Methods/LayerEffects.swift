import Analysis
import Attention
import ExperimentFiles
import Formatting
import Generation
import Results

/// What each layer of self-attention adds to metrics, by the sets of layers that an experiment changed alike, and the set that follows.
public struct LayerEffects: Sendable {
  /// An intervention whose one operation acts in some layers, or that does nothing.
  public struct LayerSet: Sendable {
    public let intervention: String
    /// From 1, ascending.
    public let layers: [Int]
    /// Of each metric of the file's `layers`; nil where no run has it.
    public let means: [Double?]
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
  /// Of the model.
  public let layers: Int
  /// In the order of the file.
  public let sets: [LayerSet]
  public let metrics: [Metric]
  /// Layers from 1 in the order in which they were added; nil where the metric to find by has no fit.
  public let found: [Int]?
  /// The operation of the sets in the layers that were found; nil where there are none.
  public let intervention: InterventionSpec?
  /// Edits that do not count, as their source is not as it should be, and how many edits there are.
  public let leftOut: (count: Int, of: Int)

  /// - Returns: nil if the experiment does not ask for it.
  package init?(_ data: StoredResults) {
    guard let spec = data.spec.layers else { return nil }
    let all = ClaimRuns(data, seeds: nil)
    let layers = data.sites.filter { $0.kind == .selfAttention }.map(\.layer).max() ?? 0
    let chosen = data.spec.interventions.compactMap { intervention -> (InterventionSpec, layers: [Int])? in
      guard !intervention.operations.isEmpty else { return (intervention, []) }
      let selected = InterventionSelection(intervention, data).layers
      guard intervention.operations.count == 1, Set(selected.keys) == [.selfAttention] else { return nil }
      return selected[.selfAttention].map { (intervention, $0) }
    }
    let template = chosen.lazy.compactMap(\.0.operations.first).first
    let sets = chosen.compactMap { intervention, layers -> (name: String, layers: [Int])? in
      guard let operation = intervention.operations.first else { return (intervention.name, []) }
      let isAlike = template.map(operation.differsInSitesAlone(from:)) ?? false
      return isAlike ? (intervention.name, layers) : nil
    }
    self.init(spec, spec.sources.map(all.counting) ?? all, sets: sets, layers: layers, template: template)
  }

  /// - Parameters:
  ///   - sets: layers from 1, by intervention.
  ///   - template: the operation of all sets.
  init(
    _ spec: LayersSpec, _ runs: ClaimRuns, sets: [(name: String, layers: [Int])], layers: Int, template: OperationSpec?
  ) {
    self.spec = spec
    self.layers = layers
    confidence = ClaimsSpec.defaultConfidence
    leftOut = runs.editsLeftOut
    let metrics = spec.metrics.map { Metric($0, runs, sets, layers: layers) }
    self.metrics = metrics
    self.sets = sets.map { set in
      LayerSet(
        intervention: set.name, layers: set.layers,
        means: spec.metrics.map { metric in
          let mean = Summary(runs.values(metric, of: set.name).found.map(\.of)).mean
          return mean.isNaN ? nil : mean
        })
    }
    let confidence = self.confidence
    let found = metrics.first { $0.name == spec.find }?.fit.map { fit in
      // What rounding leaves of nothing is no gain.
      fit.greedy(confidence: confidence).filter { fit.effects[$0].mean > 1e-12 * max(1, abs(fit.base.mean)) }.map {
        $0 + 1
      }
    }
    self.found = found
    intervention = template.flatMap { template in
      guard let found, !found.isEmpty else { return nil }
      let operation = OperationSpec(
        op: template.op, values: template.change.values, place: template.place,
        sites: "self:\(ranges(found.sorted()).replacing(" ", with: ""))",
        steps: template.steps, branch: template.branch, heads: template.heads, words: template.words,
        renormalize: template.renormalize)
      return InterventionSpec(name: "found", operations: [operation])
    }
  }
}

extension LayerEffects.Metric {
  fileprivate init(_ name: String, _ runs: ClaimRuns, _ sets: [(name: String, layers: [Int])], layers: Int) {
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
        sets: sets.map { $0.layers.map { $0 - 1 } }, parts: layers, values: whole.map { values[$0] },
        clusters: subjects.map { numbers.number(of: $0, clustering) })
      problem = nil
    } catch {
      fit = nil
      problem =
        switch error {
        case .inseparable(let part):
          "the sets do not tell layer \(part + 1) from the layers before it; add an intervention that changes it alone"
        case .noSubjects: "no pair and seed has \(name) under all sets"
        }
    }
  }
}

extension OperationSpec {
  fileprivate func differsInSitesAlone(from other: OperationSpec) -> Bool {
    change == other.change && place == other.place && steps == other.steps && branch == other.branch
      && heads == other.heads
      && words == other.words && renormalize == other.renormalize
  }
}

extension LayerEffects {
  /// A line a layer and metric, then a line a set and metric.
  package var csv: CSVTable {
    var table = CSVTable(["kind", "name", "layers", "count", "metric", "value", "low", "high", "clusters", "found"])
    for metric in metrics {
      for (layer, effect) in (metric.fit?.effects ?? []).enumerated() {
        let interval = effect.studentInterval(confidence: confidence)
        let values: [Double?] = [effect.mean, interval?.lowerBound, interval?.upperBound]
        var line = ["effect", "layer \(layer + 1)", "\(layer + 1)", "1", metric.name]
        line += values.map(CSVTable.number)
        line += ["\(effect.clusters)", found.map { $0.contains(layer + 1) ? "true" : "false" } ?? ""]
        table.append(line)
      }
    }
    for set in sets {
      for (metric, mean) in zip(metrics, set.means) {
        table.append(
          ["set", set.intervention, ranges(set.layers), "\(set.layers.count)", metric.name, CSVTable.number(mean)]
            + ["", "", "", ""])
      }
    }
    return table
  }
}
