import Foundation

/// Quantities as a reader wants them: short and with a unit.
package enum Readable {
  /// `513 B`, `12.3 KiB`, `2.00 GiB`: three digits.
  package static func bytes(_ count: Int) -> String {
    guard count >= 1024 else { return "\(count) B" }
    var value = Double(count)
    var unit = "B"
    for next in ["KiB", "MiB", "GiB", "TiB", "PiB"] where value >= 999.5 {
      value /= 1024
      unit = next
    }
    return "\(digits(value)) \(unit)"
  }

  /// `0.8 s`, `45 s`, `3 min 20 s`, `2 h 05 min`.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "?" }
    if seconds < 9.95 { return String(format: "%.1f s", seconds) }
    // Beyond a few centuries nobody minds, but the conversion would trap.
    let whole = Int(min(seconds, 1e10).rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(twoDigits(whole % 60)) s" }
    return "\(whole / 3600) h \(twoDigits(whole % 3600 / 60)) min"
  }

  /// `760`, `12.5 million`, `1.07 billion`.
  package static func count(_ value: Int) -> String {
    if value < 100_000 { return "\(value)" }
    return value < 999_500_000 ? "\(digits(Double(value) / 1e6)) million" : "\(digits(Double(value) / 1e9)) billion"
  }

  /// Four significant digits; nothing where there is no number.
  package static func value(_ value: Double?) -> String {
    guard let value, !value.isNaN else { return "" }
    return String(format: "%.4g", value)
  }

  /// `93 %`
  /// - Parameter share: 0 to 1.
  package static func percent(_ share: Double) -> String { "\(Int((100 * share).rounded())) %" }

  /// Three digits before a unit: `1.25`, `37.5`, `480`.
  package static func digits(_ value: Double) -> String {
    String(format: value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value)
  }

  private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
