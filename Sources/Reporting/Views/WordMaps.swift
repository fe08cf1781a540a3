import Analysis
import Attention
import ExperimentFiles
import Formatting
import Plotting
import Results
import Tensors

/// The maps of a prompt's words, gathered step by step.
///
/// Of all steps only DAAM's sums are kept, so that memory does not grow with their number; single maps stay of the steps
/// that figures show.
package struct WordMaps {
  /// In the prompt's order; one that stands in it more than once is one, as in the package.
  package let words: [String]
  /// At most twelve, spread evenly; the first and the last are among them.
  let shownSteps: [Int]

  private let sites: [AttentionSite]
  /// Indices of the sites that heat maps are of.
  private let mapSites: Set<Int>
  private let stepCount: Int
  /// For each word, the keys of its tokens.
  private let keys: [[Int]]
  private let keyCount: Int
  private var heatMaps: WordHeatMaps
  /// Indices of the sites that have maps.
  private var recorded: Set<Int> = []
  /// The mean over heads, by shown step, then by site.
  private var shown: [Int: [Int: Tensor]] = [:]

  static let mostShownSteps = 12

  /// What has to be recorded of a prompt: each head, and each token of a word as a key.
  package static func record(of prompt: PromptTokens) -> RecordSpec {
    RecordSpec(
      name: "words", sites: "cross:*", heads: .all,
      tokens: .names(prompt.positions(of: .word).map { .position($0) }))
  }

  /// - Parameter sites: all of the model, by index.
  package init(prompt: PromptTokens, sites: [AttentionSite], stepCount: Int) {
    let positions = prompt.positions(of: .word)
    words = prompt.distinctWords
    self.sites = sites
    self.stepCount = stepCount
    mapSites = Set(sites.filter { $0.kind == .cross }.ofWordMaps().map(\.index))
    keys = words.map { prompt.daamPositions(of: $0).compactMap { positions.firstIndex(of: $0) } }
    keyCount = positions.count
    let size = GridSize(height: sites.first?.latentHeight ?? 1, width: sites.first?.latentWidth ?? 1)
    heatMaps = WordHeatMaps(words: keys.map { WordHeatMaps.Word(keys: $0) }, size: size)
    shownSteps = DrawnChoice.steps(Array(0..<stepCount), atMost: Self.mostShownSteps)
  }

  /// - Parameter maps: of `record(of:)`, each `[heads, height, width, keys]`.
  package mutating func add(step: Int, _ maps: [(map: PlannedMap, values: Tensor)]) throws {
    for (map, values) in maps {
      let expected = [map.heads, map.height, map.width, keyCount]
      guard values.shape == expected else {
        throw ShapeError("map of \(sites[map.site].shortName)", expected: "\(expected)", found: values.shape)
      }
      let size = map.height * map.width * keyCount
      let all = values.values
      var mean = HeadMean<Float>(count: size)
      for head in 0..<map.heads {
        let values = Array(all[(head * size)..<((head + 1) * size)])
        if mapSites.contains(map.site) {
          try heatMaps.add(
            values, on: GridSize(height: map.height, width: map.width), keyCount: keyCount, site: map.site, head: head,
            heads: map.heads)
        }
        mean.add(values)
      }
      recorded.insert(map.site)
      if shownSteps.contains(step) {
        shown[step, default: [:]][map.site] = try Tensor(mean.values, shape: [map.height, map.width, keyCount])
      }
    }
  }

  /// `mean over 15 layers and heads, sum over 30 steps`
  var summary: String {
    "mean over \(counted(recorded.intersection(mapSites).count, "layer")) and heads, sum over "
      + counted(stepCount, "step")
  }

  /// Each word's attention over the picture, as DAAM computes it.
  func heatMapsOfWords() throws -> [HeatMap] {
    try heatMaps.maps.map {
      try HeatMap(width: heatMaps.size.width, height: heatMaps.size.height, values: $0.map(Float.init))
    }
  }

  /// A word's maps at the shown steps, a row for each layer; the mean over its tokens.
  func rows(word: Int) throws -> [LayerRow] {
    try recorded.sorted().map { site in
      LayerRow(sites[site].figureLabel, try shownSteps.map { try column(word, of: shown[$0]?[site]) })
    }
  }

  private func column(_ word: Int, of maps: Tensor?) throws -> HeatMap {
    guard let maps else { throw ShapeError("map of a word", expected: "one at every step", found: "none") }
    let own = keys[word]
    let sums = try sumOverKeys(own, of: maps.values, keyCount: keyCount)
    return try HeatMap(
      width: maps.shape[1], height: maps.shape[0], values: sums.map { Float($0 / Double(own.count)) })
  }
}
