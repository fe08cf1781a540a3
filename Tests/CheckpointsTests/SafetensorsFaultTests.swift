import TestSupport
import Testing

@testable import Checkpoints

/// A file that breaks one rule of the format, and what is said of it.
struct SafetensorsFault: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let bytes: [UInt8]
  let message: String

  init(_ rule: String, _ bytes: [UInt8], _ message: String) {
    testDescription = rule
    self.bytes = bytes
    self.message = message
  }

  /// A header with the two tensors' members, and eight bytes of data.
  init(_ rule: String, _ members: String..., data: Int = 8, says message: String) {
    let header = "{\(members.joined(separator: ","))}"
    self.init(rule, safetensors(header, data: [UInt8](repeating: 0, count: data)), message)
  }
}

@Suite("Files that break a rule of safetensors")
struct SafetensorsFaultTests {
  @Test(arguments: sizes + texts + entries + places + repetitions)
  func isRefused(fault: SafetensorsFault) throws {
    #expect(try openingError(fault.bytes) == "unet/x.safetensors: " + fault.message)
  }

  @Test("cut off after each byte") func truncated() throws {
    let header = "{\"__metadata__\":{\"format\":\"pt\"},\(good),\(entry("b", "BF16", "[]", "[8,10]"))}  "
    let whole = safetensors(header, data: [UInt8](1...10))
    let start = 8 + header.utf8.count
    for length in 0..<whole.count {
      let expected =
        length < 8
        ? "file size is \(length) bytes, expected at least 8"
        : length < start
          ? "header length is \(start - 8), expected at most \(length - 8), the rest of the file"
          : "file size is \(length) bytes, expected \(start + 10), the \(start) of the header and the 10 of the tensors"
      #expect(try openingError(Array(whole.prefix(length))) == "unet/x.safetensors: " + expected)
    }
    #expect(try openingError(whole) == "no error")
  }
}

private let good = entry("a", "F32", "[2]", "[0,8]")

// MARK: The eight bytes of length

private let sizes: [SafetensorsFault] = [
  .init("no byte", [], "file size is 0 bytes, expected at least 8"),
  .init("seven bytes", [1, 0, 0, 0, 0, 0, 0], "file size is 7 bytes, expected at least 8"),
  .init("a length alone", safetensors("", length: 2), "header length is 2, expected at most 0, the rest of the file"),
  .init("length 0", safetensors("{}", length: 0), "header length is 0, expected 2 to 100000000"),
  .init("length 1", safetensors("{}", length: 1), "header length is 1, expected 2 to 100000000"),
  .init("over the cap", safetensors("{}", length: 100_000_001), "header length is 100000001, expected 2 to 100000000"),
  .init(
    "the sign bit", safetensors("{}", length: 1 << 63),
    "header length is 9223372036854775808, expected 2 to 100000000"),
  .init(
    "every bit", safetensors("{}", length: .max), "header length is 18446744073709551615, expected 2 to 100000000"),
  .init("over the file", safetensors("{}", length: 3), "header length is 3, expected at most 2, the rest of the file"),
  .init(
    "the cap, over the file", safetensors("{}", length: 100_000_000),
    "header length is 100000000, expected at most 2, the rest of the file"),
]

// MARK: The header's text

private let texts: [SafetensorsFault] = [
  .init("space before it", safetensors(" {}"), "header byte 0 is byte 0x20, expected '{'"),
  .init("a list", safetensors("[]"), "header byte 0 is byte 0x5B, expected '{'"),
  .init("more after it", safetensors("{}x"), "header byte 2 is 'x', expected the end of the text"),
  .init("no colon", safetensors("{\"a\" 1}"), "header byte 5 is '1', expected ':'"),
  .init("cut off", safetensors("{\"a\":"), "header byte 5 is the end of the text, expected a value"),
  .init("a comma at the end", safetensors("{\"a\":1,}"), "header byte 7 is '}', expected a key in quotation marks"),
  .init("NaN", safetensors("{\"a\":NaN}"), "header byte 5 is 'N', expected a value"),
  .init("a leading zero", safetensors("{\"a\":01}"), "header byte 5 is '0', expected a number without leading zeros"),
  .init("no digit after the point", safetensors("{\"a\":1.}"), "header byte 7 is '}', expected a digit"),
  .init("no digit in the exponent", safetensors("{\"a\":1e+}"), "header byte 8 is '}', expected a digit"),
  .init(
    "an unknown escape", safetensors("{\"\\x\":1}"),
    "header byte 3 is 'x', expected one of \" \\ / b f n r t u after a backslash"),
  .init("half an escape", safetensors("{\"\\u00\":1}"), "header byte 6 is '\"', expected a hexadecimal digit"),
  .init(
    "half a pair", safetensors("{\"a\":\"\\ud800\"}"), "header byte 6 is half a surrogate pair, expected a whole one"),
  .init(
    "two first halves", safetensors("{\"a\":\"\\ud800\\ud800\"}"),
    "header byte 6 is half a surrogate pair, expected a whole one"),
  .init(
    "a control sign", safetensors("{\"a\n\":1}"), "header byte 3 is byte 0xA, expected an escape for this control sign"),
  .init(
    "a control sign after an escape", safetensors("{\"\\t\u{1}\":1}"),
    "header byte 4 is byte 0x1, expected an escape for this control sign"),
  .init("no end of a text", safetensors("{\"a\\n"), "header byte 5 is the end of the text, expected '\"'"),
  .init(
    "100,000 lists in one another", safetensors("{\"a\":" + String(repeating: "[", count: 100_000)),
    "header byte 69 is a deeper level, expected at most 64 levels"),
  .init(
    "a text beyond the length", safetensors("{\"a", length: 4) + [0xFF],
    "header byte 4 is the end of the text, expected '\"'"),
  .init(
    "no UTF-8", safetensors("{\"a", length: 8) + [0xFF, 0x22, 0x3A, 0x31, 0x7D],
    "header byte 2 is a string that is not UTF-8, expected UTF-8"),
]

