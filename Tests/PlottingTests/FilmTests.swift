import Foundation
import Plotting
import Tensors
import TestSupport
import Testing

/// Films taken apart into chunks; each frame is read back as a PNG of its own.
@Suite struct FilmTests {
  private struct Chunk {
    let name: String
    let bytes: [UInt8]

    func number(_ at: Int) -> Int { bytes[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) } }
    func short(_ at: Int) -> Int { Int(bytes[at]) << 8 | Int(bytes[at + 1]) }
  }

  private func chunks(_ film: [UInt8]) throws -> [Chunk] {
    var (at, found): (Int, [Chunk]) = (8, [])
    while at < film.count {
      let length = film[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) }
      let body = Array(film[(at + 4)..<(at + 8 + length)])
      let sum = film[(at + 8 + length)..<(at + 12 + length)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      try #require(checksum(body) == sum)
      found.append(Chunk(name: String(decoding: body.prefix(4), as: UTF8.self), bytes: Array(body.dropFirst(4))))
      at += 12 + length
    }
    return found
  }

  private func png(header: Chunk, pixels: [UInt8]) -> [UInt8] {
    func chunk(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
      let body = Array(name.utf8) + bytes
      func four(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
      return four(UInt32(bytes.count)) + body + four(checksum(body))
    }
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header.bytes) + chunk("IDAT", pixels)
      + chunk("IEND", [])
  }

  @Test func framesComeBackAsTheyAre() throws {
    var random = SeededGenerator(seed: 5)
    // Noise does not compress: the pixels of a frame fill more than one chunk.
    let frames = try (0..<4).map { _ in
      try Picture(
        width: 97, height: 61, pixels: (0..<(97 * 61 * 3)).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
    let film = try chunks(PNG.film(frames, seconds: 0.25, texts: [PNG.Text("Prompt", "a red car")]))
    #expect(film.prefix(2).map(\.name) == ["IHDR", "acTL"] && film.last?.name == "IEND")
    #expect(film.contains { $0.name == "tEXt" })
    #expect(film[1].number(0) == 4 && film[1].number(4) == 0)
    let controls = film.filter { $0.name == "fcTL" }
    #expect(controls.map { $0.short(20) } == [25, 25, 25, 75] && controls.allSatisfy { $0.short(22) == 100 })
    #expect(
      controls.allSatisfy { $0.number(4) == 97 && $0.number(8) == 61 && $0.number(12) == 0 && $0.number(16) == 0 })
    // Controls and later frames' pixels are numbered together.
    #expect(
      film.filter { ["fcTL", "fdAT"].contains($0.name) }.map { $0.number(0) }
        == Array(0..<(4 + film.count { $0.name == "fdAT" })))
    var pixels: [[UInt8]] = []
    for chunk in film {
      switch chunk.name {
      case "fcTL": pixels.append([])
      case "IDAT": pixels[0] += chunk.bytes
      case "fdAT": pixels[pixels.count - 1] += chunk.bytes.dropFirst(4)
      default: break
      }
    }
    #expect(film.count { $0.name == "IDAT" } > 1)
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      for (index, bytes) in pixels.enumerated() {
        let file = folder.appending(path: "frame.png")
        try Data(png(header: film[0], pixels: bytes)).write(to: file)
        #expect(try PNG.read(file) == frames[index], "frame \(index)")
      }
      // A reader without animation sees the first frame.
      let file = folder.appending(path: "film.png")
      try Data(PNG.film(frames, seconds: 0.25)).write(to: file)
      #expect(try PNG.read(file) == frames[0])
    }
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let small = try Picture(width: 1, height: 1, pixels: [0, 0, 0])
    let other = try Picture(width: 2, height: 1, pixels: [0, 0, 0, 0, 0, 0])
    for (frames, seconds, message) in [
      ([], 1, "a film has one frame or more"), ([small, other], 1, "the frames have different sizes"),
      ([small], 0, "0.0 seconds a frame; 0.02 to 100"), ([small], .nan, "nan seconds a frame; 0.02 to 100"),
    ] as [([Picture], Double, String)] {
      #expect { _ = try PNG.film(frames, seconds: seconds) } throws: { "\($0)".contains(message) }
    }
  }
}
