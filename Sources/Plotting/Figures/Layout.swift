import Foundation
import Tensors

/// Sizes that all figures share, in pixels.
enum Layout {
  static let margin = 28
  static let gap = 18
  static let titleSize = 24
  static let captionSize = 18
  static let noteSize = 15
  static let cellNumberSize = 12
  /// Of charts that a paper may show at half their size, or in one of its columns.
  static let chartSize = 20
  static let chartNoteSize = 18
  /// Figures with room to choose come out about this wide, which a Git host shows without shrinking much.
  static let pageWidth = 1240

  /// Grids with many rows make their cells smaller rather than grow far beyond this height.
  static let gridHeight = 1300

  static var contentWidth: Int { pageWidth - 2 * margin }

  /// The width of each of some columns that fill the page.
  static func cellWidth(columns: Int, beside: Int = 0, allowed: ClosedRange<Int>) -> Int {
    let free = contentWidth - beside - (columns - 1) * gap
    return min(allowed.upperBound, max(allowed.lowerBound, free / columns))
  }

  /// The height that gives a cell the sides of a picture, within 1/3 to 3 times the width.
  static func cellHeight(_ width: Int, like picture: Picture) -> Int {
    cellHeight(width, aspect: (picture.width, picture.height))
  }

  static func cellHeight(_ width: Int, aspect: (width: Int, height: Int)) -> Int {
    let height = (width * aspect.height + aspect.width / 2) / aspect.width
    return min(3 * width, max(width / 3, height))
  }

  /// Columns for a number of panels, so that the rows come out evenly filled.
  static func balancedColumns(_ count: Int, atMost limit: Int) -> Int {
    let rows = (count + limit - 1) / limit
    return (count + rows - 1) / rows
  }
}

/// A number for a reader: three significant digits unless told otherwise, no padding, a real minus sign.
func brief(_ value: Double, digits: Int = 3) -> String {
  if value.isNaN { return "NaN" }
  if value.isInfinite { return value < 0 ? "−∞" : "∞" }
  // Below a thousandth the power of ten is shorter and easier to compare than a row of zeros.
  let small = value != 0 && abs(value) < 1e-3
  var text = String(format: small ? "%.\(digits - 1)e" : "%.\(digits)g", value)
  if let e = text.firstIndex(of: "e"), let exponent = Int(text[text.index(after: e)...]) {
    var mantissa = text[..<e]
    if mantissa.contains(".") {
      while mantissa.hasSuffix("0") { mantissa.removeLast() }
      if mantissa.hasSuffix(".") { mantissa.removeLast() }
    }
    text = "\(mantissa)e\(exponent)"
  }
  return text == "-0" ? "0" : text.replacingOccurrences(of: "-", with: "−")
}

func brief(_ range: ClosedRange<Float>) -> String {
  "\(brief(Double(range.lowerBound))) … \(brief(Double(range.upperBound)))"
}
