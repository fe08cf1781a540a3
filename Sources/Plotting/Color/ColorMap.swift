/// How a value becomes a color: 256 colors from the lowest to the highest value.
///
/// `viridis`, `magma` and `inferno` are matplotlib's: perceptually even, and their lightness grows all the way, so they
/// survive gray print and most color blindness. `coolwarm` is for signed values on a scale whose middle is 0.
public enum ColorMap: String, CaseIterable, Hashable, Sendable {
  case viridis
  case magma
  case inferno
  /// Black to white.
  case gray
  /// Blue over pale gray to red, both ends as dark as each other.
  case coolwarm

  /// The color of NaN: a bright cyan that is in no map, so that a broken value is seen at once.
  public static let notANumber = RGB(0x00E5FF)

  /// All 256 colors, the lowest value's first.
  public var colors: [RGB] {
    switch self {
    case .viridis: Self.viridisColors
    case .magma: Self.magmaColors
    case .inferno: Self.infernoColors
    case .gray: Self.grayColors
    case .coolwarm: Self.coolwarmColors
    }
  }

  /// The color at a place between the lowest (0) and the highest (1) value.
  ///
  /// The place falls into one of 256 equal steps, as in matplotlib; places outside 0...1 take the end they lie beyond.
  public func color(at place: Float) -> RGB {
    place.isNaN ? Self.notANumber : colors[Self.index(place)]
  }

  static func index(_ place: Float) -> Int {
    place <= 0 ? 0 : place >= 1 ? 255 : Int(place * 256)
  }

  private static let viridisColors = ColorTables.viridis.map { RGB($0) }
  private static let magmaColors = ColorTables.magma.map { RGB($0) }
  private static let infernoColors = ColorTables.inferno.map { RGB($0) }
  private static let coolwarmColors = ColorTables.coolwarm.map { RGB($0) }
  private static let grayColors = (0...255).map { RGB(red: UInt8($0), green: UInt8($0), blue: UInt8($0)) }
}
