/// Rows and columns of cells.
public struct GridSize: Hashable, Comparable, Sendable {
  public let height: Int
  public let width: Int

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// `height * width`
  public var cells: Int { height * width }

  /// From corner to corner, in cells: `sqrt(height^2 + width^2)`.
  public var diagonal: Double { Double(height * height + width * width).squareRoot() }

  public static func < (a: GridSize, b: GridSize) -> Bool { (a.height, a.width) < (b.height, b.width) }
}
