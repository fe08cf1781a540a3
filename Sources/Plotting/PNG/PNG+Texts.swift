import CZlib
import Files
import Formatting
import Foundation

extension PNG {
  /// PNG's rules for a keyword, narrowed from Latin-1 to ASCII so that every tool reads it alike.
  static func check(_ texts: [Text]) throws {
    let problems = texts.flatMap { text -> [String] in
      var found: [String] = []
      let bytes = Array(text.key.utf8)
      if !(1...79).contains(bytes.count) || !bytes.allSatisfy({ (0x20...0x7E).contains($0) }) {
        found.append("the key \"\(text.key)\" is not 1 to 79 printable ASCII characters")
      } else if bytes.first == 0x20 || bytes.last == 0x20
        || zip(bytes, bytes.dropFirst()).contains(where: { $0 == (0x20, 0x20) })
      {
        found.append("the key \"\(text.key)\" begins or ends with a space or has two in a row")
      }
      if text.value.utf8.contains(0) {
        found.append("the value of \"\(text.key)\" contains a NUL")
      }
      return found
    }
    guard problems.isEmpty else { throw PlottingError(.text, "PNG text chunks", problems) }
  }

  /// The most that the texts of one file may take in all, unpacked, in bytes.
  static let mostTextBytes = 8 << 20

  /// The text chunks of a PNG file, in its order; Latin-1 is converted. Its pixels are passed over.
  /// - Throws: `FileError` if there is no such file; `PlottingError` if it is no PNG, is damaged, or has texts of more
  ///   than 8 MiB in all.
  public static func texts(_ url: URL) throws -> [Text] {
    let file = try OpenFile(url)
    guard try file.bytes(0..<8) == Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else {
      throw PlottingError(.notPNG, file.path, ["expected a PNG file: it does not begin with PNG's signature"])
    }
    var texts: [Text] = []
    var room = mostTextBytes
    var place = 8
    while true {
      let head = try file.bytes(place..<(place + 8))
      let length = head.prefix(4).reduce(0) { $0 << 8 | Int($1) }
      // A length and a name come before the bytes, a checksum after them.
      guard head.count == 8, length <= file.size - place - 12 else {
        throw PlottingError(.damagedPNG, file.path, ["the chunks cannot be read: the file ends too early"])
      }
      let name = String(decoding: head.suffix(4), as: UTF8.self)
      if name == "IEND" { return texts }
      if ["tEXt", "zTXt", "iTXt"].contains(name) {
        guard length <= room else { throw tooMuchText(file) }
        let bytes = [UInt8](try file.bytes((place + 8)..<(place + 8 + length)))
        guard let (text, size) = text(of: bytes, in: name, room: room) else {
          throw PlottingError(.damagedPNG, file.path, ["a \(name) chunk cannot be read"])
        }
        room -= max(size, length)
        guard room >= 0 else { throw tooMuchText(file) }
        texts.append(text)
      }
      place += 12 + length
    }
  }

  private static func tooMuchText(_ file: OpenFile) -> PlottingError {
    PlottingError(.tooLarge, file.path, ["its texts take more than \(mostTextBytes) bytes, unpacked"])
  }

  /// The text of a chunk and how many bytes it takes unpacked, which are more than `room` where it has no room; nil if it
  /// is damaged.
  ///
  /// - Source: PNG specification, third edition, 11.3.3: keyword, NUL, then in `zTXt` a method, in `iTXt` whether it is
  ///   packed, a method, and language and translated keyword that end with a NUL each.
  private static func text(of bytes: [UInt8], in chunk: String, room: Int) -> (text: Text, size: Int)? {
    guard let end = bytes.firstIndex(of: 0) else { return nil }
    let key = latin1(bytes[..<end])
    var rest = bytes[(end + 1)...]
    var isPacked = chunk == "zTXt"
    if chunk == "iTXt" {
      guard let flag = rest.popFirst(), flag <= 1 else { return nil }
      isPacked = flag == 1
    }
    if chunk != "tEXt" {
      guard let method = rest.popFirst(), method == 0 || !isPacked else { return nil }
    }
    if chunk == "iTXt" {
      for _ in 0..<2 {
        guard let end = rest.firstIndex(of: 0) else { return nil }
        rest = rest[(end + 1)...]
      }
    }
    if isPacked {
      guard let unpacked = unpacked(rest, room: room) else { return nil }
      rest = unpacked[...]
    }
    let value = chunk == "iTXt" ? String(decoding: rest, as: UTF8.self) : latin1(rest)
    return (Text(key, value), rest.count)
  }

  /// - Returns: at most one byte more than there is room for; nil if the bytes are no whole stream of zlib.
  private static func unpacked(_ packed: ArraySlice<UInt8>, room: Int) -> [UInt8]? {
    var stream = z_stream()
    guard inflateInit_(&stream, zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    var input = Array(packed)
    return input.withUnsafeMutableBufferPointer { input -> [UInt8]? in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      var output: [UInt8] = []
      var piece = [UInt8](repeating: 0, count: 1 << 14)
      while output.count <= room {
        let (status, count) = piece.withUnsafeMutableBufferPointer { piece in
          stream.next_out = piece.baseAddress
          stream.avail_out = UInt32(piece.count)
          return (inflate(&stream, Z_NO_FLUSH), piece.count - Int(stream.avail_out))
        }
        output += piece.prefix(count)
        if status == Z_STREAM_END { return output }
        guard status == Z_OK, count > 0 || stream.avail_in > 0 else { return nil }
      }
      return output
    }
  }

  /// Latin-1 is the first 256 Unicode scalars.
  private static func latin1(_ bytes: ArraySlice<UInt8>) -> String {
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: bytes.lazy.map { Unicode.Scalar($0) })
    return String(scalars)
  }
}
