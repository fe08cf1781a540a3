import Dispatch
import Tensors

/// How far the colours of two pictures lie apart, pixel by pixel, by CIEDE2000 (``LabColor/difference(to:)``).
///
/// It compares pixels at the same place and knows nothing of their neighbours: an object that moved differs twice.
public struct ColorDifferenceMap: Hashable, Sendable {
  /// In pixels.
  public let width: Int
  /// In pixels.
  public let height: Int
  /// `[height, width]`, 0 for equal colours.
  public let values: [Double]
  /// Of all pixels.
  public var summary: Summary { Summary(values) }

  /// - Throws: `ShapeError` if the sizes differ.
  public init(_ a: Picture, _ b: Picture) throws(ShapeError) {
    guard a.width == b.width, a.height == b.height else {
      throw ShapeError("CIEDE2000", expected: "\(a.width) x \(a.height) pixels", found: "\(b.width) x \(b.height)")
    }
    let (width, height) = (a.width, a.height)
    (self.width, self.height) = (width, height)
    values = Array(unsafeUninitializedCapacity: width * height) { buffer, count in
      // Each row writes places of its own.
      nonisolated(unsafe) let values = buffer
      DispatchQueue.concurrentPerform(iterations: height) { y in
        for pixel in (y * width)..<((y + 1) * width) {
          values.initializeElement(at: pixel, to: Self.color(a, 3 * pixel).difference(to: Self.color(b, 3 * pixel)))
        }
      }
      count = width * height
    }
  }

  /// Of the pixels in a mask and of the others, as of an object that was to change and of what was to stay. The mean of
  /// a side without pixels is NaN, its count 0.
  /// - Parameter mask: `[height, width]`, true inside.
  /// - Throws: `ShapeError` if the mask has another number of pixels.
  public func summaries(mask: [Bool]) throws(ShapeError) -> (inside: Summary, outside: Summary) {
    guard mask.count == values.count else {
      throw ShapeError("CIEDE2000 of a mask", expected: "\(width) x \(height) pixels", found: "\(mask.count)")
    }
    let places = values.indices
    return (
      Summary(places.filter { mask[$0] }.map { values[$0] }), Summary(places.filter { !mask[$0] }.map { values[$0] })
    )
  }

  private static func color(_ picture: Picture, _ place: Int) -> LabColor {
    LabColor(red: picture.pixels[place], green: picture.pixels[place + 1], blue: picture.pixels[place + 2])
  }
}
