import CZlib
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
      message { _ = try PNG.read(missing) } == "\(missing.path): cannot be opened (No such file or directory)")
    #expect(
      message { _ = try PNG.read(folder.url) }
        == "\(folder.url.path): expected a file, found a folder")
    #expect(
      message { _ = try PNG.read(URL(fileURLWithPath: "/dev/zero")) }
        == "/dev/zero: expected a file, found a device or a pipe")
    let pipe = folder.url.appendingPathComponent("pipe.png")
    try #require(mkfifo(pipe.path, 0o600) == 0)
    #expect(message { _ = try PNG.read(pipe) } == "\(pipe.path): expected a file, found a device or a pipe")
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
        a.png: the header says 100000 x 100000 pixels, the limit is 16777216 in all. \
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
      message { try PNG.write(picture, to: inside) }
        == "\(folder.url.path)/no/such: cannot be opened (No such file or directory)")
    // A folder stands where the file should: the last step, the renaming, fails.
    let taken = folder.url.appendingPathComponent("taken.png")
    try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: true)
    #expect(message { try PNG.write(picture, to: taken) } == "\(taken.path): expected a file, found a folder")
    #expect(folder.names == ["taken.png"])
  }

  @Test func writingReplacesWhole() throws {
    let url = try folder.file(
      "a.png", Array("something longer than a small picture ".utf8) + [UInt8](repeating: 1, count: 500))
    let picture = try noise(width: 2, height: 2, seed: 1)
    try PNG.write(picture, to: url)
    #expect(try PNG.read(url) == picture)
  }

  // MARK: - Memory

  /// A text that unpacks to 8 MiB, a thousand times; a length that lies; pictures of the most pixels and the longest side.
  @Test("what a small file asks for takes little memory", arguments: ["texts", "length", "pixels", "row"])
  func memory(name: String) async throws {
    let url = folder.url.appendingPathComponent("a.png")
    var file = RawPNG(
      width: 64, height: 64, depth: 8, colorType: 2,
      rows: Array(repeating: [UInt8](repeating: 128, count: 192), count: 64))
    switch name {
    case "texts":
      let bomb = Array("a\0\0".utf8) + packed([UInt8](repeating: 0, count: 8 << 20))
      file.beforePixels = Array(repeating: ("zTXt", bomb), count: 900)
      file.afterPixels = [("iTXt", Array("a\0\u{1}\0\0\0".utf8) + packed([UInt8](repeating: 32, count: 8 << 20)))]
      try Data(file.bytes).write(to: url)
    case "length":
      var bytes = file.bytes
      bytes.insert(contentsOf: [0x7F, 0xFF, 0xFF, 0xF0] + Array("tEXtk\0v".utf8), at: 33)
      try Data(bytes).write(to: url)
    case "pixels":
      file = RawPNG(width: 4096, height: 4096, depth: 16, colorType: 6, rows: [])
      try Data(file.bytes(pixels: packed([UInt8](repeating: 0, count: (4096 * 8 + 1) * 4096)))).write(to: url)
    default:
      file = RawPNG(width: 1 << 15, height: 1, depth: 16, colorType: 6, rows: [])
      try Data(file.bytes(pixels: packed([UInt8](repeating: 0, count: (8 << 15) + 1)))).write(to: url)
    }
    #expect(try Data(contentsOf: url).count < 8 << 20)
    await #expect(processExitsWith: .success) { [url = url as URL, name = name as String] in
      let before = peakMegabytes()
      let found = message { _ = try PNG.read(url) }
      let ending = name == "length" ? "the PNG header cannot be read: the file ends too early" : "no error"
      #expect(found.hasSuffix(ending), "\(found)")
      #expect(peakMegabytes() - before < (name == "pixels" ? 80 : 20), "\(name): \(before), then \(peakMegabytes()) MB")
      #expect(peakMegabytes() < 300)
    }
  }

  @Test func aSideThatIsTooLong() throws {
    let long = RawPNG(width: (1 << 15) + 1, height: 1, depth: 8, colorType: 2, rows: [[0]])
    #expect(
      try readMessage(long.bytes)
        == "a.png: the header says 32769 x 1 pixels, the limit of a side is 32768. Scale the picture down")
  }

  /// The texts of a file have one room together, however they are cut into chunks.
  @Test func textsThatAreTooMuch() throws {
    let most = PNG.mostTextBytes
    func texts(_ sizes: [Int], after: [UInt8] = []) throws -> String {
      var file = RawPNG(width: 1, height: 1, depth: 8, colorType: 2, rows: [[1, 2, 3]])
      file.beforePixels = sizes.map { ("zTXt", Array("a\0\0".utf8) + packed([UInt8](repeating: 65, count: $0))) }
      if !after.isEmpty { file.afterPixels = [("zTXt", after)] }
      let url = try folder.file("a.png", file.bytes)
      return message {
        let found = try PNG.texts(url).map(\.value.utf8.count)
        #expect(found == sizes)
      }.replacingOccurrences(of: url.path, with: "a.png")
    }
    #expect(try texts([most / 2, most / 2]) == "no error")
    let tooMuch = "a.png: its texts take more than 8388608 bytes, unpacked"
    #expect(try texts([most / 2, most / 2 + 1]) == tooMuch)
    #expect(try texts([most * 3]) == tooMuch)
    for damaged in ["a", "a\0", "a\0\u{1}x", "a\0\0nothing of zlib"] {
      #expect(try texts([], after: Array(damaged.utf8)) == "a.png: a zTXt chunk cannot be read", "\(damaged)")
    }
    let cut = try folder.file("a.png", Array(try PNG.encode(try noise(width: 2, height: 2, seed: 1)).dropLast(12)))
    #expect(message { _ = try PNG.texts(cut) } == "\(cut.path): the chunks cannot be read: the file ends too early")
  }
}

/// The most memory that this process ever took; `getrusage` would count in what began it.
private func peakMegabytes() -> Int {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
  return line?.split { !$0.isNumber }.first.flatMap { Int($0) }.map { $0 / 1024 } ?? .max
}

/// As zlib packs it.
private func packed(_ bytes: [UInt8]) -> [UInt8] {
  var result = [UInt8](repeating: 0, count: Int(compressBound(UInt(bytes.count))))
  var count = UInt(result.count)
  let status = compress2(&result, &count, bytes, UInt(bytes.count), 9)
  precondition(status == Z_OK)
  return Array(result.prefix(Int(count)))
}
