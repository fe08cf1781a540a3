import Checkpoints
import Foundation
import Pipelines
import Tensors
import TestSupport
import Testing

/// Weights that are no numbers, which headers cannot tell.
@Suite struct WeightCheckTests {
  @Test func everyTensorIsRead() throws {
    let folder = Fixtures.folder.appending(path: "tiny-sd2")
    let sound = try ModelDescription(ModelFolder(folder)).checkWeights()
    #expect(sound.map(\.component) == ["text_encoder", "unet", "vae"] && sound.allSatisfy(\.broken.isEmpty))
    let store = try WeightStore(folder: folder.appending(path: "vae"))
    #expect(sound[2].tensors == store.names.count)

    try Fixtures.withTemporaryFolder { (scratch) throws -> Void in
      let copy = scratch.appending(path: "model")
      try FileManager.default.copyItem(at: folder, to: copy)
      let places = [("decoder.conv_out.bias", [0]), ("encoder.conv_in.weight", [1, 5])]
      let tensors = try store.names.map { name in
        var tensor = try store.tensor(named: name)
        let broken = places.first { $0.0 == name }?.1 ?? []
        tensor.withUnsafeMutableValues { values in
          for (number, place) in broken.enumerated() { values[place] = number == 0 ? .nan : -.infinity }
        }
        return (name, tensor)
      }
      let file = copy.appending(path: "vae/diffusion_pytorch_model.safetensors")
      try FileManager.default.removeItem(at: file)
      try SafetensorsWriter.write(tensors, to: file)
      // The headers are as they should be, so the folder is described.
      let checks = try ModelDescription(ModelFolder(copy)).checkWeights()
      #expect(checks[0].broken.isEmpty && checks[1].broken.isEmpty)
      let found = Dictionary(uniqueKeysWithValues: checks[2].broken.map { ($0.name, $0.count) })
      #expect(found == ["decoder.conv_out.bias": 1, "encoder.conv_in.weight": 2])
    }
  }
}
