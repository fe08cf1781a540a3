import Analysis
import Tensors

/// A word of a run's prompt with its heat map, as `WordHeatMaps` makes it of the maps that are stored.
public struct MeasuredWord: Hashable, Sendable {
  /// The word; `red#2` for its second occurrence in the prompt.
  public let label: String
  /// `[height, width]` of `size`.
  public let map: [Double]
  /// Of the latents.
  public let size: GridSize

  public init(label: String, map: [Double], size: GridSize) {
    self.label = label
    self.map = map
    self.size = size
  }

  /// The map on the pixels of a picture, by bicubic interpolation: `[height, width]`.
  ///
  /// Values are rounded to 2^-30 of the largest, which is finer than they are stored: where the map has ties, the rounding of the
  /// interpolation must not break them.
  func enlarged(to picture: GridSize) -> [Double] {
    let values = Bicubic.resampled(map, from: size, to: picture)
    let largest = values.reduce(0) { max($0, abs($1)) }
    guard largest > 0, largest.isFinite else { return values }
    return values.map { ($0 / largest * 0x1p30).rounded() * largest * 0x1p-30 }
  }
}
