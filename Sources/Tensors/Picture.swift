/// An RGB picture of 8 bits a channel.
public struct Picture: Hashable, Sendable {
  /// In pixels.
  public let width: Int
  /// In pixels.
  public let height: Int
  /// Red, green, blue of each pixel, row by row from the top left: `height * width * 3` bytes.
  public var pixels: [UInt8]

  /// - Throws: `ShapeError` if the bytes do not fill the picture.
  public init(width: Int, height: Int, pixels: [UInt8]) throws {
    guard width > 0, height > 0, pixels.count == width * height * 3 else {
      throw ShapeError("Picture", expected: "\(width) x \(height) x 3 bytes", found: "\(pixels.count)")
    }
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Left and right exchanged.
  public var mirrored: Picture {
    var other = self
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<3 {
          other.pixels[3 * (y * width + x) + channel] = pixels[3 * (y * width + width - 1 - x) + channel]
        }
      }
    }
    return other
  }
}
