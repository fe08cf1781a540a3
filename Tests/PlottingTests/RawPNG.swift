/// Writes PNG files by hand, without libpng: every kind of pixel, and files that are broken on purpose.
struct RawPNG {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  var width: Int
  var height: Int
  var depth: UInt8
  /// 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGBA.
  var colorType: UInt8
  /// The bytes of each row, without the filter byte; for an interlaced file, of each row of each pass.
  var rows: [[UInt8]]
  var interlaced = false
  var beforePixels: [(String, [UInt8])] = []
  var afterPixels: [(String, [UInt8])] = []

  var bytes: [UInt8] { bytes(pixels: Self.zlib(rows.flatMap { [0] + $0 })) }

  /// - Parameter pixels: Rows with their filter bytes, packed.
  func bytes(pixels: [UInt8]) -> [UInt8] {
    let header = Self.big(width) + Self.big(height) + [depth, colorType, 0, 0, interlaced ? 1 : 0]
    var result = Self.signature + Self.chunk("IHDR", header)
    for (name, data) in beforePixels { result += Self.chunk(name, data) }
    result += Self.chunk("IDAT", pixels)
    for (name, data) in afterPixels { result += Self.chunk(name, data) }
    return result + Self.chunk("IEND", [])
  }

  static func big(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

  static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + data
    return big(data.count) + body + big(Int(crc(body)))
  }

  /// The chunks' names in the order of the file.
  static func chunkNames(_ bytes: [UInt8]) -> [String] {
    var names: [String] = []
    var place = signature.count
    while place + 12 <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      names.append(String(decoding: bytes[place + 4..<place + 8], as: UTF8.self))
      place += 12 + length
    }
    return names
  }

  static func crc(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }

  /// One stored block, as deflate calls data that is not compressed.
  static func zlib(_ data: [UInt8]) -> [UInt8] {
    var a = 1
    var b = 0
    for byte in data {
      a = (a + Int(byte)) % 65521
      b = (b + a) % 65521
    }
    let length = [UInt8(data.count & 255), UInt8(data.count >> 8)]
    return [0x78, 0x01, 1] + length + length.map { ~$0 } + data + big(b << 16 | a)
  }
}
