import CText
import Foundation

/// One face of a font through FreeType, at the size that was selected last. Not safe to use from two threads at once.
final class Face {
  private let font: OpaquePointer
  private var size = 0
  /// The family's name, as `Liberation Sans`.
  let family: String

  /// - Throws: `PlottingError` if FreeType cannot read the bytes.
  init(_ bytes: [UInt8], name: String) throws {
    var error: Int32 = 0
    guard let font = ctext_open(bytes, bytes.count, &error) else {
      throw PlottingError(.font, name, ["expected a scalable font; FreeType's error is \(error)"])
    }
    self.font = font
    family = Self.family(font, or: name)
  }

  /// A face of a file; nil where FreeType cannot use it.
  init?(file: URL) {
    var error: Int32 = 0
    guard let font = ctext_open_file(file.path, &error) else { return nil }
    self.font = font
    family = Self.family(font, or: file.deletingPathExtension().lastPathComponent)
  }

  deinit { ctext_close(font) }

  private static func family(_ font: OpaquePointer, or name: String) -> String {
    let family = ctext_family(font).map { String(cString: $0) } ?? ""
    return family.isEmpty ? name : family
  }

  /// Its number for a sign; 0, the box of missing glyphs, where it has none.
  func glyph(of scalar: Unicode.Scalar) -> UInt32 { ctext_glyph(font, scalar.value) }

  /// - Parameter size: of the em, in pixels; here and below.
  /// - Returns: how far the pen moves after a glyph, in 1/64 pixel.
  func advance(of glyph: UInt32, size: Int) -> Int {
    select(size)
    var advance: Int32 = 0
    ctext_advance(font, glyph, &advance)
    return Int(advance)
  }

  /// How much nearer (negative) a glyph stands to the one before it, in 1/64 pixel.
  func kerning(_ left: UInt32, _ right: UInt32, size: Int) -> Int {
    select(size)
    var kerning: Int32 = 0
    ctext_kerning(font, left, right, &kerning)
    return Int(kerning)
  }

  /// - Parameter quarter: 0...3, how many quarters of a pixel the pen stands right of a pixel's edge.
  func ink(of glyph: UInt32, size: Int, quarter: Int) -> Typeface.Ink? {
    select(size)
    var bitmap = ctext_bitmap()
    guard ctext_render(font, glyph, Int32(quarter * 16), &bitmap) == 0 else { return nil }
    var coverage: [UInt8] = []
    for row in 0..<Int(bitmap.rows) {
      coverage += UnsafeBufferPointer(start: bitmap.coverage + row * Int(bitmap.pitch), count: Int(bitmap.width))
    }
    return Typeface.Ink(coverage: coverage, width: Int(bitmap.width), left: Int(bitmap.left), top: Int(bitmap.top))
  }

  private func select(_ size: Int) {
    guard size != self.size else { return }
    ctext_set_size(font, UInt32(size))
    self.size = size
  }
}
