import Tensors

/// A picture that is being drawn. Positions are pixels from the top left; what falls outside is cut off.
public struct Canvas: Sendable {
  /// In pixels.
  public let width: Int
  /// In pixels.
  public let height: Int
  var lettering: Lettering

  /// The most pixels of one: 8192 x 8192.
  static let pixelLimit = 1 << 26
  /// Red, green, blue of each pixel, row by row.
  var pixels: [UInt8]

  /// A canvas of one color.
  /// - Throws: `PlottingError` if a side is not positive, there are more pixels than `pixelLimit`, or the font is
  ///   broken.
  public init(width: Int, height: Int, background: RGB = .white) throws {
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0 else {
      throw PlottingError(.figure, "canvas", ["expected positive sides, found \(width) x \(height)"])
    }
    guard !overflow, count <= Self.pixelLimit else {
      throw PlottingError(
        .tooLarge, "canvas", ["\(width) x \(height) pixels are more than the limit of \(Self.pixelLimit)"],
        advice: "Draw fewer maps or pictures in one figure")
    }
    self.width = width
    self.height = height
    lettering = try Lettering()
    pixels = [UInt8](repeating: 255, count: count * 3)
    if background != .white { fill(background, x: 0, y: 0, width: width, height: height) }
  }

  /// What has been drawn.
  /// - Throws: never in fact; the sides were checked when the canvas was made.
  public func picture() throws -> Picture { try Picture(width: width, height: height, pixels: pixels) }

  /// The color of one pixel, or nil outside.
  public func color(x: Int, y: Int) -> RGB? {
    guard x >= 0, x < width, y >= 0, y < height else { return nil }
    let i = (y * width + x) * 3
    return RGB(red: pixels[i], green: pixels[i + 1], blue: pixels[i + 2])
  }

  /// Fills a rectangle; sides of zero or less fill nothing.
  public mutating func fill(_ color: RGB, x: Int, y: Int, width: Int, height: Int) {
    let columns = max(0, x)..<max(0, x, min(self.width, x + width))
    for row in max(0, y)..<max(0, y, min(self.height, y + height)) {
      for column in columns { set(color, (row * self.width + column) * 3) }
    }
  }

  /// Draws the edge of a rectangle, `thickness` pixels wide, inside it.
  public mutating func frame(_ color: RGB, x: Int, y: Int, width: Int, height: Int, thickness: Int = 1) {
    fill(color, x: x, y: y, width: width, height: thickness)
    fill(color, x: x, y: y + height - thickness, width: width, height: thickness)
    fill(color, x: x, y: y, width: thickness, height: height)
    fill(color, x: x + width - thickness, y: y, width: thickness, height: height)
  }

  /// Copies a picture with its top left corner at a place.
  /// - Parameter opacity: 0 leaves the canvas, 1 replaces it.
  public mutating func draw(_ picture: Picture, x: Int, y: Int, opacity: Float = 1) {
    let columns = max(0, -x)..<max(0, -x, min(picture.width, width - x))
    if columns.isEmpty { return }
    for row in max(0, -y)..<max(0, -y, min(picture.height, height - y)) {
      let source = (row * picture.width + columns.lowerBound) * 3
      let place = ((y + row) * width + x + columns.lowerBound) * 3
      if opacity >= 1 {
        pixels.replaceSubrange(
          place..<place + columns.count * 3, with: picture.pixels[source..<source + columns.count * 3])
      } else {
        for i in 0..<columns.count { blend(picture.color(source / 3 + i), place + i * 3, opacity) }
      }
    }
  }

  /// Lays a color over one pixel.
  /// - Parameter share: 0 leaves the pixel, 1 replaces it.
  mutating func blend(_ color: RGB, x: Int, y: Int, share: Float) {
    guard x >= 0, x < width, y >= 0, y < height, share > 0 else { return }
    blend(color, (y * width + x) * 3, share)
  }

  private mutating func blend(_ color: RGB, _ i: Int, _ share: Float) {
    set(RGB(red: pixels[i], green: pixels[i + 1], blue: pixels[i + 2]).mixed(with: color, share: share), i)
  }

  private mutating func set(_ color: RGB, _ i: Int) {
    pixels[i] = color.red
    pixels[i + 1] = color.green
    pixels[i + 2] = color.blue
  }
}
