import Foundation
import Tensors
import Testing

@testable import Plotting

@Suite struct HostilePNGTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func readMessage(_ bytes: [UInt8]) throws -> String {
    let url = try folder.file("a.png", bytes)
    return message { _ = try PNG.read(url) }.replacingOccurrences(of: url.path, with: "a.png")
  }

  @Test func filesThatAreNoPNG() throws {
    #expect(try readMessage([]) == "a.png: expected a PNG file: it is empty")
    #expect(try readMessage([0x89, 0x50]) == "a.png: expected a PNG file: it does not begin with PNG's signature")
    #expect(
      try readMessage(Array("GIF89a not a png".utf8))
        == "a.png: expected a PNG file: it does not begin with PNG's signature")
  }

  @Test func pathsThatAreNoFile() throws {
    let missing = folder.url.appendingPathComponent("missing.png")
    #expect(
      message { _ = try PNG.read(missing) } == "\(missing.path): cannot be opened: No such file or directory")
    #expect(
      message { _ = try PNG.read(folder.url) }
        == "\(folder.url.path): expected a file, found a folder or a device")
    #expect(
      message { _ = try PNG.read(URL(fileURLWithPath: "/dev/zero")) }
        == "/dev/zero: expected a file, found a folder or a device")
  }

  @Test func everyTruncationIsAnError() throws {
    let whole = try PNG.encode(try noise(width: 5, height: 4, seed: 3), texts: [PNG.Text("k", "v")])
    for count in 0..<whole.count {
      let found = try readMessage(Array(whole.prefix(count)))
      #expect(found.hasPrefix("a.png: "), "\(count) of \(whole.count) bytes: \(found)")
    }
    #expect(
      try readMessage(Array(whole.prefix(40))) == "a.png: the PNG header cannot be read: the file ends too early")
    #expect(
      try readMessage(Array(whole.prefix(whole.count - 1)))
        == "a.png: the pixels cannot be read: the file ends too early")
  }

  @Test func everyChangedByteIsAnErrorOrAPicture() throws {
    let whole = try PNG.encode(try noise(width: 5, height: 4, seed: 3), texts: [PNG.Text("k", "v")])
    var refused = 0
    for place in whole.indices {
      for change in [UInt8(0x01), 0x80, 0xFF] {
        var bytes = whole
        bytes[place] ^= change
        let found = try readMessage(bytes)
        if found != "no error" { refused += 1 }
        #expect(found == "no error" || found.hasPrefix("a.png: "), "byte \(place) ^ \(change): \(found)")
      }
    }
    // The text chunk is all that may be damaged unseen: libpng leaves it out.
    #expect(refused > whole.count * 2, "\(refused) of \(whole.count * 3)")
  }

  @Test func aHeaderThatPromisesTooMuch() throws {
    let lie = RawPNG(width: 100_000, height: 100_000, depth: 8, colorType: 2, rows: [[0]])
    #expect(
      try readMessage(lie.bytes) == """
        a.png: the header says 100000 x 100000 pixels, the limit is 67108864 in all. \
        Scale the picture down, or raise the limit
        """)
    let vast = RawPNG(width: 0x7FFF_FFFF, height: 0x7FFF_FFFF, depth: 16, colorType: 6, rows: [[0]])
    #expect(try readMessage(vast.bytes).hasPrefix("a.png: "))
    let none = RawPNG(width: 0, height: 1, depth: 8, colorType: 2, rows: [[]])
    #expect(try readMessage(none.bytes).hasPrefix("a.png: the PNG header cannot be read: "))
  }

  @Test func theCallersLimitIsExact() throws {
    let url = try folder.file("a.png", try PNG.encode(try noise(width: 5, height: 4, seed: 3)))
    #expect(throws: Never.self) { try PNG.read(url, pixelLimit: 20) }
    #expect(throws: PlottingError.self) { try PNG.read(url, pixelLimit: 19) }
  }

  @Test func aWrongChecksumOfPixels() throws {
    var bytes = try PNG.encode(try noise(width: 5, height: 4, seed: 3))
    // The last 12 bytes are IEND; before them stand the four of IDAT's checksum.
    bytes[bytes.count - 13] ^= 1
    #expect(try readMessage(bytes) == "a.png: the pixels cannot be read: IDAT: CRC error")
  }

  @Test func writingLeavesNothingBehindWhenItFails() throws {
    let picture = try noise(width: 2, height: 2, seed: 1)
    let inside = folder.url.appendingPathComponent("no/such/a.png")
    #expect(
      message { try PNG.write(picture, to: inside) } == """
        \(inside.path): cannot be written: No such file or directory. \
        The folder has to exist and to allow new files
        """)
    // A folder stands where the file should: the last step, the renaming, fails.
    let taken = folder.url.appendingPathComponent("taken.png")
    try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: true)
    #expect(message { try PNG.write(picture, to: taken) } == "\(taken.path): cannot be written: Is a directory")
    #expect(folder.names == ["taken.png"])
  }

  @Test func writingReplacesWhole() throws {
    let url = try folder.file(
      "a.png", Array("something longer than a small picture ".utf8) + [UInt8](repeating: 1, count: 500))
    let picture = try noise(width: 2, height: 2, seed: 1)
    try PNG.write(picture, to: url)
    #expect(try PNG.read(url).picture == picture)
  }
}
