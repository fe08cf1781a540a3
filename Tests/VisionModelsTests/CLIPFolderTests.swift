import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import VisionModels

/// What folders of a CLIP may be like: copies of the bundled one with a file changed.
@Suite struct CLIPFolderTests {
  private static let files = [
    "config.json", "merges.txt", "model.safetensors", "preprocessor_config.json", "special_tokens_map.json",
    "tokenizer_config.json", "vocab.json",
  ]

  /// The bundled folder, named `clip`, without some files.
  private func folder(without left: [String] = []) throws -> ScratchFolder {
    let folder = try ScratchFolder("clip")
    for name in Self.files where !left.contains(name) {
      try FileManager.default.createSymbolicLink(
        at: folder.url.appending(path: name), withDestinationURL: VisionFixtures.bundledFolder.appending(path: name))
    }
    return folder
  }

  /// The bundled folder with a text of one file replaced.
  private func folder(changing name: String, _ old: String, to new: String) throws -> ScratchFolder {
    let folder = try folder(without: [name])
    let text = try String(contentsOf: VisionFixtures.bundledFolder.appending(path: name), encoding: .utf8)
    #expect(text.contains(old))
    try folder.write(text.replacingOccurrences(of: old, with: new), to: name)
    return folder
  }

  private func message(_ folder: ScratchFolder) -> String {
    do {
      _ = try CLIP(folder: folder.url)
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [
    ("config.json", #""projection_dim": 128,"#, #""projection_dim": 0,"#, "projection_dim is 0, expected"),
    (
      "config.json", #""model_type": "clip","#, #""model_type": "siglip","#, #"model_type is "siglip", expected "clip""#
    ),
    (
      "config.json", #""eos_token_id": 759"#, #""eos_token_id": 5"#,
      "text_config.eos_token_id is 5, expected 759, the tokenizer's end of a text"
    ),
    (
      "config.json", #""eos_token_id": 759"#, #""eos_token_id": [759]"#,
      "text_config.eos_token_id is [759], expected a whole number from 0 to 759"
    ),
    ("config.json", #""text_config""#, #""text""#, "text_config is missing, expected an object, { ... }"),
    (
      "config.json", #""num_attention_heads": 5"#, #""num_attention_heads": 7"#,
      "vision_config.num_attention_heads is 7, expected a divisor of hidden_size, 160"
    ),
    (
      "config.json", #""model_type": "clip_vision_model""#, #""model_type": "vit""#,
      #"vision_config.model_type is "vit", expected "clip_vision_model""#
    ),
    ("config.json", "\"hidden_size\": 128,", "\"hidden_size\": \"128\",", #"text_config.hidden_size is "128""#),
    (
      "preprocessor_config.json", #""height": 128"#, #""height": 96"#,
      "crop_size is 128 x 96, expected 128 x 128, the vision_config.image_size of clip/config.json"
    ),
    (
      "preprocessor_config.json", #""do_center_crop": true"#, #""do_center_crop": false"#,
      "size is one that follows each picture's, expected 128 x 128, the vision_config.image_size of clip/config.json"
    ),
    ("preprocessor_config.json", #""resample": 3"#, #""resample": 0"#, "resample is 0, expected"),
    (
      "tokenizer_config.json", #""model_max_length": 77"#, #""model_max_length": 78"#,
      "model_max_length is 78, expected at most 77, the text_config.max_position_embeddings of clip/config.json"
    ),
  ])
  func filesThatDoNotFit(file: String, old: String, new: String, expected: String) throws {
    let found = message(try folder(changing: file, old, to: new))
    #expect(found.contains("clip/\(file): \(expected)"), "\(found)")
  }

  @Test(arguments: ["config.json", "model.safetensors", "preprocessor_config.json", "vocab.json"])
  func filesThatAreMissingOrDamaged(name: String) throws {
    let missing = try folder(without: [name])
    #expect(message(missing).contains("clip"), "\(message(missing))")
    try missing.write("{\"a\": 1", to: name)
    #expect(message(missing).contains("clip/\(name)"), "\(message(missing))")
  }

  /// Tensors of the bundled weights, some renamed or left out.
  private func write(_ folder: ScratchFolder, to name: String, _ rename: (String) -> String?) throws {
    let store = try WeightStore(folder: VisionFixtures.bundledFolder)
    let tensors = try store.names.compactMap { name in
      try rename(name).map { (name: $0, tensor: try store.tensor(named: name)) }
    }
    try SafetensorsWriter.write(tensors, to: folder.url.appending(path: name))
  }

  @Test func weightsThatDoNotFit() throws {
    let folder = try folder(without: ["model.safetensors"])
    try write(folder, to: "model.safetensors") {
      $0 == "logit_scale" ? nil : $0 == "visual_projection.weight" ? "projection.weight" : $0
    }
    let found = message(folder)
    for part in ["logit_scale", "visual_projection.weight", "projection.weight"] {
      #expect(found.contains(part), "\(found)")
    }
  }

  /// Shards, the positions' numbers of older files, and the end token of configs before transformers 4.31, which stands
  /// for the largest id.
  @Test func olderAndShardedFolders() throws {
    let folder = try folder(without: ["model.safetensors", "config.json"])
    let text = try String(contentsOf: VisionFixtures.bundledFolder.appending(path: "config.json"), encoding: .utf8)
    try folder.write(
      text.replacingOccurrences(of: #""eos_token_id": 759"#, with: #""eos_token_id": 2"#), to: "config.json")
    var shards: [String: String] = [:]
    for (place, tower) in ["text_", "vision_"].enumerated() {
      let shard = "model-0000\(place + 1)-of-00002.safetensors"
      try write(folder, to: shard) { name in
        guard name.hasPrefix("text_") == (tower == "text_") else { return nil }
        shards[name] = shard
        return name
      }
    }
    let numbers = "vision_model.embeddings.position_ids"
    try SafetensorsWriter.write(
      [(numbers, Tensor(zeros: [1, 65]))], to: folder.url.appending(path: "numbers.safetensors"))
    shards[numbers] = "numbers.safetensors"
    let map = shards.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
    try folder.write(#"{"weight_map": {\#(map)}}"#, to: "model.safetensors.index.json")

    let (clip, bundled) = (try CLIP(folder: folder.url), try VisionFixtures.bundledCLIP)
    #expect(clip.configuration.text.endTokenID == 2 && bundled.configuration.text.endTokenID == 759)
    let texts = ["a red car", "a <|endoftext|> b", "a horse " + String(repeating: "and a horse ", count: 40)]
    #expect(try clip.textEmbeddings(texts) == bundled.textEmbeddings(texts))
    let picture = try VisionFixtures.picture("vision/40x64")
    #expect(try clip.pictureEmbeddings([picture]) == bundled.pictureEmbeddings([picture]))
  }

  /// Transformers 5 saves a whole processor in one file, which wins over the other.
  @Test func processorsInOneFile() throws {
    let name = "preprocessor_config.json"
    let folder = try folder()
    let text = try String(contentsOf: folder.url.appending(path: name), encoding: .utf8)
    for (settings, message) in [
      (text, "no error"), ("null", "image_processor is null, expected an object, { ... }"),
      (#"{"resample": 0}"#, "image_processor.resample is 0, expected 2, bilinear, or 3, bicubic"),
    ] {
      try folder.write(
        #"{"image_processor": \#(settings), "processor_class": "CLIPProcessor"}"#, to: "processor_config.json")
      #expect(self.message(folder).contains(message))
    }
    let other = text.replacing(#""height": 128"#, with: #""height": 96"#).replacing(
      #""width": 128"#, with: #""width": 96"#)
    try folder.write(#"{"image_processor": \#(other)}"#, to: "processor_config.json")
    #expect(message(folder).contains("/processor_config.json: crop_size is 96 x 96"), "\(message(folder))")
    try folder.write("{}", to: "processor_config.json")
    #expect(message(folder) == "no error")
  }

  /// Early files repeat a tower's settings under another key, which counts whole.
  @Test func settingsOfEarlyFiles() throws {
    let json = #"""
      {"text_config": {"eos_token_id": 2, "hidden_size": 64}, "text_config_dict": {"hidden_size": 768},
       "vision_config": {"patch_size": 16}, "vision_config_dict": null}
      """#
    let configuration = try CLIPConfiguration(ConfigFile(json: Array(json.utf8), named: "config.json"))
    #expect(configuration.text.hiddenSize == 768 && configuration.text.endTokenID == 49407)
    #expect(configuration.vision.patchSize == 16 && configuration.projectionSize == 512)
  }

  /// All towers' problems come together, and the tower alone is read of the same folder.
  @Test func problemsOfBothTowers() throws {
    let json = #"{"text_config": {"num_hidden_layers": 0}, "vision_config": {"patch_size": 0}, "projection_dim": "a"}"#
    #expect {
      try CLIPConfiguration(ConfigFile(json: Array(json.utf8), named: "config.json"))
    } throws: { error in
      "\(error)" == """
        config.json: projection_dim is "a", expected a whole number from 1 to 65536
        config.json: text_config.num_hidden_layers is 0, expected a whole number from 1 to 1024
        config.json: vision_config.patch_size is 0, expected a whole number from 1 to 1024
        """
    }
    let folder = try folder(changing: "config.json", #""patch_size": 16"#, to: #""patch_size": 17"#)
    #expect {
      try VisionTransformer(folder: folder.url)
    } throws: { error in
      "\(error)" == "clip/config.json: vision_config.patch_size is 17, expected a divisor of image_size, 128"
    }
  }
}
