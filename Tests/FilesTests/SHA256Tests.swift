import Foundation
import TestSupport
import Testing

@testable import Files

@Suite struct SHA256Tests {
  /// The examples of FIPS 180-2 and NIST's example values; the others by coreutils' `sha256sum`.
  private static let known = [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ]

  @Test(arguments: [true, false]) func knownValues(accelerated: Bool) {
    for (text, expected) in Self.known {
      var hasher = SHA256(accelerated: accelerated)
      hasher.update(Data(text.utf8))
      #expect(hasher.finish() == expected, "\(text.prefix(80))")
      #expect(SHA256.hash(Data(text.utf8)) == expected)
    }
  }

  /// Every length around the blocks' ends, with and without the processor's instructions, in one piece and in two.
  @Test func piecesAndInstructionsChangeNothing() {
    var generator = SeededGenerator(seed: 1)
    let bytes = Data((0..<260).map { _ in UInt8.random(in: 0...255, using: &generator) })
    for count in 0...260 {
      let data = bytes.prefix(count)
      var plain = SHA256(accelerated: false)
      plain.update(data)
      let expected = plain.finish()
      #expect(SHA256.hash(data) == expected, "\(count) bytes")
      for first in [1, 63, 64, 65, 127, 200] where first <= count {
        var pieces = SHA256()
        pieces.update(data.prefix(first))
        pieces.update(data.dropFirst(first))
        #expect(pieces.finish() == expected, "\(count) bytes, of which \(first) come first")
      }
    }
  }
}
