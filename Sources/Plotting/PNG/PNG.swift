import CPNG
import CText
import Files
import Foundation
import Tensors

/// PNG files through libpng.
public enum PNG {
  /// One text chunk: `tEXt` where the value is ASCII, `iTXt` in UTF-8 otherwise.
  public struct Text: Hashable, Sendable {
    /// 1 to 79 printable ASCII characters, with single spaces inside only, as `Title` or `attnlab prompt`.
    public let key: String
    /// Any text without NUL.
    public let value: String

    public init(_ key: String, _ value: String) {
      self.key = key
      self.value = value
    }
  }

  /// The most pixels that a file may have unless the caller says otherwise: 4096 x 4096.
  public static let pixelLimit = 1 << 24

  /// The longest side of a file, in pixels: a row of it is held twice while it is unpacked.
  public static let sideLimit = 1 << 15

  /// The version of libpng that this build was made with, as `1.6.39`.
  public static let libraryVersion = PNG_LIBPNG_VER_STRING

  /// Reads the pixels of a PNG of any kind as 8-bit RGB.
  ///
  /// Gray and palette become RGB, 16 bits are rounded to 8, and alpha is laid over white. Color profiles and gamma are
  /// not applied: the stored numbers are taken as sRGB. Texts, profiles and all else are passed over unread.
  /// - Parameter pixelLimit: compared with the header before any pixel's memory is taken; reading takes 3 bytes a pixel.
  /// - Throws: `FileError` if there is no such file; `PlottingError` with the path and the reason.
  public static func read(_ url: URL, pixelLimit: Int = PNG.pixelLimit) throws -> Picture {
    try read(OpenFile(url), pixelLimit: pixelLimit)
  }

  /// The same of a file that is open.
  public static func read(_ file: OpenFile, pixelLimit: Int = PNG.pixelLimit) throws -> Picture {
    let path = file.path
    var width: UInt32 = 0
    var height: UInt32 = 0
    var notPNG: Int32 = 0
    var message = Message()
    guard let reader = message.filled(by: { cpngfile_open(file.descriptor, &width, &height, &notPNG, $0) }) else {
      if notPNG != 0 {
        throw PlottingError(.notPNG, path, ["expected a PNG file: \(message.text)"])
      }
      throw PlottingError(.damagedPNG, path, ["the PNG header cannot be read: \(message.text)"])
    }
    defer { cpngfile_close(reader) }
    let (pixels, overflow) = Int(width).multipliedReportingOverflow(by: Int(height))
    guard !overflow, pixels <= pixelLimit else {
      throw PlottingError(
        .tooLarge, path, ["the header says \(width) x \(height) pixels, the limit is \(pixelLimit) in all"],
        advice: "Scale the picture down, or raise the limit")
    }
    guard max(width, height) <= sideLimit else {
      throw PlottingError(
        .tooLarge, path, ["the header says \(width) x \(height) pixels, the limit of a side is \(sideLimit)"],
        advice: "Scale the picture down")
    }
    var rgb = [UInt8](repeating: 0, count: pixels * 3)
    guard message.filled(by: { cpngfile_pixels(reader, &rgb, $0) }) != 0 else {
      throw PlottingError(.damagedPNG, path, ["the pixels cannot be read: \(message.text)"])
    }
    return try Picture(width: Int(width), height: Int(height), pixels: rgb)
  }

  /// The bytes of a PNG file: 8-bit RGB, the text chunks in the order given, no time and no other metadata.
  ///
  /// The same arguments give the same bytes with the same versions of libpng and zlib.
  /// - Throws: `PlottingError` that names every text chunk that PNG cannot hold.
  public static func encode(_ picture: Picture, texts: [Text] = []) throws -> [UInt8] {
    try check(texts)
    let keys = texts.map { strdup($0.key) }
    let values = texts.map { strdup($0.value) }
    defer { for text in keys + values { free(text) } }
    var count = 0
    var message = Message()
    let bytes = message.filled { message in
      cpngfile_encode(
        picture.pixels, UInt32(picture.width), UInt32(picture.height), keys.map { UnsafePointer($0) },
        values.map { UnsafePointer($0) }, Int32(texts.count), &count, message)
    }
    guard let bytes else {
      throw PlottingError(
        .tooLarge, "PNG", ["a picture of \(picture.width) x \(picture.height) cannot be written: \(message.text)"])
    }
    defer { cpngfile_free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }

  /// Writes a PNG file whole or not at all: into a new file beside it, which then takes its name.
  /// - Throws: `PlottingError` as `encode`; `FileError` with the path and the reason. Then the file is as it was before.
  public static func write(_ picture: Picture, texts: [Text] = [], to url: URL) throws {
    let bytes = try encode(picture, texts: texts)
    let file = try NewFile(url)
    try file.append(Data(bytes))
    try file.finish()
  }
}

/// Room for the reason that C leaves when it fails.
struct Message {
  private var bytes = [CChar](repeating: 0, count: Int(CPNGFILE_MESSAGE))

  mutating func filled<R>(by body: (UnsafeMutablePointer<CChar>?) -> R) -> R {
    bytes.withUnsafeMutableBufferPointer { body($0.baseAddress) }
  }

  var text: String {
    String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
