import Attention
import Foundation
import Tensors
import Testing

/// What queries and keys run over, and the text that stands for it in a database.
@Suite struct AttentionAxisTests {
  private let axes: [(AttentionAxis, String, Int)] = [
    (.picture(height: 16, width: 24), "picture 16x24", 384), (.picture(height: 1, width: 1), "picture 1x1", 1),
    (.text(tokens: 77), "text 77", 77),
  ]

  @Test func textsReadBack() throws {
    for (axis, text, count) in axes {
      #expect(axis.description == text && AttentionAxis(text) == axis && axis.count == count)
      let json = try JSONEncoder().encode(axis)
      #expect(String(decoding: json, as: UTF8.self) == "\"\(text)\"")
      #expect(try JSONDecoder().decode(AttentionAxis.self, from: json) == axis)
    }
  }

  @Test func otherTextsAreRefused() {
    for text in [
      "", "text", "picture", "text 0", "text -1", "text +77", "text 077", "text 7x7", "picture 16", "picture 16x",
      "picture 16x0", "picture 16x16x16", "picture  16x16", "Picture 16x16", "picture 16x16 ", "joint 4",
      "text 99999999999999999999",
    ] {
      #expect(AttentionAxis(text) == nil, "\"\(text)\"")
    }
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(AttentionAxis.self, from: Data("\"text x\"".utf8)) }
  }

  @Test func kindsFollowFromTheKeys() {
    let picture = AttentionAxis.picture(height: 4, width: 6)
    func site(_ keys: AttentionAxis) -> AttentionSite {
      AttentionSite(
        index: 0, path: "x", layer: 1, heads: 2, queries: picture, keys: keys, latentHeight: 8, latentWidth: 12)
    }
    #expect(site(picture).kind == .selfAttention && site(.text(tokens: 9)).kind == .cross)
    #expect(site(picture).height == 4 && site(picture).width == 6)
    #expect(AttentionAxis.text(tokens: 9).grid == nil && picture.grid == GridSize(height: 4, width: 6))
  }
}
