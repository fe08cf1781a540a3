import Files
import Foundation
import Tensors

/// The weights of one component of a model: the safetensors files of a folder such as `unet`, `vae`, `text_encoder`.
///
/// Files are mapped, not read: a tensor costs memory when it is asked for.
public struct WeightStore: Sendable {
  /// The files, one unless the weights are sharded.
  public let files: [SafetensorsFile]
  /// How messages name the weights: the file, or the index of the shards.
  public let name: String
  private let places: [ExactString: Int]

  /// Finds the weights of a folder, where diffusers and transformers look for them.
  ///
  /// diffusers takes the shards that an index lists before a whole file, which may be an older one that stayed;
  /// transformers, for `model.safetensors`, takes the whole file before. So the order is
  /// `diffusion_pytorch_model.safetensors.index.json`, `diffusion_pytorch_model.safetensors`, `model.safetensors`,
  /// `model.safetensors.index.json`; then the same with the variant `fp16`.
  /// - Throws: `CheckpointError` if there are none (with advice where weights of another format are), if a file is
  ///   damaged, or if shards and index disagree.
  public init(folder: URL) throws(CheckpointError) {
    for variant in ["", ".fp16"] {
      for stem in Self.stems {
        let whole = folder.appending(path: "\(stem)\(variant).safetensors")
        let index = folder.appending(path: "\(stem).safetensors.index\(variant).json")
        for url in stem == Self.stems[0] ? [index, whole] : [whole, index]
        where FileManager.default.fileExists(atPath: url.path) {
          if url == index { try self.init(index: url) } else { try self.init(file: url) }
          return
        }
      }
    }
    throw Self.nothing(in: folder)
  }

  /// The weights of a single file.
  /// - Throws: as `SafetensorsFile`.
  public init(file url: URL) throws(CheckpointError) {
    let file = try SafetensorsFile(url: url)
    files = [file]
    name = file.name
    places = Dictionary(file.names.map { (ExactString($0), 0) }, uniquingKeysWith: { first, _ in first })
  }

  private static let stems = ["diffusion_pytorch_model", "model"]

  /// Names of all tensors.
  public var names: [String] { files.flatMap(\.names) }

  /// Dtype and shape of a tensor; nil if there is none of that name.
  public func entry(_ name: String) -> SafetensorsFile.Entry? {
    places[ExactString(name)].flatMap { files[$0].entry(name) }
  }

  /// A tensor's values as float32; see `SafetensorsFile.tensor(named:)`.
  /// - Throws: `CheckpointError` if there is no such tensor or its dtype is not a float type.
  public func tensor(named name: String) throws(CheckpointError) -> Tensor {
    try file(of: name).tensor(named: name)
  }

  /// The file that holds a tensor; the first file for a name that none holds.
  func file(of name: String) -> SafetensorsFile {
    files[places[ExactString(name)] ?? 0]
  }
}

// MARK: Shards

extension WeightStore {
  private init(index url: URL) throws(CheckpointError) {
    let index = try Index(url)
    var files: [SafetensorsFile] = []
    var problems: [CheckpointError.Problem] = []
    var advice: String?
    var places: [ExactString: Int] = [:]
    for shard in index.shards {
      do throws(CheckpointError) {
        files.append(try SafetensorsFile(url: url.deletingLastPathComponent().appending(path: shard)))
      } catch {
        problems += error.problems
        advice = error.advice ?? advice
      }
    }
    // Only whole shards can be held against the index.
    guard problems.isEmpty else { throw CheckpointError(problems, advice: advice) }
    for (place, file) in files.enumerated() {
      for name in file.names {
        let listed = index.shard[ExactString(name)]
        if listed != index.shards[place] {
          let expected = listed.map { "only in \(visible($0, most: 200))" } ?? "an entry of weight_map"
          problems.append(
            .init(
              file: index.name, tensor: name, field: "place", found: visible(index.shards[place], most: 200),
              expected: expected))
        }
        places[ExactString(name)] = place
      }
    }
    for (name, shard) in index.entries where places[ExactString(name)] == nil {
      problems.append(
        .init(
          file: index.name, tensor: name, field: "place", found: "nowhere",
          expected: "in \(visible(shard, most: 200))"))
    }
    guard problems.isEmpty else {
      throw CheckpointError(problems, advice: "Index and shards come from different models: fetch the folder again.")
    }
    self.files = files
    self.places = places
    name = index.name
  }

  /// `*.safetensors.index.json`: which shard holds which tensor.
  private struct Index {
    let name: String
    /// Tensor and shard, in the order of the file.
    var entries: [(tensor: String, shard: String)] = []
    /// Names of the shards, in order of first use.
    var shards: [String] = []
    var shard: [ExactString: String] = [:]

    init(_ url: URL) throws(CheckpointError) {
      name = displayName(url)
      let value = try JSONValue(contentsOf: url)
      guard case .object(let object) = value, case .object(let map) = object["weight_map"], !map.isEmpty else {
        var found = value.summary
        if case .object(let object) = value { found = object["weight_map"]?.summary ?? "missing" }
        throw CheckpointError(
          .init(file: name, field: "weight_map", found: found, expected: "an object of tensor names and file names"))
      }
      var problems: [CheckpointError.Problem] = []
      var seen: Set<String> = []
      for member in map.members {
        // A shard lies beside its index: a name with a folder in it could point anywhere on the disk.
        guard case .string(let shard) = member.value, shard.hasSuffix(".safetensors"), OpenFolder.isName(shard) else {
          problems.append(
            .init(
              file: name, tensor: member.key, field: "shard", found: member.value.summary,
              expected: "the name of a safetensors file in the same folder"))
          continue
        }
        entries.append((member.key, shard))
        self.shard[ExactString(member.key)] = shard
        if seen.insert(shard).inserted { shards.append(shard) }
      }
      guard problems.isEmpty else { throw CheckpointError(problems) }
    }
  }

  private static func nothing(in folder: URL) -> CheckpointError {
    let name = displayName(folder)
    let expected = "\(stems[0]).safetensors or \(stems[1]).safetensors"
    guard let contents = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
      return CheckpointError(.init(file: name, field: "folder", found: "absent", expected: "a folder with \(expected)"))
    }
    let others = contents.filter { file in [".bin", ".ckpt", ".pt", ".pth", ".msgpack"].contains { file.hasSuffix($0) }
    }
    guard let other = others.sorted().first else {
      return CheckpointError(.init(file: name, field: "weights", found: "missing", expected: expected))
    }
    return CheckpointError(
      .init(file: name, field: "weights", found: "only \(visible(other, most: 200))", expected: expected),
      advice: "Load the model with diffusers and save it again: "
        + "pipeline.save_pretrained(folder, safe_serialization=True).")
  }
}
