import CText
import Foundation

/// The font of all figures: the one that ships with the module, and for signs that it has not those that are installed.
///
/// `@unchecked Sendable`: FreeType's faces are used by one thread at a time, under `lock`.
final class Typeface: @unchecked Sendable {
  /// One glyph of a line: its face and its number in it, and where its pen stands, in 1/64 pixel from the line's start.
  struct PlacedGlyph {
    let face: Face
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
    let face: ObjectIdentifier
    let glyph: UInt32
    let size: Int
    let quarter: Int
  }

  private let own: Face
  private let installed: InstalledFonts
  private let lock = NSLock()
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

  /// - Parameter folders: of fonts for signs that this one has not.
  /// - Throws: `PlottingError` if FreeType cannot read the bytes.
  init(_ bytes: [UInt8], name: String, folders: [URL] = InstalledFonts.folders) throws {
    own = try Face(bytes, name: name)
    installed = InstalledFonts(folders: folders)
  }

  /// The glyphs of one line of text, kerned, and the line's length in 1/64 pixel.
  func line(_ text: String, size: Int) -> (glyphs: [PlacedGlyph], length: Int) {
    lock.withLock {
      var glyphs: [PlacedGlyph] = []
      var pen = 0
      for scalar in Self.drawnScalars(of: text) {
        let face = face(with: scalar) ?? own
        let glyph = face.glyph(of: scalar)
        if let last = glyphs.last, last.face === face { pen += face.kerning(last.glyph, glyph, size: size) }
        glyphs.append(PlacedGlyph(face: face, glyph: glyph, x: pen))
        pen += advance(of: glyph, face, size)
      }
      return (glyphs, pen)
    }
  }

  /// - Parameter quarter: 0...3, how many quarters of a pixel the pen stands right of a pixel's edge.
  func ink(of placed: PlacedGlyph, size: Int, quarter: Int) -> Ink? {
    lock.withLock {
      let key = GlyphKey(face: ObjectIdentifier(placed.face), glyph: placed.glyph, size: size, quarter: quarter)
      if let known = inks[key] { return known }
      let ink = placed.face.ink(of: placed.glyph, size: size, quarter: quarter)
      inks[key] = ink
      return ink
    }
  }

  /// What draws the signs of texts that the own font has not.
  func fonts(of texts: [String]) -> FontUse {
    lock.withLock {
      var use = FontUse()
      for scalar in texts.flatMap(Self.drawnScalars).uniqued where own.glyph(of: scalar) == 0 {
        if let face = installed.face(with: scalar) {
          use.borrowed[face.family, default: []].append(scalar)
        } else {
          use.missing.append(scalar)
        }
      }
      return use
    }
  }

  private func face(with scalar: Unicode.Scalar) -> Face? {
    own.glyph(of: scalar) != 0 ? own : installed.face(with: scalar)
  }

  private func advance(of glyph: UInt32, _ face: Face, _ size: Int) -> Int {
    let key = GlyphKey(face: ObjectIdentifier(face), glyph: glyph, size: size, quarter: 0)
    if let known = advances[key] { return known }
    let advance = face.advance(of: glyph, size: size)
    advances[key] = advance
    return advance
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

/// Which fonts draw what the module's own cannot.
public struct FontUse: Hashable, Sendable {
  /// The signs that an installed font draws, by its family, in the order of the texts.
  public var borrowed: [String: [Unicode.Scalar]] = [:]
  /// The signs that no font has; they are drawn as boxes.
  public var missing: [Unicode.Scalar] = []
}
