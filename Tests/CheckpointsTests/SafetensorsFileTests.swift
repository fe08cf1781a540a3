import Foundation
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

private func entry(_ name: String, _ dtype: String, _ shape: String, _ offsets: String) -> String {
  "\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
}

private let known =
  "one of BOOL, U8, I8, F8_E5M2, F8_E4M3, F8_E8M0, I16, U16, F16, BF16, I32, U32, F32, C64, F64, I64, U64"

@Suite struct SafetensorsFileTests {
  @Test func errors() throws {
    let good = entry("a", "F32", "[2]", "[0,8]")
    let bytes = [UInt8](repeating: 0, count: 8)
    let table: [(bytes: [UInt8], message: String)] = [
      ([], "file size is 0 bytes, expected at least 8"),
      ([1, 0, 0, 0, 0, 0, 0], "file size is 7 bytes, expected at least 8"),
      (safetensors("{}", length: 0), "header length is 0, expected 2 to 100000000"),
      (safetensors("{}", length: 1), "header length is 1, expected 2 to 100000000"),
      (safetensors("{}", length: 100_000_001), "header length is 100000001, expected 2 to 100000000"),
      (safetensors("{}", length: .max), "header length is 18446744073709551615, expected 2 to 100000000"),
      (safetensors("{}", length: 3), "header length is 3, expected at most 2, the rest of the file"),
      (safetensors(" {}"), "header byte 0 is byte 0x20, expected '{'"),
      (safetensors("[]"), "header byte 0 is byte 0x5B, expected '{'"),
      (safetensors("{}x"), "header byte 2 is 'x', expected the end of the text"),
      (safetensors("{\"a\" 1}"), "header byte 5 is '1', expected ':'"),
      (safetensors("{\"a\":"), "header byte 5 is the end of the text, expected a value"),
      (safetensors("{\"a\":NaN}"), "header byte 5 is 'N', expected a value"),
      (safetensors("{\"a\":01}"), "header byte 5 is '0', expected a number without leading zeros"),
      (safetensors("{\"a\":\"\\ud800\"}"), "header byte 6 is half a surrogate pair, expected a whole one"),
      (
        safetensors("{\"a\":" + String(repeating: "[", count: 100_000)),
        "header byte 69 is a deeper level, expected at most 64 levels"
      ),
      (
        safetensors("{\"a", length: 4) + [0xFF],
        "header byte 4 is the end of the text, expected '\"'"
      ),
      (
        safetensors("{\"a", length: 8) + [0xFF, 0x22, 0x3A, 0x31, 0x7D],
        "header byte 2 is a string that is not UTF-8, expected UTF-8"
      ),
      (
        safetensors("{\"a\":1}"),
        "entry of tensor \"a\" is 1, expected an object with dtype, shape and data_offsets"
      ),
      (
        safetensors("{\"a\":{}}"),
        """
        dtype of tensor "a" is missing, expected \(known)
        unet/x.safetensors: shape of tensor "a" is missing, expected a list of whole numbers of at least 0
        unet/x.safetensors: data_offsets of tensor "a" is missing, expected [begin, end], whole numbers with \
        0 <= begin <= end
        """
      ),
      (
        safetensors("{\(entry("a", "F33", "[2]", "[0,8]"))}", data: bytes),
        "dtype of tensor \"a\" is \"F33\", expected \(known)"
      ),
      (
        safetensors("{\(entry("a", "F32", "[2.0]", "[0,8]"))}", data: bytes),
        "shape of tensor \"a\" is [2.0], expected a list of whole numbers of at least 0"
      ),
      (
        safetensors("{\(entry("a", "F32", "[-2]", "[0,8]"))}", data: bytes),
        "shape of tensor \"a\" is [-2], expected a list of whole numbers of at least 0"
      ),
      (
        safetensors("{\(entry("a", "F32", "[2]", "[8,0]"))}", data: bytes),
        "data_offsets of tensor \"a\" is [8, 0], expected [begin, end], whole numbers with 0 <= begin <= end"
      ),
      (
        safetensors("{\(entry("a", "F32", "[2]", "[true,8]"))}", data: bytes),
        "data_offsets of tensor \"a\" is [true, 8], expected [begin, end], whole numbers with 0 <= begin <= end"
      ),
      (
        safetensors("{\(entry("a", "F32", "[2]", "[0,8,8]"))}", data: bytes),
        "data_offsets of tensor \"a\" is [0, 8, 8], expected [begin, end], whole numbers with 0 <= begin <= end"
      ),
      (
        safetensors("{\(entry("a", "F32", "[4294967296,4294967296]", "[0,8]"))}", data: bytes),
        "shape of tensor \"a\" is [4294967296, 4294967296], expected sizes whose product fits 64 bits"
      ),
      (
        safetensors("{\(entry("a", "F32", "[99999999999999999999]", "[0,8]"))}", data: bytes),
        "shape of tensor \"a\" is [1e+20], expected a list of whole numbers of at least 0"
      ),
      (
        safetensors("{\(entry("a", "F32", "[3]", "[0,8]"))}", data: bytes),
        "data_offsets of tensor \"a\" is [0, 8], 8 bytes, expected 12 bytes for F32 [3]"
      ),
      (
        safetensors("{\(good),\(entry("b", "F16", "[2]", "[4,8]"))}", data: bytes),
        "data_offsets of tensor \"b\" is 4 at its begin, an overlap, expected 8, the end of \"a\""
      ),
      (
        safetensors("{\(entry("b", "F16", "[2]", "[12,16]")),\(good)}", data: bytes + bytes),
        "data_offsets of tensor \"b\" is 12 at its begin, a gap, expected 8, the end of \"a\""
      ),
      (
        safetensors("{\(entry("b", "U8", "[7]", "[1,8]"))}", data: bytes),
        "data_offsets of tensor \"b\" is 1 at its begin, a gap, expected 0, the start of the data"
      ),
      (
        safetensors("{\(good)}", data: bytes + [0]),
        "file size is 71 bytes, expected 70, the 62 of the header and the 8 of the tensors"
      ),
      (
        safetensors("{\(good)}", data: Array(bytes.dropLast())),
        "file size is 69 bytes, expected 70, the 62 of the header and the 8 of the tensors"
      ),
      (
        safetensors("{\(entry("a", "U8", "[9223372036854775807]", "[0,9223372036854775807]"))}", data: bytes),
        "file size is 105 bytes, expected more than 64 bits can count, the 97 of the header and the "
          + "9223372036854775807 of the tensors"
      ),
      (
        safetensors("{\(good),\(good),\(entry("b", "U8", "[0]", "[8,8]")),\"b\":3}", data: bytes),
        """
        entry of tensor "a" is given twice, expected it once
        unet/x.safetensors: entry of tensor "b" is given twice, expected it once
        """
      ),
      (
        safetensors("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]}}", data: bytes),
        "dtype of tensor \"a\" is given twice, expected it once"
      ),
      (safetensors("{\"__metadata__\":3}"), "__metadata__ is 3, expected an object of texts"),
      (
        safetensors("{\"__metadata__\":{\"a\":1,\"b\":\"x\",\"c\":null}}"),
        """
        __metadata__.a is 1, expected a text
        unet/x.safetensors: __metadata__.c is null, expected a text
        """
      ),
    ]
    for (bytes, message) in table {
      let found = try openingError(bytes)
      #expect(found == "unet/x.safetensors: " + message)
    }
  }

