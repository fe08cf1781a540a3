import Tensors

/// The heat maps of words as the package `daam` computes them, gathered one attention map at a time.
///
/// For a token `k` with the probabilities `F[step, layer, head]` of cross-attention, the conditional half's, each on its
/// layer's grid:
///
///     D_k = mean over layers, heads of max(0, bicubic(sum over steps of F_k[step, layer, head]))
///
/// The map of a word is the mean over its tokens. `bicubic` brings every map to one size, that of the latents. Which layers
/// are added is the caller's choice; the package leaves the middle block out.
///
/// The paper's formula is the sum over layers, heads and steps, with nothing taken off: since interpolation is linear, the
/// same but for the clamp and for a factor. `Definition` has these choices.
///
/// What was summed before it is added cannot be taken apart. A map that is the mean over heads counts as often as its site
/// has heads, and a key that is the sum over several tokens counts as all of them: what the clamp would take off single heads
/// and tokens stays. Without the clamp both are exact.
/// - Source: the package daam 0.2.0, `daam/trace.py` and `daam/heatmap.py`; Tang et al. 2022, "What the DAAM: Interpreting
///   Stable Diffusion Using Cross Attention", section 2.2.
public struct WordHeatMaps: Sendable {
  /// What is made of the maps: the package's choices where nothing else is said.
  public struct Definition: Hashable, Sendable {
    /// Whether what is below 0 after interpolation is taken off.
    public var isClamped: Bool
    /// Whether layers and heads are summed, as in the paper; else the mean is taken.
    public var sumsLayers: Bool
    /// Whether the tokens of a word are summed; else the mean is taken.
    public var sumsTokens: Bool

    public init(isClamped: Bool = true, sumsLayers: Bool = false, sumsTokens: Bool = false) {
      self.isClamped = isClamped
      self.sumsLayers = sumsLayers
      self.sumsTokens = sumsTokens
    }
  }

  /// A word and where its tokens are.
  public struct Word: Hashable, Sendable {
    /// The keys of a map that are the word's.
    public let keys: [Int]
    /// How many tokens these keys are the sum of.
    public let tokens: Int

    /// - Parameter tokens: nil: as many as keys.
    public init(keys: [Int], tokens: Int? = nil) {
      self.keys = keys
      self.tokens = tokens ?? keys.count
    }
  }

  private struct Part: Hashable, Comparable {
    let site: Int
    /// -1 for the mean.
    let head: Int
    let grid: GridSize

    static func < (a: Part, b: Part) -> Bool { (a.site, a.head, a.grid) < (b.site, b.head, b.grid) }
  }

  /// What is gathered of one site and head.
  private struct Gathered {
    /// How many heads it stands for.
    let heads: Int
    /// For each key in use, the sum over steps.
    var sums: [[Double]]
  }

  public let words: [Word]
  /// The one size.
  public let size: GridSize
  public let definition: Definition
  /// How many maps were added.
  public private(set) var count = 0
  /// Keys of any word, ascending.
  private let keys: [Int]
  private var parts: [Part: Gathered] = [:]

  /// - Parameter size: Of the maps that come out: the latents' grid.
  public init(words: [Word], size: GridSize, definition: Definition = Definition()) {
    precondition(size.height > 0 && size.width > 0, "a heat map of \(size)")
    self.words = words
    self.size = size
    self.definition = definition
    keys = Set(words.flatMap(\.keys)).sorted()
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
    if let key = keys.first(where: { !(0..<keyCount).contains($0) }) {
      throw ShapeError("WordHeatMaps", expected: "keys from 0 to \(keyCount - 1)", found: "\(key)")
    }
    let part = Part(site: site, head: head ?? -1, grid: grid)
    // Taken out, so that the array has one owner while it grows; else each map would copy it.
    var gathered =
      parts.removeValue(forKey: part)
      ?? Gathered(
        heads: head == nil ? max(1, heads) : 1,
        sums: keys.map { _ in [Double](repeating: 0, count: grid.cells) })
    for (index, key) in keys.enumerated() {
      for cell in 0..<grid.cells { gathered.sums[index][cell] += Double(values[cell * keyCount + key]) }
    }
    parts[part] = gathered
    count += 1
  }

  /// The map of each word, `[height, width]` of `size`; zeros if nothing was added.
  public var maps: [[Double]] {
    let ofKeys = Dictionary(uniqueKeysWithValues: zip(keys, keyMaps))
    return words.map { word in
      var total = [Double](repeating: 0, count: size.cells)
      for map in word.keys.compactMap({ ofKeys[$0] }) {
        for cell in total.indices { total[cell] += map[cell] }
      }
      let divisor = definition.sumsTokens ? 1 : Double(max(1, word.tokens))
      return total.map { $0 / divisor }
    }
  }

  /// The map of each key in use.
  private var keyMaps: [[Double]] {
    // Sums of floats depend on their order, and a dictionary's differs from run to run.
    let parts = parts.sorted { $0.key < $1.key }
    let heads = parts.reduce(0) { $0 + $1.value.heads }
    let divisor = definition.sumsLayers ? 1 : Double(max(1, heads))
    return keys.indices.map { index in
      var total = [Double](repeating: 0, count: size.cells)
      for (part, gathered) in parts {
        let map = Bicubic.resampled(gathered.sums[index], from: part.grid, to: size)
        let weight = Double(gathered.heads)
        for cell in total.indices { total[cell] += weight * (definition.isClamped ? max(0, map[cell]) : map[cell]) }
      }
      return total.map { $0 / divisor }
    }
  }
}
