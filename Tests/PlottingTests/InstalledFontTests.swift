import Foundation
import Tensors
import TestSupport
import Testing

@testable import Plotting

/// Signs that the font of the figures has not.
@Suite("installed fonts", .enabled(if: hasText, noText)) struct InstalledFontTests {
  /// A lettering with the module's font and those of a folder.
  private func lettering(_ fonts: [String: TestFont], _ body: (Lettering) throws -> Void) throws {
    try Fixtures.withTemporaryFolder { folder in
      for (name, font) in fonts {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(font.bytes).write(to: file)
      }
      try Data("no font".utf8).write(to: folder.appending(path: "a-broken.ttf"))
      let own = Fixtures.repository.appending(path: "Sources/Plotting/Fonts/LiberationSans-Regular.ttf")
      try body(Lettering(typeface: Typeface([UInt8](Data(contentsOf: own)), name: "own", folders: [folder])))
    }
  }

  private func drawn(_ text: String, _ lettering: Lettering) throws -> Picture {
    var canvas = try Canvas(width: 200, height: 40)
    canvas.lettering = lettering
    canvas.text(text, x: 10, y: 5, size: 20, color: RGB(0))
    return try canvas.picture()
  }

  private let fonts = [
    "cjk/Plain.ttf": TestFont(family: "Plain Signs", scalars: ["車", "赤"]),
    "cjk/Bold.ttf": TestFont(family: "Bold Signs", scalars: ["車", "赤", "青"]),
    "emoji.otf": TestFont(family: "Faces", scalars: ["\u{1F98A}"]), "notes.txt": TestFont(family: "No", scalars: ["犬"]),
  ]

  @Test func signsAreBorrowed() throws {
    try lettering(fonts) { (lettering) throws -> Void in
      #expect(try drawn("車", lettering) != drawn("赤", lettering), "two signs are told apart")
      #expect(try drawn("a", lettering) == drawn("a", Lettering()), "what the own font has it draws")
      // An advance of 900 of 1000 units.
      #expect(lettering.width("車車車", size: 20) == 54)
      let use = lettering.fonts(of: ["a 車 and a 赤", "青 車", "\u{1F98A}\u{FE0F}", "犬 犬"])
      #expect(use.borrowed == ["Plain Signs": ["車", "赤"], "Bold Signs": ["青"], "Faces": ["\u{1F98A}"]])
      #expect(use.missing == ["犬"])
    }
  }

  @Test func withoutAFontThereAreBoxes() throws {
    try lettering([:]) { (lettering) throws -> Void in
      let box = try drawn("車", lettering)
      #expect(try drawn("赤", lettering) == box)
      #expect(box.pixels.contains { $0 < 128 }, "something is drawn")
      #expect(lettering.fonts(of: ["a 車"]) == FontUse(borrowed: [:], missing: ["車"]))
      #expect(lettering.fonts(of: ["Latin, λ, ж →"]) == FontUse())
    }
  }

  /// Fonts with colored pictures in place of outlines, as Debian's `fonts-noto-color-emoji`.
  @Test func picturesOfEmojiAreInk() throws {
    let file = URL(filePath: "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
    guard let face = Face(file: file) else { return print("skipped: \(file.path) is not installed") }
    let fox = try #require(face.ink(of: face.glyph(of: "\u{1F98A}"), size: 20, quarter: 0))
    let car = try #require(face.ink(of: face.glyph(of: "\u{1F697}"), size: 20, quarter: 0))
    #expect((16...28).contains(fox.width) && fox.coverage.contains { $0 > 60 } && fox.coverage != car.coverage)
    #expect((18...26).contains(face.advance(of: face.glyph(of: "\u{1F98A}"), size: 20) / 64))
  }
}
