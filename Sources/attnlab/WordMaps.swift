import Analysis
import AttentionTracing
import Plotting
import Tensors

/// The maps of a prompt's words, gathered step by step.
///
/// Of all steps only DAAM's sums are kept, so that memory does not grow with their number; single maps stay of the steps
/// that figures show.
struct WordMaps {
  let words: [String]
  /// At most twelve, spread evenly; the first and the last are among them.
  let shownSteps: [Int]

  private let sites: [AttentionSite]
  private let stepCount: Int
  private var heatMaps: WordHeatMaps
  /// Indices of the sites that have maps.
  private var recorded: Set<Int> = []
  /// By shown step, then by site.
  private var shown: [Int: [Int: Tensor]] = [:]

  static let mostShownSteps = 12

  /// - Parameter sites: all of the model, by index.
  init(words: [String], sites: [AttentionSite], stepCount: Int) {
    self.words = words
    self.sites = sites
    self.stepCount = stepCount
    let size = GridSize(height: sites.first?.latentHeight ?? 1, width: sites.first?.latentWidth ?? 1)
    heatMaps = WordHeatMaps(words: words.indices.map { [$0] }, size: size)
    let count = min(stepCount, Self.mostShownSteps)
    shownSteps = (0..<count).map { count == 1 ? 0 : ($0 * (stepCount - 1) + (count - 1) / 2) / (count - 1) }
  }

  /// - Parameter maps: the mean over heads of each cross-attention, with a key for each word.
  mutating func add(step: Int, _ maps: [(map: PlannedMap, values: Tensor)]) throws {
    for (map, values) in maps {
      let expected = [map.height, map.width, words.count]
      guard values.shape == expected else {
        throw ShapeError("map of \(sites[map.site].shortName)", expected: "\(expected)", found: values.shape)
      }
      let site = sites[map.site]
      try heatMaps.add(
        values.values, on: GridSize(height: map.height, width: map.width), keyCount: words.count, site: map.site,
        head: nil, heads: site.heads)
      recorded.insert(map.site)
      if shownSteps.contains(step) { shown[step, default: [:]][map.site] = values }
    }
  }

  /// `16 layers and 30 steps`
  var summary: String { "\(Readable.number(recorded.count, "layer")) and \(Readable.number(stepCount, "step"))" }

  /// Each word's attention over the picture, as DAAM defines it.
  func sums() throws -> [HeatMap] {
    try heatMaps.maps.map {
      try HeatMap(width: heatMaps.size.width, height: heatMaps.size.height, values: $0.map(Float.init))
    }
  }

  /// A word's maps at the shown steps, a row for each layer.
  func rows(word: Int) throws -> [LayerRow] {
    try recorded.sorted().map { site in
      LayerRow(sites[site].figureLabel, try shownSteps.map { try column(word, of: shown[$0]?[site]) })
    }
  }

  private func column(_ word: Int, of maps: Tensor?) throws -> HeatMap {
    guard let maps else { throw ShapeError("map of a word", expected: "one at every step", found: "none") }
    let values = maps.withUnsafeValues { all in
      stride(from: word, to: all.count, by: words.count).map { all[$0] }
    }
    return try HeatMap(width: maps.shape[1], height: maps.shape[0], values: values)
  }
}
