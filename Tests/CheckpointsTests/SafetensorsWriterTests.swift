import Files
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct SafetensorsWriterTests {
  @Test func writesWhatTheFormatSays() throws {
    let folder = try ScratchFolder("unet")
    let url = folder.url.appending(path: "x.safetensors")
    try SafetensorsWriter.write(
      [
        ("b", try Tensor([1], shape: [])), ("a\"\u{1}\né", try Tensor([-2, 0.5], shape: [1, 2])),
        ("c", Tensor(zeros: [0])),
      ],
      metadata: ["z": "1", "format": "pt"], to: url)
    let header =
      "{\"__metadata__\":{\"format\":\"pt\",\"z\":\"1\"},"
      + "\"a\\\"\\u0001\\né\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
      + "\"b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]},"
      + "\"c\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[12,12]}}"
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    let expected = safetensors(padded, data: [0, 0, 0, 0xC0, 0, 0, 0, 0x3F, 0, 0, 0x80, 0x3F])
    #expect(Array(try Data(contentsOf: url)) == expected)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["x.safetensors"])
  }

  @Test func whatIsWrittenIsRead() throws {
    let seed: UInt64 = 7
    print("random tensors: seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    let folder = try ScratchFolder("unet")
    let url = folder.url.appending(path: "x.safetensors")
    for count in [0, 1, 2, 7, 33] {
      let tensors = try (0..<count).map { index in
        let shape = (0..<Int.random(in: 0...4, using: &generator)).map { _ in Int.random(in: 0...5, using: &generator) }
        let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &generator) }
        return ("layer.\(index).weight", try Tensor(values, shape: shape))
      }
      try SafetensorsWriter.write(tensors.shuffled(using: &generator), to: url)
      let file = try SafetensorsFile(url: url)
      #expect(Set(file.names) == Set(tensors.map(\.0)))
      for (name, tensor) in tensors { #expect(try file.tensor(named: name) == tensor) }
    }
  }

  @Test func refusals() throws {
    let folder = try ScratchFolder("unet")
    let url = folder.url.appending(path: "x.safetensors")
    let one = Tensor(zeros: [1])
    let names = #expect(throws: CheckpointError.self) {
      try SafetensorsWriter.write([("a", one), ("__metadata__", one), ("a", one)], to: url)
    }
    #expect(
      names?.description == """
        unet/x.safetensors: entry of tensor "a" is given twice, expected it once
        unet/x.safetensors: name of tensor "__metadata__" is reserved by the format, expected another one
        """)
    let absent = #expect(throws: FileError.self) {
      try SafetensorsWriter.write([("a", one)], to: folder.url.appending(path: "no/x.safetensors"))
    }
    #expect(
      absent?.description == "\(folder.url.path)/no: cannot be opened (No such file or directory)")
    try FileManager.default.createDirectory(at: url.appending(path: "full"), withIntermediateDirectories: true)
    let taken = #expect(throws: FileError.self) { try SafetensorsWriter.write([("a", one)], to: url) }
    #expect(taken?.description == "\(url.path): expected a file, found a folder")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["x.safetensors"])
  }
}
