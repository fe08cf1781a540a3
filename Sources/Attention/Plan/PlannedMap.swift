import Tensors

/// One map that a step leaves, or the vectors in its place.
///
/// Vectors of a picture's places are `keys` values at each of `height x width` cells. Those of a text's tokens have the
/// tokens as `keys`, like maps, and are as wide as a vector is long, in one row.
public struct PlannedMap: Hashable, Sendable {
  public let record: Int
  public let run: Int
  public let branch: GuidanceBranch
  public let site: Int
  /// Heads stored one by one; 1 for their mean.
  public let heads: Int
  public let isMean: Bool
  /// The stored grid, in cells.
  public let height: Int
  public let width: Int
  public let keys: Int
  public let type: MapType

  package init(
    record: Int, run: Int, branch: GuidanceBranch, site: Int, heads: Int, isMean: Bool, height: Int, width: Int,
    keys: Int, type: MapType
  ) {
    self.record = record
    self.run = run
    self.branch = branch
    self.site = site
    self.heads = heads
    self.isMean = isMean
    self.height = height
    self.width = width
    self.keys = keys
    self.type = type
  }

  /// Values of all its heads.
  public var cells: Int { saturatingProduct(heads, height, width, keys) }

  /// Bytes of all its heads.
  public var bytes: Int { saturatingProduct(cells, type.bytes) }
}
