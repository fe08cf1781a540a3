import Foundation

/// A colour in CIELAB for the white D65 (observer of 1931, 2 degrees).
public struct LabColor: Hashable, Sendable {
  /// L*, 0 (black) to 100 (white).
  public let lightness: Double
  /// a*, from green (below 0) to red.
  public let a: Double
  /// b*, from blue (below 0) to yellow.
  public let b: Double

  public init(lightness: Double, a: Double, b: Double) {
    (self.lightness, self.a, self.b) = (lightness, a, b)
  }

  /// Of a colour in sRGB (IEC 61966-2-1), 8 bits a channel.
  ///
  /// Each channel v in 0...1 is made linear, `v / 12.92` up to 0.04045 and `((v + 0.055) / 1.055)^2.4` above; the
  /// matrix of the primaries of ITU-R BT.709 makes XYZ of them. With `f(t) = t^(1/3)` above 0.008856 and `7.787 t +
  /// 16/116` up to there, `L* = 116 f(Y) - 16`, `a* = 500 (f(X / 0.95047) - f(Y))` and `b* = 200 (f(Y) - f(Z /
  /// 1.08883))`.
  ///
  /// The matrix has six digits, as in scikit-image and OpenCV (the standard prints four), and f is rounded as CIE 15
  /// printed it in 1986; both together move L*, a* and b* by less than 0.03. Grays have a* and b* below 0.005, not
  /// quite 0.
  public init(red: UInt8, green: UInt8, blue: UInt8) {
    let (r, g, b) = (Self.linear[Int(red)], Self.linear[Int(green)], Self.linear[Int(blue)])
    let x = Self.f((0.412453 * r + 0.357580 * g + 0.180423 * b) / 0.95047)
    let y = Self.f(0.212671 * r + 0.715160 * g + 0.072169 * b)
    let z = Self.f((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883)
    self.init(lightness: 116 * y - 16, a: 500 * (x - y), b: 200 * (y - z))
  }

  /// Of each byte.
  private static let linear = (0...255).map { byte -> Double in
    let value = Double(byte) / 255
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
  }

  private static func f(_ t: Double) -> Double { t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116 }

  /// How far two colours lie apart for the eye, by CIEDE2000: some 1 is just seen side by side, black and white are 100
  /// apart.
  ///
  /// The formula was fitted to small differences; large ones it orders only roughly. It is symmetric, and not a metric:
  /// the triangle inequality does not hold.
  /// - Source: Sharma, Wu and Dalal 2005, with `kL = kC = kH = 1`; equation numbers are theirs.
  public func difference(to other: LabColor) -> Double {
    // (2)-(7): grays are pulled apart along a*.
    let middle = (hypot(a, b) + hypot(other.a, other.b)) / 2
    let stretch = 1 + (1 - Self.saturation(middle)) / 2
    let (a1, a2) = (a * stretch, other.a * stretch)
    let (c1, c2) = (hypot(a1, b), hypot(a2, other.b))
    let (h1, h2) = (Self.hue(a1, b), Self.hue(a2, other.b))
    // (8)-(11)
    let turn = c1 * c2 == 0 ? 0 : Self.shortest(h2 - h1)
    let deltaL = other.lightness - lightness
    let deltaC = c2 - c1
    let deltaH = 2 * (c1 * c2).squareRoot() * sin(radians(turn / 2))
    // (12)-(14): of hues more than half a circle apart the mean lies on the shorter side.
    let meanL = (lightness + other.lightness) / 2
    let meanC = (c1 + c2) / 2
    let meanH = c1 * c2 == 0 ? h1 + h2 : Self.mean(h1, h2)
    // (15)-(21)
    let t =
      1 - 0.17 * cos(radians(meanH - 30)) + 0.24 * cos(radians(2 * meanH)) + 0.32 * cos(radians(3 * meanH + 6))
      - 0.20 * cos(radians(4 * meanH - 63))
    let square = (meanL - 50) * (meanL - 50)
    let l = deltaL / (1 + 0.015 * square / (20 + square).squareRoot())
    let c = deltaC / (1 + 0.045 * meanC)
    let h = deltaH / (1 + 0.015 * meanC * t)
    let bump = exp(-(meanH - 275) / 25 * (meanH - 275) / 25)
    let rotation = -2 * Self.saturation(meanC) * sin(radians(60 * bump))
    // (22); rounding may bring the sum of equal colours below 0.
    return max(0, l * l + c * c + h * h + rotation * c * h).squareRoot()
  }

  /// `sqrt(C^7 / (C^7 + 25^7))`: from 0 for grays to 1.
  private static func saturation(_ chroma: Double) -> Double {
    let seventh = pow(chroma / 25, 7)
    return (seventh / (seventh + 1)).squareRoot()
  }

  /// In degrees, 0 up to 360; 0 of grays.
  private static func hue(_ a: Double, _ b: Double) -> Double {
    let degrees = atan2(b, a) * 180 / .pi
    return degrees < 0 ? degrees + 360 : degrees
  }

  /// The same turn in -180...180 degrees.
  private static func shortest(_ turn: Double) -> Double {
    turn > 180 ? turn - 360 : turn < -180 ? turn + 360 : turn
  }

  private static func mean(_ first: Double, _ second: Double) -> Double {
    let middle = (first + second) / 2
    if abs(first - second) <= 180 { return middle }
    return first + second < 360 ? middle + 180 : middle - 180
  }
}

private func radians(_ degrees: Double) -> Double { degrees * .pi / 180 }

extension LabColor {
  /// Of each coordinate; NaN of no colours.
  public static func mean(_ colors: [LabColor]) -> LabColor {
    LabColor(
      lightness: Summary(colors.map(\.lightness)).mean, a: Summary(colors.map(\.a)).mean,
      b: Summary(colors.map(\.b)).mean)
  }

  /// The coordinates less another colour's: L*, a*, b*.
  public func less(_ other: LabColor) -> [Double] {
    [lightness - other.lightness, a - other.a, b - other.b]
  }
}
