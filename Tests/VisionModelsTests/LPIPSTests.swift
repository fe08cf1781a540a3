import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import VisionModels

/// LPIPS against the package `lpips`: its linear layers over trunks whose weights follow from seeds.
@Suite struct LPIPSTests {
  /// The weights that `Tests/Fixtures/oracle/lpips.py` fills a trunk with: 4099 normal values, over and over.
  private func weights(_ trunk: LPIPSTrunk) throws -> [(name: String, tensor: Tensor)] {
    var inputs = 3
    var shapes: [String: [Int]] = [:]
    for layer in trunk.layers {
      shapes["features.\(layer.place).weight"] = [layer.outputs, inputs, layer.kernel, layer.kernel]
      shapes["features.\(layer.place).bias"] = [layer.outputs]
      inputs = layer.outputs
    }
    var weights = shapes.sorted { $0.key < $1.key }.enumerated().map { seed, entry in
      let (name, shape) = entry
      let scale = shape.count == 1 ? 0.1 : Float((2 / Double(shape.dropFirst().reduce(1, *))).squareRoot())
      var generator = TorchGenerator(seed: Seed(UInt64(seed)))
      let values = generator.randn([4099]).values.map { $0 * scale }
      var tensor = Tensor(uninitialized: shape)
      tensor.withUnsafeMutableValues { tensor in
        for start in stride(from: 0, to: tensor.count, by: values.count) {
          _ = tensor[start...].update(fromContentsOf: values.prefix(tensor.count - start))
        }
      }
      return (name: name, tensor: tensor)
    }
    let file = try Fixtures.safetensors("vision/lpips")
    for place in 0..<5 {
      weights.append(("lin\(place).model.1.weight", try file.tensor(named: "\(trunk).lin\(place)")))
    }
    return weights
  }

  private func write(_ trunk: LPIPSTrunk, to folder: ScratchFolder) throws {
    try folder.write(#"{"net": "\#(trunk)"}"#, to: "config.json")
    try SafetensorsWriter.write(weights(trunk), to: folder.url.appending(path: "model.safetensors"))
  }

  @Test(arguments: LPIPSTrunk.allCases) func equalsThePackage(trunk: LPIPSTrunk) throws {
    struct Case: Decodable { let pairs: [[Int]] }
    let folder = try ScratchFolder("lpips")
    try write(trunk, to: folder)
    let lpips = try LPIPS(folder: folder.url)
    let shown = try Fixtures.json("vision/clip", as: CLIPTests.Case.self).pictures.map(VisionFixtures.picture)
    var pairs = try Fixtures.json("vision/lpips", as: Case.self).pairs.map { (shown[$0[0]], shown[$0[1]]) }
    pairs.append((shown[4], try turned(shown[4])))
    let expected = try Fixtures.safetensors("vision/lpips").tensor(named: "\(trunk).distances").values
    #expect(expected.count == pairs.count)
    for (pair, expected) in zip(pairs, expected) {
      let found = try lpips.distance(pair.0, pair.1)
      if ProcessInfo.processInfo.environment["ATTNLAB_PRINT_DIFFERENCES"] != nil {
        print("difference \(trunk): \(abs(found - Double(expected)))")
      }
      #expect(abs(found - Double(expected)) <= 1e-6, "\(trunk): \(found), not \(expected)")
    }
  }

  /// Turned by half.
  private func turned(_ picture: Picture) throws -> Picture {
    let pixels = stride(from: 0, to: picture.pixels.count, by: 3).reversed().flatMap { picture.pixels[$0..<($0 + 3)] }
    return try Picture(width: picture.width, height: picture.height, pixels: pixels)
  }

  @Test func foldersAndPicturesThatDoNotFit() throws {
    let folder = try ScratchFolder("lpips")
    try write(.alex, to: folder)
    let lpips = try LPIPS(folder: folder.url)
    let picture = try VisionFixtures.picture("pictures/two-0")
    let small = try Picture(width: 63, height: 64, pixels: Array(repeating: 0, count: 63 * 64 * 3))
    for pair in [(small, small), (picture, try VisionFixtures.picture("vision/200x130"))] {
      #expect(throws: ShapeError.self) { try lpips.distance(pair.0, pair.1) }
    }
    #expect(try lpips.distance(picture, picture) == 0)
    for (config, message) in [
      (#"{"net": "squeeze"}"#, #"net is "squeeze", expected "alex" or "vgg""#),
      ("{}", #"net is missing, expected "alex" or "vgg""#),
      (#"{"net": "alex", "version": "0.0"}"#, #"version is "0.0", expected "0.1""#),
    ] {
      try folder.write(config, to: "config.json")
      #expect {
        try LPIPS(folder: folder.url)
      } throws: { error in
        "\(error)" == "lpips/config.json: \(message)"
      }
    }
    try folder.write(#"{"net": "vgg"}"#, to: "config.json")
    #expect(throws: CheckpointError.self) { try LPIPS(folder: folder.url) }
  }
}
