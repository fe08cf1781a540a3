import Foundation
import Tensors
import Testing

@testable import Plotting

@Suite("text", .enabled(if: hasText, noText)) struct TextTests {
  let lettering: Lettering
  init() throws { lettering = try Lettering() }

  private func drawn(_ text: String, size: Int = 20) throws -> Picture {
    var canvas = try Canvas(width: 200, height: 40)
    canvas.text(text, x: 10, y: 5, size: size, color: RGB(0))
    return try canvas.picture()
  }

  @Test func widthsGrowWithTextAndSize() {
    #expect(lettering.width("", size: 20) == 0)
    var last = 0
    for count in 1...20 {
      let width = lettering.width(String(repeating: "n", count: count), size: 20)
      #expect(width > last)
      last = width
    }
    // Liberation Sans's n is 1139 of 2048 units wide.
    let expected: Double = 20 * 20 * 1139 / 2048
    #expect(last == Int(expected.rounded(.up)))
    #expect(lettering.width("n", size: 40) > lettering.width("n", size: 20))
  }

  @Test func pairsAreKerned() {
    #expect(lettering.width("AVAVAVAV", size: 40) < lettering.width("AAAAVVVV", size: 40) - 8)
  }

  @Test func inkIsInsideItsLineAndGray() throws {
    let picture = try drawn("gÅ|")
    let dark = (0..<picture.width * picture.height).filter { picture.color($0) != .white }
    #expect(!dark.isEmpty)
    let width = lettering.width("gÅ|", size: 20)
    for i in dark {
      let (y, x) = i.quotientAndRemainder(dividingBy: picture.width)
      #expect(x >= 9 && x <= 11 + width && y >= 5 && y < 5 + Lettering.lineHeight(20), "\(x) \(y)")
    }
    let grays = Set(dark.map { picture.color($0).red })
    #expect(grays.count > 10, "edges are smooth")
    #expect(dark.allSatisfy { picture.color($0).red == picture.color($0).blue })
  }

  @Test func invisibleMarksAndAccents() throws {
    #expect(try drawn("a\u{200D}b\u{FE0F}") == drawn("ab"))
    #expect(try drawn("e\u{301}") == drawn("é"))
    #expect(try drawn("a\tb") == drawn("a b"))
    #expect(try drawn("é") != drawn("e"))
    #expect(try drawn("→ ← · × … − ± ≤ “ ” µ λ ж").pixels != drawn("").pixels)
  }

  @Test func anchors() throws {
    func extent(_ anchor: TextAnchor) throws -> ClosedRange<Int> {
      var canvas = try Canvas(width: 200, height: 30)
      canvas.text("HHHH", x: 100, y: 2, size: 20, color: RGB(0), anchor: anchor)
      let picture = try canvas.picture()
      let columns = (0..<200).filter { x in (0..<30).contains { picture.at(x, $0) != .white } }
      return (columns.min() ?? 0)...(columns.max() ?? 0)
    }
    let width = lettering.width("HHHH", size: 20)
    #expect(try extent(.left).lowerBound >= 100 && extent(.left).upperBound <= 100 + width)
    #expect(try extent(.right).upperBound <= 100 && extent(.right).lowerBound >= 100 - width)
    let center = try extent(.center)
    #expect(abs(center.lowerBound + center.upperBound - 199) <= 2)
  }

  @Test func fittingKeepsTheLimit() {
    let text = "a photograph of a giraffe standing in the park"
    let whole = lettering.width(text, size: 18)
    #expect(lettering.fit(text, size: 18, width: whole) == text)
    for width in 0..<whole {
      let short = lettering.fit(text, size: 18, width: width)
      #expect(lettering.width(short, size: 18) <= width)
      #expect(short.isEmpty || short.hasSuffix("…"))
    }
    #expect(lettering.fit("", size: 18, width: 0) == "")
    #expect(lettering.fit("a giraffe", size: 18, width: lettering.width("a…", size: 18)) == "a…")
  }

  @Test func wrapping() {
    #expect(lettering.wrap("", size: 18, width: 100, maxLines: 3) == [])
    #expect(lettering.wrap("a red car", size: 18, width: 500, maxLines: 3) == ["a red car"])
    #expect(lettering.wrap("a red car", size: 18, width: 500, maxLines: 0) == [])
    #expect(lettering.wrap("one\ntwo", size: 18, width: 500, maxLines: 3) == ["one", "two"])
    #expect(lettering.wrap("one\ntwo", size: 18, width: 500, maxLines: 1) == ["one two"])
    let width = lettering.width("a red", size: 18)
    #expect(lettering.wrap("a red car", size: 18, width: width, maxLines: 3) == ["a red", "car"])
    #expect(lettering.wrap("a red automobile", size: 18, width: width, maxLines: 2).last?.hasSuffix("…") == true)
  }

  @Test("no line is wider than asked, and nothing is lost", arguments: [1, 9, 30, 100])
  func wrappingKeepsTheLimit(width: Int) {
    let text = "down_blocks.1.attentions.0 of “extraordinarily” long  captions"
    let lines = lettering.wrap(text, size: 15, width: width, maxLines: 1000)
    for line in lines { #expect(lettering.width(line, size: 15) <= width || line.count == 1) }
    #expect(lines.joined().filter { $0 != " " } == text.filter { $0 != " " })
    for lines in 1...4 {
      let some = lettering.wrap(text, size: 15, width: width, maxLines: lines)
      #expect(some.count <= lines)
    }
  }

  @Test func brokenFonts() {
    #expect(
      message { _ = try Typeface([1, 2, 3], name: "x.ttf") }
        .hasPrefix("x.ttf: expected a scalable font; FreeType's error is "))
    #expect(throws: PlottingError.self) { try Typeface([], name: "x.ttf") }
  }
}

@Suite struct TextWithoutFontTests {
  @Test func nothingIsDrawnAndNothingFails() throws {
    let lettering = Lettering(typeface: nil)
    #expect(!lettering.isAvailable)
    #expect(lettering.width("text", size: 20) == 0)
    #expect(lettering.wrap("some text here", size: 20, width: 5, maxLines: 2) == ["some text here"])
  }
}