// MARK: Members

private let known =
  "one of BOOL, U8, I8, F8_E5M2, F8_E4M3, F8_E8M0, I16, U16, F16, BF16, I32, U32, F32, C64, F64, I64, U64"
private let offsets = "expected [begin, end], whole numbers with 0 <= begin <= end"

private let entries: [SafetensorsFault] = [
  .init(
    "a number for a tensor", "\"a\":1",
    says: "entry of tensor \"a\" is 1, expected an object with dtype, shape and data_offsets"),
  .init(
    "nothing of a tensor", "\"a\":{}",
    says: """
      dtype of tensor "a" is missing, expected \(known)
      unet/x.safetensors: shape of tensor "a" is missing, expected a list of whole numbers of at least 0
      unet/x.safetensors: data_offsets of tensor "a" is missing, \(offsets)
      """),
  .init(
    "an unknown dtype", entry("a", "F33", "[2]", "[0,8]"), says: "dtype of tensor \"a\" is \"F33\", expected \(known)"),
  .init(
    "a dtype in small letters", entry("a", "f32", "[2]", "[0,8]"),
    says: "dtype of tensor \"a\" is \"f32\", expected \(known)"),
  .init(
    "a dtype of half bytes", entry("a", "F4", "[16]", "[0,8]"),
    says: "dtype of tensor \"a\" is \"F4\", expected \(known)"),
  .init(
    "a dtype that is no text", "\"a\":{\"dtype\":[\"F32\"],\"shape\":[2],\"data_offsets\":[0,8]}",
    says: "dtype of tensor \"a\" is [\"F32\"], expected \(known)"),
  .init(
    "a size with a point", entry("a", "F32", "[2.0]", "[0,8]"),
    says: "shape of tensor \"a\" is [2.0], expected a list of whole numbers of at least 0"),
  .init(
    "a negative size", entry("a", "F32", "[-2]", "[0,8]"),
    says: "shape of tensor \"a\" is [-2], expected a list of whole numbers of at least 0"),
  .init(
    "a shape that is no list", entry("a", "F32", "2", "[0,8]"),
    says: "shape of tensor \"a\" is 2, expected a list of whole numbers of at least 0"),
  .init(
    "65 sizes", entry("a", "F32", "[\((0..<65).map { _ in "1" }.joined(separator: ","))]", "[0,4]"), data: 4,
    says: "shape of tensor \"a\" is a list of 65, expected at most 64 sizes"),
  .init(
    "lists in a shape", entry("a", "F32", "[[[1,2],[3]],[]]", "[0,8]"),
    says: "shape of tensor \"a\" is [[... 2 values], [... 0 values]], expected a list of whole numbers of at least 0"),
  .init(
    "a size beyond 64 bits", entry("a", "F32", "[99999999999999999999]", "[0,8]"),
    says: "shape of tensor \"a\" is [1e+20], expected a list of whole numbers of at least 0"),
  .init(
    "sizes whose product is", entry("a", "F32", "[4294967296,4294967296]", "[0,8]"),
    says: "shape of tensor \"a\" is [4294967296, 4294967296], expected sizes whose product fits 64 bits"),
  .init(
    "a count whose bytes are", entry("a", "F32", "[2305843009213693952]", "[0,8]"),
    says: "shape of tensor \"a\" is [2305843009213693952], expected sizes whose product fits 64 bits"),
  .init(
    "a product that is before its 0", entry("a", "U8", "[4294967296,4294967296,0]", "[0,0]"),
    says: "shape of tensor \"a\" is [4294967296, 4294967296, 0], expected sizes whose product fits 64 bits"),
  .init(
    "metadata that is no object", "\"__metadata__\":3", data: 0, says: "__metadata__ is 3, expected an object of texts"),
  .init(
    "metadata that is no text", "\"__metadata__\":{\"a\":1,\"b\":\"x\",\"c\":null}", data: 0,
    says: """
      __metadata__.a is 1, expected a text
      unet/x.safetensors: __metadata__.c is null, expected a text
      """),
]

