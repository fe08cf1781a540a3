import Foundation
import Tensors
import Testing

struct SeedTests {
  static let known: [(seed: Seed, text: String, bits: Int64)] = [
    (0, "0", 0), (1, "1", 1), (9_223_372_036_854_775_807, "9223372036854775807", .max),
    (9_223_372_036_854_775_808, "9223372036854775808", .min), (18_446_744_073_709_551_615, "18446744073709551615", -1),
  ]

  @Test func isTheSameAsTextAsBitsAndInJSON() throws {
    for (seed, text, bits) in Self.known {
      #expect("\(seed)" == text && Seed(text) == seed)
      #expect(seed.bits == bits && Seed(bits: bits) == seed)
      let json = try JSONEncoder().encode([seed])
      #expect(String(decoding: json, as: UTF8.self) == "[\(text)]")
      #expect(try JSONDecoder().decode([Seed].self, from: json) == [seed])
    }
    #expect(Self.known.map(\.seed).reversed().sorted() == Self.known.map(\.seed))
  }

  @Test(arguments: ["", "-0", "-1", "+1", " 1", "1.0", "0x1", "1_000", "18446744073709551616", "one"])
  func refusesWhatIsNoSeed(_ text: String) {
    #expect(Seed(text) == nil)
  }

  @Test(arguments: ["[-1]", "[18446744073709551616]", "[1.5]", #"["1"]"#])
  func refusesNumbersThatAreNoneInJSON(_ json: String) {
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([Seed].self, from: Data(json.utf8)) }
  }

  @Test func saysWhatItMayBe() {
    #expect(Seed.rule == "a whole number from 0 to 18446744073709551615")
  }
}
