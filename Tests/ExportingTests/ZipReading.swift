import Foundation
import TestSupport

/// Reads zip archives of stored members as the format's description has it: from the end, through the directory.
enum ZipReading {
  struct Member: Equatable {
    let name: String
    let data: Data
  }

  struct Broken: Error {
    let what: String
  }

  static func isZIP64(_ archive: Data) -> Bool { archive.range(of: Data("PK\u{6}\u{6}".utf8)) != nil }

  /// - Throws: `Broken` where the parts of the archive contradict one another.
  static func members(_ archive: Data) throws -> [Member] {
    let bytes = Array(archive)
    let end = bytes.count - 22
    try expect(bytes, end, "PK\u{5}\u{6}")
    var (count, size, start) = (
      try number(bytes, end + 10, 2), try number(bytes, end + 12, 4), try number(bytes, end + 16, 4)
    )
    var after = end
    if isZIP64(archive) {
      guard count == 0xFFFF, size == 0xFFFF_FFFF, start == 0xFFFF_FFFF else { throw Broken(what: "two ends differ") }
      try expect(bytes, end - 20, "PK\u{6}\u{7}")
      after = try number(bytes, end - 12, 8)
      try expect(bytes, after, "PK\u{6}\u{6}")
      guard try number(bytes, after + 4, 8) + 12 == end - 20 - after else { throw Broken(what: "size of the end") }
      (count, size, start) =
        (try number(bytes, after + 32, 8), try number(bytes, after + 40, 8), try number(bytes, after + 48, 8))
    }
    guard start + size == after else { throw Broken(what: "the directory is at \(start), \(size) bytes") }
    var place = start
    var members: [Member] = []
    while place < after {
      try expect(bytes, place, "PK\u{1}\u{2}")
      let (length, extra) = (try number(bytes, place + 28, 2), try number(bytes, place + 30, 2))
      let name = Array(bytes[(place + 46)..<(place + 46 + length)])
      var offset = try number(bytes, place + 42, 4)
      if extra > 0 {
        let field = place + 46 + length
        guard extra == 12, offset == 0xFFFF_FFFF, try number(bytes, field, 2) == 1, try number(bytes, field + 2, 2) == 8
        else { throw Broken(what: "extra field") }
        offset = try number(bytes, field + 4, 8)
      }
      try expect(bytes, offset, "PK\u{3}\u{4}")
      guard bytes[(offset + 4)..<(offset + 28)] == bytes[(place + 6)..<(place + 30)],
        Array(bytes[(offset + 30)..<(offset + 30 + length)]) == name
      else { throw Broken(what: "header and directory differ") }
      let first = offset + 30 + length
      let data = Data(bytes[first..<(first + (try number(bytes, offset + 18, 4)))])
      guard try number(bytes, offset + 14, 4) == Int(checksum(data)) else { throw Broken(what: "checksum") }
      members.append(Member(name: String(decoding: name, as: UTF8.self), data: data))
      place += 46 + length + extra
    }
    guard members.count == count else { throw Broken(what: "\(members.count) members of \(count)") }
    return members
  }

  private static func number(_ bytes: [UInt8], _ place: Int, _ count: Int) throws -> Int {
    guard place >= 0, place + count <= bytes.count else { throw Broken(what: "a number at \(place)") }
    return bytes[place..<(place + count)].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  private static func expect(_ bytes: [UInt8], _ place: Int, _ mark: String) throws {
    guard place >= 0, place + 4 <= bytes.count, Array(bytes[place..<(place + 4)]) == Array(mark.utf8) else {
      throw Broken(what: "no \(mark.debugDescription) at \(place)")
    }
  }
}
