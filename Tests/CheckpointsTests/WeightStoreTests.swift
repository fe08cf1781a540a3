import Foundation
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct WeightStoreTests {
  private func save(_ tensors: [String: Tensor], _ folder: ScratchFolder, as name: String) throws {
    try SafetensorsWriter.write(tensors.map { ($0.key, $0.value) }, to: folder.url.appending(path: name))
  }

  private func message(_ folder: URL) -> String? {
    do throws(CheckpointError) {
      _ = try WeightStore(folder: folder)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func filesAreFoundInOrder() throws {
    let folder = try ScratchFolder("unet")
    let order = [
      "model.fp16.safetensors", "diffusion_pytorch_model.fp16.safetensors", "model.safetensors",
      "diffusion_pytorch_model.safetensors",
    ]
    for (number, name) in order.enumerated() {
      try save(["a": Tensor([Float(number)], shape: [1])], folder, as: name)
      let store = try WeightStore(folder: folder.url)
      #expect(store.name == "unet/" + name)
      #expect(try store.tensor(named: "a").values == [Float(number)])
    }
  }

  @Test func shards() throws {
    for index in ["model.safetensors.index.json", "diffusion_pytorch_model.safetensors.index.fp16.json"] {
      let folder = try ScratchFolder("unet")
      try save(["a": Tensor([1], shape: [1])], folder, as: "1.safetensors")
      try save(["b": Tensor([2], shape: [1]), "c": Tensor([3], shape: [])], folder, as: "2.safetensors")
      _ = try folder.write(
        #"{"weight_map": {"a": "1.safetensors", "b": "2.safetensors", "c": "2.safetensors"}}"#, to: index)
      let store = try WeightStore(folder: folder.url)
      #expect(store.names == ["a", "b", "c"] && store.name == "unet/" + index)
      #expect(try store.tensor(named: "b").values == [2] && store.entry("c")?.shape == [] && store.entry("d") == nil)
    }
  }

  /// diffusers follows the index beside an old whole file; transformers, which reads `model.*`, takes the whole file.
  @Test func shardsAndAWholeFile() throws {
    for (stem, value) in [("diffusion_pytorch_model", Float(2)), ("model", 1)] {
      let folder = try ScratchFolder("vae")
      try save(["a": Tensor([1], shape: [1])], folder, as: "\(stem).safetensors")
      try save(["a": Tensor([2], shape: [1])], folder, as: "new.safetensors")
      try folder.write(#"{"weight_map": {"a": "new.safetensors"}}"#, to: "\(stem).safetensors.index.json")
      #expect(try WeightStore(folder: folder.url).tensor(named: "a").values == [value], "\(stem)")
    }
  }

  @Test func shardsThatDoNotFit() throws {
    let folder = try ScratchFolder("unet")
    let index = "model.safetensors.index.json"
    try save(["a": Tensor([1], shape: [1]), "x": Tensor([1], shape: [1])], folder, as: "1.safetensors")
    try save(["b": Tensor([2], shape: [1]), "a": Tensor([3], shape: [])], folder, as: "2.safetensors")
    _ = try folder.write(
      #"{"weight_map": {"a": "1.safetensors", "b": "2.safetensors", "c": "2.safetensors"}}"#, to: index)
    #expect(
      message(folder.url) == """
        unet/\(index): place of tensor "x" is 1.safetensors, expected an entry of weight_map
        unet/\(index): place of tensor "a" is 2.safetensors, expected only in 1.safetensors
        unet/\(index): place of tensor "c" is nowhere, expected in 2.safetensors
        Index and shards come from different models: fetch the folder again.
        """)
    _ = try folder.write(#"{"weight_map": {"a": "3.safetensors", "b": "2.safetensors"}}"#, to: index)
    _ = try folder.write([], to: "2.safetensors")
    #expect(
      message(folder.url) == """
        unet/3.safetensors: file is absent, expected a readable file
        unet/2.safetensors: file size is 0 bytes, expected at least 8
        The file is damaged, cut short or not in the safetensors format: fetch or save it again.
        """)
    _ = try folder.write(#"{"weight_map": {"a": "../1.safetensors", "b": 2}}"#, to: index)
    #expect(
      message(folder.url) == """
        unet/\(index): shard of tensor "a" is "../1.safetensors", expected the name of a safetensors file in the same folder
        unet/\(index): shard of tensor "b" is 2, expected the name of a safetensors file in the same folder
        """)
    // A mark joins the slash to one sign of Swift's, which is a slash to the system all the same.
    _ = try folder.write(#"{"weight_map": {"a": "../\u0301x.safetensors"}}"#, to: index)
    #expect(message(folder.url)?.hasSuffix(", expected the name of a safetensors file in the same folder") == true)
    _ = try folder.write(#"{"metadata": {}}"#, to: index)
    #expect(
      message(folder.url)
        == "unet/\(index): weight_map is missing, expected an object of tensor names and file names")
  }

  @Test func foldersWithoutSafetensors() throws {
    let folder = try ScratchFolder("unet")
    let expected = "expected diffusion_pytorch_model.safetensors or model.safetensors"
    #expect(message(folder.url) == "unet: weights is missing, \(expected)".replacing("unet", with: name(folder)))
    for other in ["flax_model.msgpack", "diffusion_pytorch_model.bin"] {
      _ = try folder.write("", to: other)
      #expect(
        message(folder.url) == """
          \(name(folder)): weights is only \(other), \(expected)
          Load the model with diffusers and save it again: pipeline.save_pretrained(folder, safe_serialization=True).
          """)
    }
    let absent = try #require(message(folder.url.appending(path: "no")))
    #expect(
      absent
        == "unet/no: folder is absent, expected a folder with diffusion_pytorch_model.safetensors or model.safetensors")
  }

  /// A stranger's names, which a terminal would obey.
  @Test func controlSignsOfNamesAreSpelled() throws {
    let folder = try ScratchFolder("unet")
    let index = "model.safetensors.index.json"
    try folder.write(#"{"weight_map": {"a": "\u001b[2J.safetensors"}}"#, to: index)
    #expect(message(folder.url) == #"unet/\u{1B}[2J.safetensors: file is absent, expected a readable file"#)
    try save(
      ["w\u{1B}": Tensor([1], shape: [1]), "x\u{1B}[2J": Tensor([1], shape: [1])], folder, as: "\u{1B}[2J.safetensors")
    try folder.write(
      #"{"weight_map": {"w\u001b": "\u001b[2J.safetensors", "x\u001b[2J": "\u001b[2J.safetensors"}}"#, to: index)
    let loader = WeightLoader(try WeightStore(folder: folder.url))
    _ = try loader.take("w\u{1B}", shape: [2])
    _ = try loader.take("y\u{1B}", shape: [3])
    let error = #expect(throws: CheckpointError.self) { try loader.finish() }
    #expect(
      error?.description == #"""
        unet/model.safetensors.index.json: 1 tensor is missing:
          y\u{1B} [3]
        unet/\u{1B}[2J.safetensors: 1 tensor is not part of the model:
          x\u{1B}[2J [1]
        unet/\u{1B}[2J.safetensors: 1 tensor is of another shape:
          w\u{1B} is [1], expected [2]
        The weights are not of the model that config.json describes: check that both belong together.
        """#)
    let other = try ScratchFolder("vae")
    try other.write("", to: "\u{1B}[2J.bin")
    #expect(message(other.url)?.contains(#"weights is only \u{1B}[2J.bin, expected"#) == true)
  }

  private func name(_ folder: ScratchFolder) -> String {
    folder.url.pathComponents.suffix(2).joined(separator: "/")
  }
}

@Suite struct WeightLoaderTests {
  private func store(_ tensors: [(String, Tensor)], _ folder: ScratchFolder) throws -> WeightStore {
    try SafetensorsWriter.write(tensors, to: folder.url.appending(path: "model.safetensors"))
    return try WeightStore(folder: folder.url)
  }

  @Test func olderNamesAndShapes() throws {
    let folder = try ScratchFolder("unet")
    let matrix = try Tensor([1, 2, 3, 4], shape: [2, 2])
    let path = "encoder.mid_block.attentions.0"
    let loader = WeightLoader(
      try store(
        [
          ("\(path).query.weight", try matrix.reshaped([2, 2, 1, 1])), ("\(path).key.weight", matrix),
          ("\(path).to_v.weight", matrix), ("\(path).proj_attn.bias", try Tensor([5, 6], shape: [2])),
          ("embeddings.weight", matrix), ("embeddings.position_ids", Tensor(zeros: [1])), ("old", Tensor(zeros: [3])),
          ("decoder.a", Tensor(zeros: [1])), ("decoder.b", Tensor(zeros: [1])),
        ], folder), aliases: .olderVAEAttention + .bareTextEncoder)
    let conv = [[2, 2, 1, 1]]
    for part in ["to_q", "to_k", "to_v"] {
      #expect(loader.has("\(path).\(part).weight"))
      #expect(try loader.take("\(path).\(part).weight", shape: [2, 2], orShapes: conv) == matrix)
    }
    #expect(try loader.take("\(path).to_out.0.bias", shape: [2]).values == [5, 6])
    #expect(try loader.take("text_model.embeddings.weight", shape: [2, 2]) == matrix)
    #expect(try loader.take("new", shape: [3], aliases: ["old"]).values == [0, 0, 0])
    #expect(!loader.has("newest"))
    try loader.finish(ignoring: ["text_model.embeddings.position_ids", "decoder."])
  }

  @Test func everythingThatDoesNotFitIsListed() throws {
    let folder = try ScratchFolder("unet")
    _ = try store([], folder)
    _ = try folder.write(
      safetensors(
        "{\"ids\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
          + "\"w\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[8,16]},"
          + "\"more\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[16,18]}}", data: Array(repeating: 0, count: 18)),
      to: "model.safetensors")
    let loader = WeightLoader(try WeightStore(folder: folder.url))
    #expect(try loader.take("ids", shape: [1]).values == [0])
    #expect(try loader.take("w", shape: [1, 2], orShapes: [[2]]).shape == [1, 2])
    #expect(try loader.take("b", shape: [2, 3]) == Tensor(zeros: [2, 3]))
    #expect(try loader.take("w", shape: [2, 1]).shape == [2, 1])
    let error = #expect(throws: CheckpointError.self) { try loader.finish() }
    #expect(
      error?.description == """
        unet/model.safetensors: dtype of tensor "ids" is I64, expected F32, F16, BF16 or F64
        unet/model.safetensors: use of tensor "w" is asked for twice, expected it once
        unet/model.safetensors: 1 tensor is missing:
          b [2, 3]
        unet/model.safetensors: 1 tensor is not part of the model:
          more [2]
        unet/model.safetensors: 1 tensor is of another shape:
          w is [2, 1], expected [1, 2] or [2]
        The weights are not of the model that config.json describes: check that both belong together.
        """)
    #expect(error?.problems.count == 5)
  }

  @Test func aLongListIsShortened() throws {
    let folder = try ScratchFolder("unet")
    let loader = WeightLoader(try store((0..<40).map { ("x\($0)", Tensor(zeros: [1])) }, folder))
    for number in 0..<140 { _ = try loader.take("layer.\(number)", shape: [1]) }
    let error = #expect(throws: CheckpointError.self) { try loader.finish() }
    let lines = try #require(error?.description.split(separator: "\n"))
    #expect(lines.count == 21)
    #expect(lines[0] == "unet/model.safetensors: 140 tensors are missing:" && lines[9] == "  ... and 132 more")
    #expect(lines[10] == "unet/model.safetensors: 40 tensors are not part of the model:")
    #expect(lines[19] == "  ... and 32 more")
    #expect(error?.problems.count == 180)
  }

  /// A config that asks for far more than the files hold is refused before the zeros fill the memory.
  @Test(arguments: [
    ([1 << 26, 2], 0), ([1 << 40, 1 << 40], 0), ([1 << 24], 4), ([.max, .max, .max], 0), ([1 << 26], 1),
  ])
  func whatIsMissingIsNotAllMade(shape: [Int], fitting: Int) throws {
    let folder = try ScratchFolder("unet")
    let loader = WeightLoader(try store([("w", Tensor(zeros: [1]))], folder))
    for number in 0..<fitting { _ = try loader.take("layer.\(number)", shape: shape) }
    let error = #expect(throws: CheckpointError.self) { try loader.take("last", shape: shape) }
    #expect(error?.problems.count == fitting + 2)
    #expect(
      error?.problems.last?.description
        == "unet/model.safetensors: the size of what is missing is over 256 MiB, and the rest was not looked at, "
        + "expected the tensors that config.json asks for")
    #expect(error?.advice?.contains("config.json") == true)
  }

  @Test func theBundledModelLoads() throws {
    let models = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/Pipelines/Models/emoji-scenes").standardizedFileURL
    for part in ["unet", "vae", "text_encoder", "clip"] {
      let store = try WeightStore(folder: models.appending(path: part))
      let loader = WeightLoader(store)
      let time = ContinuousClock().measure {
        for name in store.names {
          let shape = store.entry(name)?.shape ?? []
          if store.entry(name)?.dtype.isFloat ?? false {
            let found = try? loader.take(name, shape: shape).shape
            #expect(found == shape)
          }
        }
      }
      print("\(part): \(store.names.count) tensors in \(time)")
      try loader.finish(ignoring: store.names.filter { $0.hasSuffix("position_ids") })
    }
  }
}
