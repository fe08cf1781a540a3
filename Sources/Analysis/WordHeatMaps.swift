import Tensors

/// The heat maps of words as DAAM defines them, gathered one attention map at a time.
///
/// For a word `k` with the probabilities `F[step, layer, head]` of cross-attention, the conditional half's, each on its
/// layer's grid:
///
///     D_k = sum over layers, heads of max(0, bicubic(sum over steps of F_k[step, layer, head]))
///
/// The probabilities of a word are the sum over its tokens. `bicubic` brings every map to one size, that of the latents.
/// Interpolation is linear, so without the clamp this is the paper's sum of the interpolated maps. The clamp stands where
/// the released program has it; it takes off what the cubic undershoots, and moved maps of the bundled model by 2 to 5 % of
/// their largest value. Unlike that program, which gives the mean over layers and heads, leaves the middle block out and
/// takes the mean of a word's tokens, this is the sum, of all that is added.
///
/// A map that is the mean over heads counts as often as its site has heads. Without the clamp that is the same sum; with
/// it, what the clamp would take off single heads stays.
/// - Source: Tang et al. 2022, "What the DAAM: Interpreting Stable Diffusion Using Cross Attention", section 2.2; the
///   program castorini/daam, `daam/trace.py`.
public struct WordHeatMaps: Sendable {
  private struct Part: Hashable, Comparable {
    let site: Int
    /// -1 for the mean.
    let head: Int
    let grid: GridSize

    static func < (a: Part, b: Part) -> Bool { (a.site, a.head, a.grid) < (b.site, b.head, b.grid) }
  }

  /// For each word, the keys of a map that are summed for it.
  public let words: [[Int]]
  /// The one size.
  public let size: GridSize
  /// Whether what is below 0 after interpolation is taken off, as the released program does; the paper's formula does not.
  public let isClamped: Bool
  /// How many maps were added.
  public private(set) var count = 0
  /// For each site and head and each word, the sum over steps.
  private var sums: [Part: [[Double]]] = [:]

  /// - Parameters:
  ///   - words: For each word, the keys to sum: `[[5], [6, 7]]`.
  ///   - size: Of the maps that come out: the latents' grid.
  public init(words: [[Int]], size: GridSize, isClamped: Bool = true) {
    precondition(size.height > 0 && size.width > 0, "a heat map of \(size)")
    self.words = words
    self.size = size
    self.isClamped = isClamped
  }

  /// Adds one map.
  /// - Parameters:
  ///   - values: `[height, width, keyCount]`, row by row: probabilities.
  ///   - site: Tells sites apart.
  ///   - head: nil for a mean over heads.
  ///   - heads: Of the site; how often a mean counts.
  /// - Throws: `ShapeError` if the values do not fill the shape or a word's key is not in it.
  public mutating func add(
    _ values: [Float], on grid: GridSize, keyCount: Int, site: Int, head: Int?, heads: Int
  ) throws(ShapeError) {
    guard grid.height > 0, grid.width > 0, keyCount > 0, values.count == grid.cells * keyCount else {
      throw ShapeError(
        "WordHeatMaps", expected: "\(grid.height) x \(grid.width) x \(keyCount) values", found: "\(values.count)")
    }
    if let key = words.joined().first(where: { !(0..<keyCount).contains($0) }) {
      throw ShapeError("WordHeatMaps", expected: "keys from 0 to \(keyCount - 1)", found: "\(key)")
    }
    let part = Part(site: site, head: head ?? -1, grid: grid)
    let weight = head == nil ? Double(max(1, heads)) : 1
    // Taken out, so that the array has one owner while it grows; else each map would copy it.
    var sum = sums.removeValue(forKey: part) ?? words.map { _ in [Double](repeating: 0, count: grid.cells) }
    for (word, keys) in words.enumerated() {
      for cell in 0..<grid.cells {
        for key in keys { sum[word][cell] += weight * Double(values[cell * keyCount + key]) }
      }
    }
    sums[part] = sum
    count += 1
  }

  /// The map of each word, `[height, width]` of `size`; zeros if nothing was added.
  public var maps: [[Double]] {
    // Sums of floats depend on their order, and a dictionary's differs from run to run.
    let parts = sums.sorted { $0.key < $1.key }
    return words.indices.map { word in
      var total = [Double](repeating: 0, count: size.cells)
      for (part, sum) in parts {
        let map = Bicubic.resampled(sum[word], from: part.grid, to: size)
        for cell in total.indices { total[cell] += isClamped ? max(0, map[cell]) : map[cell] }
      }
      return total
    }
  }
}
