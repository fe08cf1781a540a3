import Tensors

/// Makes of pictures what a vision encoder is given: resized, cropped, rescaled and normalised as the model's
/// `preprocessor_config.json` says.
///
/// Agrees bit for bit with `CLIPImageProcessorPil` and `ViTImageProcessorPil` of transformers, the processors that
/// resize with Pillow. Its default ones resize with torchvision, whose rounding differs by a 255th here and there: 1/255
/// at most in the pictures of the tests, and not where a picture has the model's size already.
public struct PicturePreprocessor: Hashable, Sendable {
  /// What a picture is resized to, in pixels.
  public enum Size: Hashable, Sendable {
    /// The shorter side becomes this, the other follows, rounded down.
    case shortestEdge(Int)
    /// Exactly this, whatever that does to the picture's shape.
    case exact(height: Int, width: Int)
  }

  /// The folder's file that says so, for messages.
  var file = "preprocessor_config.json"
  /// nil: it is left as it is.
  public var size: Size?
  public var filter: PictureFilter
  /// The part around the middle that is kept, with black where the picture is smaller; nil: all of it.
  public var crop: GridSize?
  /// What the values 0...255 are multiplied by; nil: nothing.
  public var rescaleFactor: Double?
  /// What is subtracted from red, green and blue after that, and what they are divided by then; nil: neither.
  public var normalization: Normalization?

  /// Of red, green and blue.
  public struct Normalization: Hashable, Sendable {
    public var mean: [Double]
    public var deviation: [Double]
  }

  /// The defaults of transformers' `CLIPImageProcessor` or `ViTImageProcessor`.
  public init(family: VisionTransformerConfiguration.Family = .clip) {
    let isCLIP = family == .clip
    size = isCLIP ? .shortestEdge(224) : .exact(height: 224, width: 224)
    filter = isCLIP ? .bicubic : .bilinear
    crop = isCLIP ? GridSize(height: 224, width: 224) : nil
    rescaleFactor = 1.0 / 255
    normalization =
      isCLIP
      ? Normalization(
        mean: [0.481_454_66, 0.457_827_5, 0.408_210_73], deviation: [0.268_629_54, 0.261_302_58, 0.275_777_11])
      : Normalization(mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])
  }

  /// The most pixels that a picture may be resized to: 8192 x 8192.
  public static let pixelLimit = 1 << 26

  /// The rows and columns that the model is given of a picture.
  /// - Throws: `ShapeError` if it would be resized to more than `pixelLimit`, as a very long one may be.
  public func outputSize(width: Int, height: Int) throws -> GridSize {
    try crop ?? resizedSize(width: width, height: height)
  }

  /// The rows and columns that every picture comes out with; nil if they follow from the picture's.
  var fixedSize: GridSize? {
    if let crop { return crop }
    guard case .exact(let height, let width) = size else { return nil }
    return GridSize(height: height, width: width)
  }

  private func resizedSize(width: Int, height: Int) throws -> GridSize {
    let new: GridSize
    switch size {
    case nil: new = GridSize(height: height, width: width)
    case .exact(let height, let width): new = GridSize(height: height, width: width)
    case .shortestEdge(let edge):
      // As transformers computes it: a product, then a quotient in double precision, cut off.
      let long = Int(Double(edge * max(width, height)) / Double(min(width, height)))
      new = width <= height ? GridSize(height: long, width: edge) : GridSize(height: edge, width: long)
    }
    guard new.cells <= Self.pixelLimit else {
      throw ShapeError(
        "preprocessing", expected: "a picture that is resized to at most \(Self.pixelLimit) pixels",
        found: "\(width) x \(height), resized to \(new.width) x \(new.height)")
    }
    return new
  }

  /// - Parameter pictures: of any sizes that come out as one.
  /// - Returns: `[pictures, height, width, 3]`.
  /// - Throws: `ShapeError` if there are none, or they come out in different sizes.
  public func callAsFunction(_ pictures: [Picture]) throws -> Tensor {
    let sizes = try pictures.map { try outputSize(width: $0.width, height: $0.height) }
    guard let size = sizes.first, sizes.allSatisfy({ $0 == size }) else {
      throw ShapeError(
        "preprocessing", expected: "pictures that come out in one size",
        found: pictures.isEmpty ? "none" : "\(Set(sizes).sorted().map { "\($0.width) x \($0.height)" })")
    }
    let tables = (0..<3).map { channel in (0...255).map { value(UInt8($0), channel: channel) } }.flatMap { $0 }
    var result = Tensor(uninitialized: [pictures.count, size.height, size.width, 3])
    for (place, picture) in pictures.enumerated() {
      let resized = try resizedSize(width: picture.width, height: picture.height)
      let shown = try picture.resized(width: resized.width, height: resized.height, filter)
      let pixels = crop.map { shown.cropped(to: $0) } ?? shown.pixels
      result.withUnsafeMutableValues { values in
        let start = place * pixels.count
        for (i, pixel) in pixels.enumerated() { values[start + i] = tables[i % 3 * 256 + Int(pixel)] }
      }
    }
    return result
  }

  /// What becomes of a byte, rounded to single precision where transformers rounds.
  private func value(_ byte: UInt8, channel: Int) -> Float {
    let scaled = Float(Double(byte) * (rescaleFactor ?? 1))
    guard let normalization else { return scaled }
    return (scaled - Float(normalization.mean[channel])) / Float(normalization.deviation[channel])
  }
}

extension Picture {
  /// The bytes of the part around the middle, with zeros where the picture is smaller.
  ///
  /// Of an odd rest, one row or column more is cut off below or right, and one more is added above or left: as
  /// `center_crop` of transformers has it.
  fileprivate func cropped(to size: GridSize) -> [UInt8] {
    if size == GridSize(height: height, width: width) { return pixels }
    let top = Self.first(of: size.height, in: height)
    let left = Self.first(of: size.width, in: width)
    var result = [UInt8](repeating: 0, count: size.cells * 3)
    let columns = max(0, left)..<min(width, left + size.width)
    for y in max(0, top)..<min(height, top + size.height) {
      let from = (y * width + columns.lowerBound) * 3
      let to = ((y - top) * size.width + columns.lowerBound - left) * 3
      result.replaceSubrange(to..<(to + columns.count * 3), with: pixels[from..<(from + columns.count * 3)])
    }
    return result
  }

  /// The old cell that becomes the first; below 0 where the new axis is longer.
  private static func first(of new: Int, in old: Int) -> Int {
    new <= old ? (old - new) / 2 : -((new - old + 1) / 2)
  }
}
