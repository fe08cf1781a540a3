import Tensors

extension Picture {
  /// One below the other, at the left, on white.
  package static func stacked(_ pictures: [Picture]) throws -> Picture {
    let width = pictures.map(\.width).max() ?? 0
    var pixels: [UInt8] = []
    for picture in pictures {
      for row in 0..<picture.height {
        pixels += picture.pixels[(row * picture.width * 3)..<((row + 1) * picture.width * 3)]
        pixels += repeatElement(255, count: (width - picture.width) * 3)
      }
    }
    return try Picture(width: width, height: pictures.reduce(0) { $0 + $1.height }, pixels: pixels)
  }
}
