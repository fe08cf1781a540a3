import Foundation
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct SafetensorsFileTests {
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
