import Tensors

extension Picture {
  /// One below the other, at the left, on white.
  package static func stacked(_ pictures: [Picture]) throws -> Picture {
    let width = pictures.map(\.width).max() ?? 0
    var pixels: [UInt8] = []
    for picture in pictures {
      let length = 3 * picture.width
      let margin = [UInt8](repeating: 255, count: 3 * width - length)
      for row in 0..<picture.height {
        pixels += picture.pixels[row * length..<(row + 1) * length]
        pixels += margin
      }
    }
    return try Picture(width: width, height: pictures.reduce(0) { $0 + $1.height }, pixels: pixels)
  }
}
