import Foundation
import Tensors
import TestSupport
import Testing

@testable import Plotting

/// Frames read back by a decoder of the tests' own, after the GIF89a specification.
@Suite struct GIFTests {
  struct Film {
    var width = 0
    var height = 0
    var delays: [Int] = []
    var loops = false
    var frames: [[UInt8]] = []
  }

  static func decode(_ bytes: [UInt8]) throws -> Film {
    var film = Film()
    var at = 6
    func word() -> Int {
      defer { at += 2 }
      return Int(bytes[at]) | Int(bytes[at + 1]) << 8
    }
    func blocks() -> [UInt8] {
      var data: [UInt8] = []
      while bytes[at] != 0 {
        data += bytes[(at + 1)..<(at + 1 + Int(bytes[at]))]
        at += Int(bytes[at]) + 1
      }
      at += 1
      return data
    }
    try #require(String(decoding: bytes.prefix(6), as: UTF8.self) == "GIF89a")
    (film.width, film.height) = (word(), word())
    try #require(bytes[at] & 0x80 == 0, "no global table")
    at += 3
    while bytes[at] != 0x3B {
      if bytes[at] == 0x21 {
        let code = bytes[at + 1]
        at += 2
        let data = blocks()
        if code == 0xF9 { film.delays.append(Int(data[1]) | Int(data[2]) << 8) }
        if code == 0xFF { film.loops = data == Array("NETSCAPE2.0".utf8) + [1, 0, 0] }
        continue
      }
      try #require(bytes[at] == 0x2C)
      at += 5
      let size = word() * word()
      let table = 2 << Int(bytes[at] & 7)
      at += 1
      let colors = Array(bytes[at..<(at + 3 * table)])
      at += 3 * table
      let codeSize = Int(bytes[at])
      at += 1
      let indices = try expand(blocks(), codeSize: codeSize)
      try #require(indices.count == size)
      film.frames.append(indices.flatMap { colors[(3 * Int($0))..<(3 * Int($0) + 3)] })
    }
    return film
  }

  /// LZW as GIF has it.
  private static func expand(_ data: [UInt8], codeSize: Int) throws -> [UInt8] {
    let (clear, end) = (1 << codeSize, (1 << codeSize) + 1)
    var (table, width, previous): ([[UInt8]], Int, [UInt8]?) = ([], codeSize + 1, nil)
    var (output, bits, held): ([UInt8], Int, Int) = ([], 0, 0)
    func reset() {
      table = (0..<clear).map { [UInt8($0)] } + [[], []]
      (width, previous) = (codeSize + 1, nil)
    }
    reset()
    for byte in data {
      bits |= Int(byte) << held
      held += 8
      while held >= width {
        let code = bits & ((1 << width) - 1)
        bits >>= width
        held -= width
        if code == clear {
          reset()
          continue
        }
        if code == end { return output }
        let entry = try #require(code < table.count ? table[code] : previous.map { $0 + [$0[0]] })
        if let previous, table.count < 4096 { table.append(previous + [entry[0]]) }
        if table.count == 1 << width, width < 12 { width += 1 }
        output += entry
        previous = entry
      }
    }
    return output
  }

  private func picture(_ width: Int, _ height: Int, _ color: (Int, Int) -> [UInt8]) throws -> Picture {
    try Picture(
      width: width, height: height,
      pixels: (0..<height).flatMap { y in (0..<width).flatMap { x in color(x, y) } })
  }

  @Test(.enabled(if: GIF.isAvailable)) func framesOfFewColorsComeBackAsTheyAre() throws {
    var random = SeededGenerator(seed: 5)
    let palette = (0..<200).map { _ in (0..<3).map { _ in UInt8.random(in: 0...255, using: &random) } }
    let frames = try (0..<4).map { frame in
      try picture(37, 23) { x, y in frame == 3 ? [9, 8, 7] : palette[(x * 7 + y * 31 + frame * 50) % 200] }
    }
    let film = try Self.decode(GIF.encode(frames, seconds: 0.25))
    #expect((film.width, film.height) == (37, 23) && film.loops)
    #expect(film.delays == [25, 25, 25, 75])
    #expect(film.frames == frames.map(\.pixels))
  }

  @Test(.enabled(if: GIF.isAvailable)) func framesOfManyColorsComeNear() throws {
    let frame = try picture(64, 64) { x, y in [UInt8(x * 4), UInt8(y * 4), UInt8((x + y) * 2)] }
    let film = try Self.decode(GIF.encode([frame], seconds: 1))
    let differences = zip(film.frames[0], frame.pixels).map { abs(Int($0) - Int($1)) }
    // 4,096 colors in 256: measured mean 7.1, largest 46.
    #expect(differences.reduce(0, +) < 10 * differences.count && (differences.max() ?? 0) < 64)
    #expect(differences.contains { $0 > 0 })
  }

  @Test(.enabled(if: GIF.isAvailable)) func whatDoesNotFitIsRefused() throws {
    let (small, other) = (try picture(2, 2) { _, _ in [0, 0, 0] }, try picture(3, 2) { _, _ in [0, 0, 0] })
    for (frames, seconds, message) in [
      ([], 1, "a film has one frame or more"), ([small, other], 1, "the frames have different sizes"),
      ([small], 0, "0.0 seconds a frame; 0.02 to 100"), ([small], .nan, "nan seconds a frame; 0.02 to 100"),
    ] as [([Picture], Double, String)] {
      #expect { _ = try GIF.encode(frames, seconds: seconds) } throws: { "\($0)".contains(message) }
    }
  }
}
