import Tensors

extension SceneReading {
  /// The number of each pixel's object as its red, from 1.
  package func mask() throws -> Picture {
    try Picture(width: width, height: height, pixels: owners.flatMap { [UInt8($0 + 1), 0, 0] })
  }
}
