/// A color of 8 bits a channel, in sRGB.
public struct RGB: Hashable, Sendable {
  public var red: UInt8
  public var green: UInt8
  public var blue: UInt8

  public init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// - Parameter hex: `0xRRGGBB`; higher bits are ignored.
  public init(_ hex: UInt32) {
    self.init(red: UInt8(hex >> 16 & 0xFF), green: UInt8(hex >> 8 & 0xFF), blue: UInt8(hex & 0xFF))
  }

  /// The color of paper.
  public static let white = RGB(0xFFFFFF)
  /// The color of text.
  public static let ink = RGB(0x333333)
  /// The color of secondary text, as numbers under a map.
  public static let softInk = RGB(0x6B6B6B)
  /// The color of frames and grid lines.
  public static let line = RGB(0xCFCFCF)

  /// Colors of things that are told apart by color: Okabe and Ito 2008, for readers who see red and green alike too.
  static let distinct = [0xD55E00, 0x0072B2, 0x009E73, 0xCC79A7, 0xE69F00, 0x56B4E9, 0x000000].map { RGB($0) }

  /// Whether white is easier to read on it than ink is: Rec. 709 luma below the middle.
  var isDark: Bool { 0.2126 * Float(red) + 0.7152 * Float(green) + 0.0722 * Float(blue) < 128 }

  /// `share` (0...1) of another color laid over this one.
  public func mixed(with other: RGB, share: Float) -> RGB {
    func mix(_ under: UInt8, _ over: UInt8) -> UInt8 {
      let (a, b) = (Float(under), Float(over))
      let mixed: Float = a + (b - a) * share + 0.5
      return UInt8(min(255, max(0, mixed)))
    }
    return RGB(red: mix(red, other.red), green: mix(green, other.green), blue: mix(blue, other.blue))
  }
}