  @Test func anErrorSaysWhatToDo() throws {
    let folder = try ScratchFolder("unet")
    let url = try folder.write([], to: "x.safetensors")
    let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(url: url) }
    #expect(
      error?.description == """
        unet/x.safetensors: file size is 0 bytes, expected at least 8
        The file is damaged, cut short or not in the safetensors format: fetch or save it again.
        """)
    #expect(throws: CheckpointError(.init(file: "a/b", field: "file", found: "absent", expected: "a readable file"))) {
      try SafetensorsFile(url: folder.url.appending(path: "absent"), named: "a/b")
    }
    let device = #expect(throws: CheckpointError.self) { try SafetensorsFile(url: URL(filePath: "/dev/zero")) }
    #expect(device?.description == "dev/zero: file is a device or a pipe, expected a file")
    let own = #expect(throws: CheckpointError.self) { try SafetensorsFile(url: folder.url, named: "unet") }
    #expect(own?.description == "unet: file is a folder, expected a file")
  }

  @Test func emptyTensorsScalarsAndMetadata() throws {
    let header =
      "{\"__metadata__\":{\"format\":\"pt\"},\(entry("z", "F32", "[]", "[0,4]")),"
      + "\(entry("empty", "F32", "[3,0]", "[4,4]")),\(entry("e\\u0301", "U8", "[1]", "[4,5]")),"
      + "\(entry("é", "U8", "[1]", "[5,6]"))}  \n"
    let folder = try ScratchFolder("unet")
    let url = try folder.write(safetensors(header, data: [0, 0, 0x80, 0x3F, 7, 8]), to: "x.safetensors")
    let file = try SafetensorsFile(url: url)
    #expect(file.metadata == ["format": "pt"])
    #expect(file.names.count == 4 && file.names.prefix(2) == ["z", "empty"])
    #expect(try file.tensor(named: "z") == Tensor([1], shape: []))
    #expect(try file.tensor(named: "empty") == Tensor([], shape: [3, 0]))
    // Two spellings of one sign are two tensors.
    #expect(try file.integers(named: "e\u{301}") == [7])
    #expect(try file.integers(named: "\u{E9}") == [8])
    #expect(try file.rawBytes(of: "z") == [0, 0, 0x80, 0x3F])
    #expect(try file.withRawBytes(of: "z") { $0.count } == 4)
    #expect(try openingError(safetensors("{}")) == "no error")
  }

  /// The header has an odd length, so that no element is aligned.
  @Test func everyDtypeConverts() throws {
    let table: [(dtype: String, bytes: [UInt8], floats: [Float]?, integers: [Int]?)] = [
      ("F32", [0, 0, 0xC0, 0xBF], [-1.5], nil),
      ("F64", [0, 0, 0, 0, 0, 0, 0xF8, 0xBF], [-1.5], nil),
      ("F16", [0, 0xBE, 1, 0, 0, 0x7C], [-1.5, 0x1p-24, .infinity], nil),
      ("BF16", [0xC0, 0xBF, 0x80, 0x7F], [-1.5, .infinity], nil),
      ("I64", [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], nil, [-2]),
      ("U64", [1, 0, 0, 0, 0, 0, 0, 0], nil, [1]),
      ("I32", [0xFE, 0xFF, 0xFF, 0xFF], nil, [-2]),
      ("U32", [0xFE, 0xFF, 0xFF, 0xFF], nil, [0xFFFF_FFFE]),
      ("I16", [0xFE, 0xFF], nil, [-2]),
      ("U16", [0xFE, 0xFF], nil, [0xFFFE]),
      ("I8", [0xFE, 1], nil, [-2, 1]),
      ("U8", [0xFE, 1], nil, [0xFE, 1]),
      ("BOOL", [0, 1, 1], nil, [0, 1, 1]),
      ("F8_E4M3", [1], nil, nil),
    ]
    let folder = try ScratchFolder("unet")
    for (dtype, bytes, floats, integers) in table {
      let count = floats?.count ?? integers?.count ?? 1
      var header = "{\(entry("a", dtype, "[\(count)]", "[0,\(bytes.count)]"))}"
      if header.utf8.count % 2 == 0 { header += " " }
      let file = try SafetensorsFile(url: try folder.write(safetensors(header, data: bytes), to: "x.safetensors"))
      if let floats {
        #expect(try file.tensor(named: "a") == Tensor(floats, shape: [count]))
      } else {
        let error = #expect(throws: CheckpointError.self) { try file.tensor(named: "a") }
        #expect(
          error?.description
            == "unet/x.safetensors: dtype of tensor \"a\" is \(dtype), expected F32, F16, BF16 or F64")
      }
      if let integers {
        #expect(try file.integers(named: "a") == integers)
      } else {
        let error = #expect(throws: CheckpointError.self) { try file.integers(named: "a") }
        #expect(
          error?.description
            == "unet/x.safetensors: dtype of tensor \"a\" is \(dtype), expected a whole type or BOOL")
      }
      let error = #expect(throws: CheckpointError.self) { try file.tensor(named: "b") }
      #expect(
        error?.description
          == "unet/x.safetensors: entry of tensor \"b\" is missing, expected one of the file's 1 tensors")
    }
    let big = safetensors("{\(entry("a", "U64", "[1]", "[0,8]"))}", data: Array(repeating: 0xFF, count: 8))
    let file = try SafetensorsFile(url: try folder.write(big, to: "x.safetensors"))
    #expect(throws: CheckpointError.self) { try file.integers(named: "a") }
  }

  @Test func everyHalfConvertsExactly() {
    for bits in UInt16.min...UInt16.max {
      let expected = Float(Float16(bitPattern: bits))
      let found = FloatConversion.float(half: UInt32(bits))
      #expect(found.bitPattern == expected.bitPattern || (found.isNaN && expected.isNaN), "half \(bits)")
    }
  }
}

