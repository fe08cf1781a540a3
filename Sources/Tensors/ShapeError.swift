/// Two shapes that do not fit, or a shape that its values do not fill.
public struct ShapeError: Error, Hashable, CustomStringConvertible {
  /// What was tried, as `Conv2D down_blocks.0.resnets.0.conv1`.
  public let operation: String
  /// What the operation takes, as `[batch, height, width, 320]`.
  public let expected: String
  /// What it was given, as `[2, 64, 64, 4]`.
  public let found: String

  public init(_ operation: String, expected: String, found: String) {
    self.operation = operation
    self.expected = expected
    self.found = found
  }

  public init(_ operation: String, expected: String, found: [Int]) {
    self.init(operation, expected: expected, found: "\(found)")
  }

  public var description: String { "\(operation): expected \(expected), found \(found)" }
}
