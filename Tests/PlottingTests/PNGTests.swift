import Foundation
import Tensors
import Testing

@testable import Plotting

@Suite struct PNGTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test("what was written is read back", arguments: [1, 2, 7, 8, 9, 33], [1, 2, 7, 8, 9, 33])
  func roundTrip(width: Int, height: Int) throws {
    let seed = UInt64(width * 100 + height)
    let picture = try noise(width: width, height: height, seed: seed)
    let url = folder.url.appendingPathComponent("a.png")
    try PNG.write(picture, to: url)
    #expect(try PNG.read(url) == picture, "seed \(seed)")
    #expect(try PNG.texts(url).isEmpty)
    #expect(folder.names == ["a.png"])
  }

  @Test func textChunksKeepOrderAndUnicode() throws {
    let picture = try noise(width: 3, height: 2, seed: 1)
    let texts = [
      PNG.Text("prompt", "a red car"), PNG.Text("seed", "7"), PNG.Text("prompt", "ein rotes Auto → 赤い車 🚗\nzwei Zeilen"),
      PNG.Text("empty", ""), PNG.Text(String(repeating: "k", count: 79), "latin é"),
    ]
    let bytes = try PNG.encode(picture, texts: texts)
    #expect(RawPNG.chunkNames(bytes) == ["IHDR", "tEXt", "tEXt", "iTXt", "tEXt", "iTXt", "IDAT", "IEND"])
    #expect(try PNG.encode(picture, texts: texts) == bytes)
    let file = try folder.file("a.png", bytes)
    #expect(try PNG.texts(file) == texts)
    #expect(try PNG.read(file) == picture)
  }

  @Test func textsAfterThePixelsAndInLatin1AreRead() throws {
    var file = RawPNG(width: 1, height: 1, depth: 8, colorType: 2, rows: [[1, 2, 3]])
    file.beforePixels = [("tEXt", Array("a".utf8) + [0, 0xE9])]
    file.afterPixels = [("tEXt", Array("b\0later".utf8)), ("iTXt", Array("c\0\0\0\0\0ü".utf8))]
    let texts = try PNG.texts(try folder.file("a.png", file.bytes))
    #expect(texts == [PNG.Text("a", "é"), PNG.Text("b", "later"), PNG.Text("c", "ü")])
  }

  @Test func textsThatPNGCannotHold() throws {
    let picture = try noise(width: 1, height: 1, seed: 1)
    let texts = [
      PNG.Text("", "x"), PNG.Text("é", "x"), PNG.Text(" a", "x"), PNG.Text("a  b", "x"), PNG.Text("n", "a\0b"),
      PNG.Text("fine", "x"),
    ]
    #expect(
      message { _ = try PNG.encode(picture, texts: texts) } == """
        PNG text chunks: the key "" is not 1 to 79 printable ASCII characters; \
        the key "é" is not 1 to 79 printable ASCII characters; \
        the key " a" begins or ends with a space or has two in a row; \
        the key "a  b" begins or ends with a space or has two in a row; \
        the value of "n" contains a NUL
        """)
  }

  @Test("every kind becomes RGB of 8 bits", arguments: PixelKind.all)
  fileprivate func kinds(kind: PixelKind) throws {
    let picture = try PNG.read(try folder.file("a.png", kind.file.bytes))
    #expect(picture.pixels == kind.pixels)
    #expect(picture.width == kind.file.width && picture.height == kind.file.height)
  }
}

/// A file of one kind of pixels, and what it should be read as.
private struct PixelKind: CustomTestStringConvertible {
  let testDescription: String
  let file: RawPNG
  let pixels: [UInt8]

  init(
    _ name: String, _ width: Int, _ height: Int, depth: UInt8, colorType: UInt8, rows: [[UInt8]], rgb: [UInt8] = [],
    gray: [UInt8] = [], palette: (colors: [UInt8], alphas: [UInt8])? = nil, interlaced: Bool = false
  ) {
    var file = RawPNG(width: width, height: height, depth: depth, colorType: colorType, rows: rows)
    file.interlaced = interlaced
    if let palette { file.beforePixels = [("PLTE", palette.colors), ("tRNS", palette.alphas)] }
    self.file = file
    testDescription = name
    pixels = rgb + gray.flatMap { [$0, $0, $0] }
  }

  static let all = [
    PixelKind("1 bit gray", 3, 1, depth: 1, colorType: 0, rows: [[0b1010_0000]], gray: [255, 0, 255]),
    PixelKind("4 bit gray", 2, 1, depth: 4, colorType: 0, rows: [[0x1F]], gray: [17, 255]),
    PixelKind("8 bit gray", 2, 1, depth: 8, colorType: 0, rows: [[3, 250]], gray: [3, 250]),
    PixelKind("16 bit gray", 2, 1, depth: 16, colorType: 0, rows: [[0x7F, 0xFF, 1, 0]], gray: [127, 1]),
    PixelKind("gray and alpha", 2, 1, depth: 8, colorType: 4, rows: [[100, 255, 0, 51]], gray: [100, 204]),
    PixelKind("RGB", 1, 2, depth: 8, colorType: 2, rows: [[1, 2, 3], [4, 5, 6]], rgb: [1, 2, 3, 4, 5, 6]),
    PixelKind("16 bit RGB", 1, 1, depth: 16, colorType: 2, rows: [[10, 255, 20, 0, 255, 255]], rgb: [11, 20, 255]),
    PixelKind(
      "RGBA", 2, 1, depth: 8, colorType: 6, rows: [[200, 0, 100, 0, 200, 0, 100, 128]],
      rgb: [255, 255, 255, 227, 127, 177]),
    PixelKind(
      "palette with a transparent color", 2, 1, depth: 8, colorType: 3, rows: [[1, 0]],
      rgb: [200, 100, 50, 255, 255, 255], palette: ([9, 8, 7, 200, 100, 50], [0, 255])),
    // Adam7's passes over 3 x 3 pixels.
    PixelKind(
      "interlaced", 3, 3, depth: 8, colorType: 0, rows: [[0], [20], [60, 80], [10], [70], [30, 40, 50]],
      gray: [0, 10, 20, 30, 40, 50, 60, 70, 80], interlaced: true),
  ]
}
