import AttentionTracing
import Plotting
import Tensors

/// The maps of a prompt's words, gathered step by step.
///
/// Of all steps only sums are kept, so that memory does not grow with their number; single maps stay of the steps that
/// figures show.
struct WordMaps {
  let words: [String]
  /// At most twelve, spread evenly; the first and the last are among them.
  let shownSteps: [Int]

  private let sites: [AttentionSite]
  private let stepCount: Int
  /// By site: the sum over steps, `[height, width, words]`.
  private var sums: [Int: Tensor] = [:]
  /// By shown step, then by site.
  private var shown: [Int: [Int: Tensor]] = [:]

  static let mostShownSteps = 12

  /// - Parameter sites: all of the model, by index.
  init(words: [String], sites: [AttentionSite], stepCount: Int) {
    self.words = words
    self.sites = sites
    self.stepCount = stepCount
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
      if var sum = sums.removeValue(forKey: map.site) {
        sum.withUnsafeMutableValues { total in
          values.withUnsafeValues { new in
            for i in total.indices { total[i] += new[i] }
          }
        }
        sums[map.site] = sum
      } else {
        sums[map.site] = values
      }
      if shownSteps.contains(step) { shown[step, default: [:]][map.site] = values }
    }
  }

  /// `16 layers and 30 steps`
  var summary: String { "\(Readable.number(recorded.count, "layer")) and \(Readable.number(stepCount, "step"))" }

  /// Indices of the sites that have maps, in the order of the forward pass.
  private var recorded: [Int] { sums.keys.sorted() }

  /// A word's attention over the picture: the mean over all layers and steps, each layer's map brought to the latents'
  /// grid first (Tang et al. 2023, "What the DAAM", with the mean in place of the sum).
  func mean(word: Int) throws -> HeatMap {
    guard let grid = sites.first else {
      throw ShapeError("map of a word", expected: "at least one site", found: "none")
    }
    var total = [Float](repeating: 0, count: grid.latentHeight * grid.latentWidth)
    for site in recorded {
      let map = try column(word, of: sums[site]).resampled(
        width: grid.latentWidth, height: grid.latentHeight, .bilinear)
      for i in total.indices { total[i] += map.values[i] }
    }
    let scale = 1 / Float(recorded.count * stepCount)
    return try HeatMap(width: grid.latentWidth, height: grid.latentHeight, values: total.map { $0 * scale })
  }

  /// A word's maps at the shown steps, a row for each layer.
  func rows(word: Int) throws -> [LayerRow] {
    try recorded.map { site in
      LayerRow(Self.label(sites[site]), try shownSteps.map { try column(word, of: shown[$0]?[site]) })
    }
  }

  /// `9 up_blocks.1.attentions.1 · 4x4`
  static func label(_ site: AttentionSite) -> String {
    let block = site.path.split(separator: ".").prefix { $0 != "transformer_blocks" }.joined(separator: ".")
    return "\(site.layer) \(block) \u{00B7} \(site.height)x\(site.width)"
  }

  private func column(_ word: Int, of maps: Tensor?) throws -> HeatMap {
    guard let maps else { throw ShapeError("map of a word", expected: "one at every step", found: "none") }
    let values = maps.withUnsafeValues { all in
      stride(from: word, to: all.count, by: words.count).map { all[$0] }
    }
    return try HeatMap(width: maps.shape[1], height: maps.shape[0], values: values)
  }
}