// MARK: Places

private let places: [SafetensorsFault] = [
  .init(
    "reversed offsets", entry("a", "F32", "[2]", "[8,0]"), says: "data_offsets of tensor \"a\" is [8, 0], \(offsets)"),
  .init(
    "a negative offset", entry("a", "F32", "[2]", "[-8,0]"), says: "data_offsets of tensor \"a\" is [-8, 0], \(offsets)"
  ),
  .init(
    "an offset that is no number", entry("a", "F32", "[2]", "[true,8]"),
    says: "data_offsets of tensor \"a\" is [true, 8], \(offsets)"),
  .init("one offset", entry("a", "F32", "[2]", "[8]"), says: "data_offsets of tensor \"a\" is [8], \(offsets)"),
  .init(
    "three offsets", entry("a", "F32", "[2]", "[0,8,8]"), says: "data_offsets of tensor \"a\" is [0, 8, 8], \(offsets)"),
  .init(
    "less than the shape", entry("a", "F32", "[3]", "[0,8]"),
    says: "data_offsets of tensor \"a\" is [0, 8], 8 bytes, expected 12 bytes for F32 [3]"),
  .init(
    "more than the shape", entry("a", "F32", "[1]", "[0,8]"),
    says: "data_offsets of tensor \"a\" is [0, 8], 8 bytes, expected 4 bytes for F32 [1]"),
  .init(
    "half over another", good, entry("b", "F16", "[2]", "[4,8]"),
    says: "data_offsets of tensor \"b\" is 4 at its begin, an overlap, expected 8, the end of \"a\""),
  .init(
    "the same place", good, entry("b", "F32", "[2]", "[0,8]"),
    says: "data_offsets of tensor \"b\" is 0 at its begin, an overlap, expected 8, the end of \"a\""),
  .init(
    "inside another", entry("a", "U8", "[8]", "[0,8]"), entry("b", "U8", "[2]", "[2,4]"),
    entry("c", "U8", "[1]", "[8,9]"), data: 9,
    says: "data_offsets of tensor \"b\" is 2 at its begin, an overlap, expected 8, the end of \"a\""),
  .init(
    "a gap between", entry("b", "F16", "[2]", "[12,16]"), good, data: 16,
    says: "data_offsets of tensor \"b\" is 12 at its begin, a gap, expected 8, the end of \"a\""),
  .init(
    "a gap at the start", entry("b", "U8", "[7]", "[1,8]"),
    says: "data_offsets of tensor \"b\" is 1 at its begin, a gap, expected 0, the start of the data"),
  .init(
    "nothing, behind a gap", good, entry("b", "U8", "[0]", "[9,9]"), data: 9,
    says: "data_offsets of tensor \"b\" is 9 at its begin, a gap, expected 8, the end of \"a\""),
  .init(
    "a byte more", good, data: 9,
    says: "file size is 71 bytes, expected 70, the 62 of the header and the 8 of the tensors"),
  .init(
    "a byte less", good, data: 7,
    says: "file size is 69 bytes, expected 70, the 62 of the header and the 8 of the tensors"),
  .init(
    "data without a tensor", data: 1,
    says: "file size is 11 bytes, expected 10, the 10 of the header and the 0 of the tensors"),
  .init(
    "a place beyond 64 bits", entry("a", "U8", "[9223372036854775807]", "[0,9223372036854775807]"),
    says: "file size is 105 bytes, expected more than 64 bits can count, the 97 of the header and the "
      + "9223372036854775807 of the tensors"),
]

// MARK: Keys given twice

private let repetitions: [SafetensorsFault] = [
  .init(
    "tensors", good, good, entry("b", "U8", "[0]", "[8,8]"), "\"b\":3",
    says: """
      entry of tensor "a" is given twice, expected it once
      unet/x.safetensors: entry of tensor "b" is given twice, expected it once
      """),
  .init(
    "a tensor by an escape", good, entry("\\u0061", "F32", "[2]", "[0,8]"),
    says: "entry of tensor \"a\" is given twice, expected it once"),
  .init(
    "a part of a tensor", "\"a\":{\"dtype\":\"F32\",\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]}",
    says: "dtype of tensor \"a\" is given twice, expected it once"),
  .init(
    "metadata", "\"__metadata__\":{}", "\"__metadata__\":{}", data: 0,
    says: "entry of tensor \"__metadata__\" is given twice, expected it once"),
  .init(
    "a text of the metadata", "\"__metadata__\":{\"a\":\"x\",\"a\":\"y\"}", data: 0,
    says: "a of tensor \"__metadata__\" is given twice, expected it once"),
]
