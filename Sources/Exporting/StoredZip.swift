import CZlib
import ExperimentFiles
import Files
import Foundation

/// A zip archive whose members are stored as they are, written from its beginning to its end.
///
/// Archives of any size: what 32 bits cannot say is said in the fields of ZIP64. A member has less than 4 GiB. The same
/// members give the same bytes: all bear the earliest date that the format has.
/// - Source: PKWARE, APPNOTE.TXT 6.3.9, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3.
final class StoredZip {
  private let file: NewFile
  private var directory = Data()
  private var memberCount: UInt64 = 0
  /// From here on offsets, and counts of members, are written in ZIP64's fields.
  private let offsetLimit: UInt64
  private let countLimit: UInt64

  /// - Parameters:
  ///   - offsetLimit, countLimit: The format's own; smaller ones are for tests.
  init(_ file: NewFile, offsetLimit: UInt64 = 0xFFFF_FFFF, countLimit: UInt64 = 0xFFFF) {
    self.file = file
    self.offsetLimit = offsetLimit
    self.countLimit = countLimit
  }

  /// - Throws: `ExperimentError` for a member of 4 GiB or more; a file error.
  func add(_ data: Data, as name: String) throws {
    guard data.count < 0xFFFF_FFFF, name.utf8.count <= 0xFFFF else {
      throw ExperimentError("\(name): \(data.count) bytes are too many for a member of a zip archive; export as npy")
    }
    let offset = file.count
    let isFar = offset >= offsetLimit
    // Version needed; flags: the name is UTF-8; stored; midnight of 1 January 1980.
    var common = Data()
    common.append(littleEndian: UInt16(isFar ? 45 : 20))
    for field: UInt16 in [1 << 11, 0, 0, 1 << 5 | 1] { common.append(littleEndian: field) }
    common.append(littleEndian: Self.checksum(data))
    for field in [UInt32(data.count), UInt32(data.count)] { common.append(littleEndian: field) }
    common.append(littleEndian: UInt16(name.utf8.count))

    var header = Data("PK\u{3}\u{4}".utf8)
    header.append(common)
    header.append(littleEndian: UInt16(0))
    header.append(Data(name.utf8))
    try file.append(header)
    try file.append(data)

    directory.append(Data("PK\u{1}\u{2}".utf8))
    directory.append(littleEndian: UInt16(45))
    directory.append(common)
    directory.append(littleEndian: UInt16(isFar ? 12 : 0))
    // No comment, first disk, no attributes.
    directory.append(Data(repeating: 0, count: 10))
    directory.append(littleEndian: isFar ? UInt32.max : UInt32(offset))
    directory.append(Data(name.utf8))
    if isFar {
      for field: UInt16 in [1, 8] { directory.append(littleEndian: field) }
      directory.append(littleEndian: offset)
    }
    memberCount += 1
  }

  func finish() throws {
    let start = file.count
    let size = UInt64(directory.count)
    var end = directory
    let isLarge = start >= offsetLimit || size >= offsetLimit || memberCount >= countLimit
    if isLarge {
      end.append(Data("PK\u{6}\u{6}".utf8))
      end.append(littleEndian: UInt64(44))
      for version: UInt16 in [45, 45] { end.append(littleEndian: version) }
      for disk: UInt32 in [0, 0] { end.append(littleEndian: disk) }
      for field in [memberCount, memberCount, size, start] { end.append(littleEndian: field) }
      end.append(Data("PK\u{6}\u{7}".utf8))
      end.append(littleEndian: UInt32(0))
      end.append(littleEndian: start + size)
      end.append(littleEndian: UInt32(1))
    }
    end.append(Data("PK\u{5}\u{6}".utf8))
    let count = isLarge ? UInt16.max : UInt16(memberCount)
    for field in [0, 0, count, count] { end.append(littleEndian: field) }
    end.append(littleEndian: isLarge ? UInt32.max : UInt32(size))
    end.append(littleEndian: isLarge ? UInt32.max : UInt32(start))
    end.append(littleEndian: UInt16(0))
    try file.append(end)
    try file.finish()
  }

  /// CRC-32 as zip has it.
  static func checksum(_ data: Data) -> UInt32 {
    data.withUnsafeBytes { bytes in
      UInt32(truncatingIfNeeded: crc32_z(0, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count))
    }
  }
}

extension Data {
  fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
