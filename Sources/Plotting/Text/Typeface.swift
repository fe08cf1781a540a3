import CText
import Foundation

/// A font through FreeType.
///
/// `@unchecked Sendable`: FreeType's face is used by one thread at a time, under `lock`.
final class Typeface: @unchecked Sendable {
  /// One glyph of a line: its number in the font, and where its pen stands, in 1/64 pixel from the line's start.
  struct PlacedGlyph: Hashable {
    let glyph: UInt32
    let x: Int
  }

  /// The ink of a glyph: coverage 0...255, row by row, and its top left corner relative to the pen on the baseline.
  struct Ink {
    let coverage: [UInt8]
    let width: Int
    let left: Int
    let top: Int
  }

  private struct GlyphKey: Hashable {
    let glyph: UInt32
    let size: Int
    let quarter: Int
  }

  private let font: OpaquePointer
  private let lock = NSLock()
  private var size = 0
  private var advances: [GlyphKey: Int] = [:]
  private var inks: [GlyphKey: Ink] = [:]

  /// The font that ships with the module, or nil where the build found no FreeType.
  static func bundled() throws -> Typeface? { try bundledResult.get() }

  private static let bundledResult: Result<Typeface?, PlottingError> = {
    guard ctext_available() != 0 else { return .success(nil) }
    let name = "Fonts/LiberationSans-Regular.ttf"
    let url = Bundle.module.bundleURL.appendingPathComponent(name)
    do {
      return .success(try Typeface([UInt8](Data(contentsOf: url)), name: url.path))
    } catch let error as PlottingError {
      return .failure(error)
    } catch {
      return .failure(
        PlottingError(
          .font, url.path, ["the font of the figures cannot be read: \(error.localizedDescription)"],
          advice: "The resource folder \(Bundle.module.bundleURL.lastPathComponent) has to stay beside the program"))
    }
  }()

  /// - Throws: `PlottingError` if FreeType cannot read the bytes.
  init(_ bytes: [UInt8], name: String) throws {
    var error: Int32 = 0
    guard let font = ctext_open(bytes, bytes.count, &error) else {
      throw PlottingError(.font, name, ["expected a scalable font; FreeType's error is \(error)"])
    }
    self.font = font
  }

  deinit { ctext_close(font) }

  /// The glyphs of one line of text, kerned, and the line's length in 1/64 pixel.
  func line(_ text: String, size: Int) -> (glyphs: [PlacedGlyph], length: Int) {
    lock.withLock {
      select(size)
      var glyphs: [PlacedGlyph] = []
      var pen = 0
      for scalar in Self.drawnScalars(of: text) {
        let glyph = ctext_glyph(font, scalar.value)
        if let last = glyphs.last {
          var kerning: Int32 = 0
          ctext_kerning(font, last.glyph, glyph, &kerning)
          pen += Int(kerning)
        }
        glyphs.append(PlacedGlyph(glyph: glyph, x: pen))
        pen += advance(of: glyph)
      }
      return (glyphs, pen)
    }
  }

  /// - Parameter quarter: 0...3, how many quarters of a pixel the pen stands right of a pixel's edge.
  func ink(of glyph: UInt32, size: Int, quarter: Int) -> Ink? {
    lock.withLock {
      let key = GlyphKey(glyph: glyph, size: size, quarter: quarter)
      if let known = inks[key] { return known }
      select(size)
      var bitmap = ctext_bitmap()
      guard ctext_render(font, glyph, Int32(quarter * 16), &bitmap) == 0 else { return nil }
      var coverage: [UInt8] = []
      for row in 0..<Int(bitmap.rows) {
        coverage += UnsafeBufferPointer(
          start: bitmap.coverage + row * Int(bitmap.pitch), count: Int(bitmap.width))
      }
      let ink = Ink(coverage: coverage, width: Int(bitmap.width), left: Int(bitmap.left), top: Int(bitmap.top))
      inks[key] = ink
      return ink
    }
  }

  private func select(_ size: Int) {
    guard size != self.size else { return }
    ctext_set_size(font, UInt32(size))
    self.size = size
  }

  private func advance(of glyph: UInt32) -> Int {
    let key = GlyphKey(glyph: glyph, size: size, quarter: 0)
    if let known = advances[key] { return known }
    var advance: Int32 = 0
    ctext_advance(font, glyph, &advance)
    advances[key] = Int(advance)
    return Int(advance)
  }

  /// Accents are composed, since nothing here shapes text; marks that are invisible by definition (joiners, variation
  /// selectors) are left out, and control characters become spaces.
  private static func drawnScalars(of text: String) -> [Unicode.Scalar] {
    text.precomposedStringWithCanonicalMapping.unicodeScalars.compactMap { scalar in
      if scalar.properties.generalCategory == .control { return " " }
      return scalar.properties.isDefaultIgnorableCodePoint ? nil : scalar
    }
  }
}
