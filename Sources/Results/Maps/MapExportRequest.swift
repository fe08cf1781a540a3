import Attention
import Plotting

/// Which maps of a run to export, and as what.
public struct MapExportRequest: Hashable, Sendable {
  /// How a map is written.
  public enum Format: String, CaseIterable, Hashable, Sendable {
    /// A picture for each word (cross) or query point (self), site, step and head.
    case png
    /// A NumPy array `[height, width, keys]`, float32, for each site, step and head.
    case npy
    /// One NumPy archive a record, an array for each site, step and head.
    case npz
    /// One safetensors file a record, a tensor for each site, step and head.
    case safetensors
    /// One table a record, a line for each value.
    case csv
    /// One array of objects a record, an object for each site, step and head.
    case json
  }

  /// Which heads.
  public enum Heads: Hashable, Sendable {
    /// The mean over heads: as stored, or computed from the stored heads. Vectors of heads, which have no mean, are each
    /// by itself.
    case mean
    /// Every head by itself.
    case all
    /// Heads by their numbers, from 0.
    case indices([Int])
  }

  /// The beginning of a run's hash, enough of it to tell it from the others.
  public var run: String
  /// nil takes every site that was recorded; of those selected, the recorded ones are taken.
  public var sites: SiteSelector?
  /// Words of the prompt, as `car`, `car#2` or `red car`, or `<start>`, `<end>`, `<padding>`, or positions; `<edited>` and
  /// the other names of an edit's words where they were recorded. Cross-attention alone has words: with them self maps are left out. nil takes every word in `png`, every key in the others.
  public var words: [String]?
  /// nil takes every step that was recorded; a range or fraction takes those within it.
  public var steps: StepSelector?
  public var heads: Heads
  /// The name of an entry of the file's `record` list; nil takes all.
  public var record: String?
  public var format: Format
  /// For `png`.
  public var colorMap: ColorMap
  public var branch: GuidanceBranch
  /// For `png` of self-attention: whose query is drawn.
  public var point: QueryPoint

  public init(
    run: String, sites: SiteSelector? = nil, words: [String]? = nil, steps: StepSelector? = nil, heads: Heads = .mean,
    record: String? = nil, format: Format = .png, colorMap: ColorMap = .viridis,
    branch: GuidanceBranch = .conditional, point: QueryPoint = QueryPoint(x: 0.5, y: 0.5)
  ) {
    self.run = run
    self.sites = sites
    self.words = words
    self.steps = steps
    self.heads = heads
    self.record = record
    self.format = format
    self.colorMap = colorMap
    self.branch = branch
    self.point = point
  }

  /// Whether records of a quantity have what is asked for: pictures are drawn of probabilities alone, and queries and
  /// outputs have no words.
  func takes(_ quantity: RecordedQuantity) -> Bool {
    (format != .png || quantity == .probabilities) && (words == nil || quantity.hasTokens)
  }
}

extension MapExportRequest.Heads {
  /// Reads `mean`, `all` or `0,2,5-7`.
  /// - Throws: `SelectionError`.
  public init(_ text: String) throws(SelectionError) {
    switch text {
    case "mean": self = .mean
    case "all": self = .all
    default:
      guard let heads = numbersAndRanges(text) else {
        throw SelectionError(problem: "heads are mean, all, or numbers from 0 between commas, as 0,2")
      }
      self = .indices(heads)
    }
  }
}