@Suite struct HostileSafetensorsTests {
  private let sample = safetensors(
    "{\"__metadata__\":{\"format\":\"pt\"},\(entry("a.weight", "F32", "[2,3]", "[0,24]")),"
      + "\(entry("b", "BF16", "[]", "[24,26]"))}  ", data: Array(repeating: 1, count: 26))

  @Test func truncatedAtEveryByte() throws {
    let folder = try ScratchFolder("unet")
    for length in 0..<sample.count {
      let url = try folder.write(Array(sample.prefix(length)), to: "x.safetensors")
      #expect(throws: CheckpointError.self, "cut to \(length) bytes") { try SafetensorsFile(url: url) }
    }
    _ = try SafetensorsFile(url: try folder.write(sample, to: "x.safetensors"))
  }

  /// Each damaged file opens or throws; what opens can be read whole.
  private func survives(_ bytes: [UInt8], in folder: ScratchFolder) throws -> Bool {
    let url = try folder.write(bytes, to: "x.safetensors")
    guard let file = try? SafetensorsFile(url: url) else { return false }
    for name in file.names {
      let raw = try file.rawBytes(of: name)
      let entry = try #require(file.entry(name))
      #expect(raw.count == entry.shape.reduce(entry.dtype.byteCount, *))
      if entry.dtype.isFloat { #expect(try file.tensor(named: name).shape == entry.shape) }
    }
    return true
  }

  @Test func everyBitOfTheHeaderFlipped() throws {
    let folder = try ScratchFolder("unet")
    var opened = 0
    for bit in 0..<(sample.count - 26) * 8 {
      var bytes = sample
      bytes[bit / 8] ^= 1 << (bit % 8)
      if try survives(bytes, in: folder) { opened += 1 }
    }
    // Flips inside names, texts and the padding leave a sound file.
    #expect(opened > 0 && opened < (sample.count - 26) * 8 / 2)
  }

  @Test func randomDamage() throws {
    let seed: UInt64 = 20_260
    print("random damage of a safetensors header: seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    let folder = try ScratchFolder("unet")
    let signs = Array("{}[]\",:0123456789-.eE\\utf nullfalse\u{0}".utf8)
    for _ in 0..<2_000 {
      var bytes = sample
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 8..<bytes.count - 26, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[place] = signs.randomElement(using: &generator) ?? 0
        case 1: bytes.remove(at: place)
        default: bytes.insert(signs.randomElement(using: &generator) ?? 0, at: place)
        }
      }
      let length = UInt64(bytes.count - 34)
      withUnsafeBytes(of: length.littleEndian) { for (i, byte) in $0.enumerated() { bytes[i] = byte } }
      _ = try survives(bytes, in: folder)
    }
  }
}
