import Analysis
import Attention
import AttentionStore
import Foundation
import Plotting
import Results
import Tensors

/// A number of a site's attention at one step.
public enum MapStatistic: String, CaseIterable, Codable, Hashable, Sendable {
  /// Of the map that is the mean over heads: `- sum p ln p` of a query's row, in nats, the mean over queries.
  case entropy
  /// `entropy` over `ln(keys)`: 0 where each query looks at one key, 1 where it looks at all alike.
  case relativeEntropy = "relative_entropy"
  /// The mean over heads of each head's own entropy, in nats.
  case headEntropy = "head_entropy"
  /// The Jensen-Shannon divergence of the heads, `entropy - head_entropy`, in nats: 0 where all heads are alike, at most
  /// `ln(heads)`.
  case headDivergence = "head_divergence"
  /// Of self-attention: the mean distance of query and key, weighted by probability, over the grid's diagonal.
  case distance
  /// Of a word: the root of the mean squared distance of its attention from its centroid, over the grid's diagonal.
  case spread

  /// For readers, with the unit.
  var title: String {
    switch self {
    case .entropy: "entropy, nats"
    case .relativeEntropy: "entropy over ln(keys)"
    case .headEntropy: "entropy of single heads, nats"
    case .headDivergence: "divergence of the heads, nats"
    case .distance: "distance from query to key over the grid's diagonal"
    case .spread: "spread about the centroid over the grid's diagonal"
    }
  }
}

/// Entropy, locality and head diversity of each recorded site and step of one run.
///
/// Rows of a map are brought to a sum of 1 first. What needs all keys of a row, entropy and divergence, is left out for
/// cross-attention of which only some words were recorded; `spread` needs no row, since it is of one word's map over the
/// cells. `HeadMixture` and `MapSpread` have the formulas.
public struct StatisticsView {
  /// One number.
  public struct Row: Hashable, Sendable {
    public let record: String
    public let site: AttentionSite
    public let step: Int
    public let statistic: MapStatistic
    /// Of `spread`; empty for the others.
    public let word: String
    /// NaN where no query has attention.
    public let value: Double
    /// What it is of attention that is the same for all keys, or cells of a word.
    public let uniform: Double
  }

  let run: StoredRun
  /// By record, step and site.
  public let rows: [Row]
  /// What could not be computed, and which entry of `record` it needs.
  public let missing: [String]

  /// - Throws: `ExperimentError` that says what was not recorded and what would record it; `SelectionError`; `StoreError`.
  public init(_ request: MapViewRequest, store: AttentionStore) throws {
    let maps = try ViewMaps(request, kind: request.words == nil ? nil : .cross, store: store)
    var rows: [Row] = []
    var missing: [String] = []
    for record in maps.records {
      let keepsAllKeys = record.positions == (maps.tokens?.tokens.indices.map { [$0] } ?? [])
      var (hasMeans, hasCross) = (false, false)
      try maps.gather(
        record,
        start: { site, map in SiteNumbers(site, map, words: record.words ?? record.allWords, hasAllKeys: keepsAllKeys)
        },
        add: { numbers, map in
          try numbers.add(map)
          hasMeans = hasMeans || map.head == nil
          hasCross = hasCross || numbers.site.kind == .cross
        }, finish: { rows += $2.rows(record: record.name, step: $1) })
      if hasCross, !keepsAllKeys {
        missing.append(
          "entropy of cross-attention needs all keys, and \"\(record.name)\" keeps some; record with `tokens: all`")
      }
      if hasMeans {
        missing.append(
          "the divergence of heads needs each head, and \"\(record.name)\" keeps their mean; record with `heads: all`")
      }
    }
    run = maps.run
    self.rows = rows
    self.missing = missing
  }
}

/// The statistics of one site at one step, gathered head by head.
private struct SiteNumbers {
  let site: AttentionSite
  private let grid: GridSize
  private var mixture: HeadMixture?
  private var words: [(label: String, mean: KeysMean)]
  private var isMean = false

  init(_ site: AttentionSite, _ map: StoredMap, words: [(label: String, keys: [Int])], hasAllKeys: Bool) {
    self.site = site
    grid = map.grid
    mixture = site.kind == .selfAttention || hasAllKeys ? HeadMixture(rows: map.grid.cells, keys: map.keys) : nil
    self.words = site.kind == .cross ? words.map { ($0.label, KeysMean(site: site, map, keys: $0.keys)) } : []
  }

  mutating func add(_ map: StoredMap) throws {
    isMean = isMean || map.head == nil
    try mixture?.add(map.values)
    for word in words.indices { try words[word].mean.add(map) }
  }

  func rows(record: String, step: Int) -> [StatisticsView.Row] {
    func row(_ statistic: MapStatistic, _ value: Double, uniform: Double, word: String = "") -> StatisticsView.Row {
      .init(
        record: record, site: site, step: step, statistic: statistic, word: word, value: value, uniform: uniform)
    }
    var rows: [StatisticsView.Row] = []
    if let mixture {
      let (entropy, most) = (mixture.entropy, log(Double(mixture.keys)))
      rows.append(row(.entropy, entropy, uniform: most))
      if mixture.keys > 1 { rows.append(row(.relativeEntropy, entropy / most, uniform: 1)) }
      if !isMean {
        rows.append(row(.headEntropy, mixture.headEntropy, uniform: most))
        rows.append(row(.headDivergence, mixture.headDivergence, uniform: 0))
      }
      if site.kind == .selfAttention {
        rows.append(row(.distance, mixture.distance(on: grid), uniform: HeadMixture.uniformDistance(on: grid)))
      }
    }
    let uniform = words.isEmpty ? 0 : MapSpread.uniform(on: grid)
    return rows
      + words.map { row(.spread, MapSpread.of($0.mean.values, on: grid), uniform: uniform, word: $0.label) }
  }
}
