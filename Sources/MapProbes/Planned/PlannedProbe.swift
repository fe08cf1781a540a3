import Attention
import ExperimentFiles
import Planning
import Probing
import Tensors

/// A site at one call of the model.
struct ProbePlace: Hashable, Sendable {
  let site: AttentionSite
  let call: Int

  /// `cross:5`, as selectors name it.
  var siteName: String { "\(site.kind.rawValue):\(site.layer)" }
  var name: String { "\(siteName) call \(call)" }
}

/// Pictures whose maps a probe reads, with what is to be told of each.
struct ProbeSet: Sendable {
  let runs: [PlannedRun]
  let samples: [ProbeSample]
  let labels: ProbeLabels
  /// For each picture the token positions that are read of a cross map; nil where maps are read whole.
  let positions: [[Int]]?

  /// Some of the pictures, and the classes that are among them.
  func narrowed(to places: [Int]) throws(ProbingError) -> ProbeSet {
    let chosen = try choosing(places)
    let kept = labels.classes.indices.filter { chosen.labels.values.contains($0) }
    let numbers = Dictionary(kept.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    return ProbeSet(
      runs: chosen.runs, samples: chosen.samples,
      labels: try ProbeLabels(
        name: labels.name, classes: kept.map { labels.classes[$0] },
        values: chosen.labels.values.compactMap { numbers[$0] }),
      positions: chosen.positions)
  }

  /// Some of the pictures.
  func choosing(_ places: [Int]) throws(ProbingError) -> ProbeSet {
    ProbeSet(
      runs: places.map { runs[$0] }, samples: places.map { samples[$0] },
      labels: try ProbeLabels(
        name: labels.name, classes: labels.classes, values: places.map { labels.values[$0] }),
      positions: positions.map { all in places.map { all[$0] } })
  }
}

/// A probe of the file, resolved against the plan whose maps it reads.
struct PlannedProbe: Sendable {
  let spec: ProbeSpec
  /// What holds the maps.
  let plan: ExperimentPlan
  let record: RecordSpec
  /// What is trained on, and tested where there is no other set.
  let trained: ProbeSet
  let tested: ProbeSet?
  /// In the order of the forward pass, and of calls.
  let places: [ProbePlace]
  let registered: Set<ProbePlace>

  /// For each picture that is told the number of its seed and object, within which labels are permuted.
  var strata: [Int] { judged.samples.strata([.seeds, .objects]) }

  /// The pictures whose labels are told.
  var judged: ProbeSet { tested ?? trained }

  var folds: Folds {
    get throws(ProbingError) { try Folds(judged.samples, by: tested == nil ? spec.folds : .seeds) }
  }

  func has(_ control: ProbeControlName) -> Bool {
    if let controls = spec.controls, !controls.contains(control) { return false }
    switch control {
    case .shuffled: return tested == nil
    case .mass:
      return record.of == .probabilities && spec.features.value != .mass && trainedPlaces.contains(where: hasMass)
    case .permuted: return spec.features.value != .mass && record.of.isMap
    case .nullCell: return tested == nil && trainedPlaces.contains(where: isNull)
    }
  }

  /// The places that are tried: networks take long, and are trained at registered ones alone.
  var trainedPlaces: [ProbePlace] { spec.classifier == .network ? places.filter(registered.contains) : places }

  /// Whether a place has a word whose mass is a control. A self map has none: its mass is 1.
  func hasMass(_ place: ProbePlace) -> Bool { trained.positions != nil && place.site.kind == .cross }

  /// Whether no word that tells the label can have reached a place: the first layer at the first call, where self maps and the
  /// log ratios of earlier words follow from the noise alone.
  func isNull(_ place: ProbePlace) -> Bool {
    // The noise itself decides what is measured, and an intervention may change the first map of all.
    guard spec.measured == nil, spec.label != "intervention", place.site.layer == 1, place.call == 0 else {
      return false
    }
    if place.site.kind == .selfAttention { return record.of != .output }
    guard record.of == .logRatio, let positions = trained.positions else { return false }
    // A key knows the tokens up to its own, so that these must be the same whatever the class.
    var known: [Int: [Int]] = [:]
    return zip(strata, zip(positions, trained.runs)).allSatisfy { stratum, one in
      let tokens = one.1.prompt.tokens.prefix((one.0.max() ?? -1) + 1).map(\.id)
      defer { known[stratum] = tokens }
      return !tokens.isEmpty && known[stratum] ?? tokens == tokens
    }
  }
}

extension ProbeFeaturesSpec {
  /// How many features there are at a place, all heads together: as many values as are read of a picture there.
  /// - Parameters:
  ///   - record: of the plan, which is that of the probe itself or of a bank.
  ///   - readsWords: whether a word's part alone is read of cross-attention.
  /// - Returns: nil where no run leaves anything.
  /// - Throws: `ExperimentError`, which a plan that was made does not.
  func count(
    of record: RecordSpec, in plan: ExperimentPlan, at place: ProbePlace, readsWords: Bool
  ) throws -> Int? {
    guard let index = plan.spec.record.firstIndex(where: { $0.name == record.name }),
      let group = plan.groups.first
    else { return nil }
    let attention = try plan.attention(of: group)
    // A plan that was read back may name a call that its runs do not make.
    guard place.call < attention.stepCount,
      let map = attention.maps(step: place.call).first(where: {
        $0.record == index && $0.site == place.site.index && $0.branch == .conditional
      })
    else { return nil }
    let shown = heads == .mean ? 1 : heads.numbers?.count ?? map.heads
    if value == .mass { return shown }
    return saturatingProduct(shown, map.height, map.width, readsWords && place.site.kind == .cross ? 1 : map.keys)
  }
}

extension ProbeSpec {
  /// The first of some places with more features than a network takes; nil where there is none, and for other classifiers.
  /// - Parameter features: of a place; nil where there is nothing to be read.
  func tooWide(
    of places: [ProbePlace], _ features: (ProbePlace) throws -> Int?
  ) rethrows -> (place: ProbePlace, features: Int)? {
    guard classifier == .network else { return nil }
    for place in places {
      if let found = try features(place), found > NetworkProbe.mostInputs { return (place, found) }
    }
    return nil
  }
}
