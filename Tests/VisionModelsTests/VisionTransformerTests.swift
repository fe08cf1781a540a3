import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing
import VisionModels

/// Towers of CLIP and of DINO against transformers, whole tensors, within 5e-5 of the largest value.
@Suite struct VisionTransformerTests {
  static let folder = Fixtures.folder.appending(path: "vision")

  private func tower(_ family: String) throws -> VisionTransformer {
    try VisionTransformer(folder: Self.folder.appending(path: family == "clip" ? "tiny-clip-vision" : "tiny-dino"))
  }

  /// At the size that the positions were learnt for, at a larger one, and at one that is not square and whose last
  /// column fills no patch.
  @Test(arguments: ["clip", "dino"], [[32, 32], [48, 48], [24, 41]])
  func equalsTransformers(family: String, sides: [Int]) throws {
    let size = "\(sides[0])x\(sides[1])"
    let file = try Fixtures.safetensors("vision/towers")
    func expected(_ name: String) throws -> Tensor { try file.tensor(named: "\(family).\(size).\(name)") }
    let model = try tower(family)
    var generator = TorchGenerator(seed: Seed(UInt64(sides[0])))
    let pixels = try generator.randn([2, 3] + sides).channelsLast()
    let (states, pooled) = try model(pixels)
    expectClose(states, try expected("states"), tolerance: 5e-5, "\(family) \(size) states")
    expectClose(pooled, try expected("pooled"), tolerance: 5e-5, "\(family) \(size) pooled")
    for layer in [0, 1] {
      expectClose(
        try model.keys(pixels, layer: layer), try expected("keys.\(layer)"), tolerance: 5e-5,
        "\(family) \(size) keys of layer \(layer)")
    }
  }

  @Test func pixelsAndLayersThatDoNotFit() throws {
    let model = try tower("clip")
    for shape in [[1, 32, 32], [1, 32, 32, 4], [1, 7, 32, 3], [1, 1032, 1024, 3]] {
      #expect {
        try model(Tensor(zeros: shape))
      } throws: { error in
        "\(error)"
          == "vision transformer: expected [batch, height, width, 3] with sides of at least 8 and 16384 patches at "
          + "most, found \(shape)"
      }
    }
    for layer in [-1, 2] {
      #expect {
        try model.keys(Tensor(zeros: [1, 32, 32, 3]), layer: layer)
      } throws: { error in
        "\(error)" == "vision transformer: expected a layer in 0..<2, found \(layer)"
      }
    }
  }
}
