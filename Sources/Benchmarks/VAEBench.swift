import Checkpoints
import DiffusionModels
import Foundation
import Pipelines
import Tensors

/// Latents to a picture.
package enum VAEBench {
  /// - Parameters:
  ///   - folder: a model's; only its `vae` is read.
  ///   - label: of the model.
  package static func candidate(_ folder: ModelFolder, label: String, size: LatentSize) throws -> BenchCandidate {
    let url = folder.url.appending(path: "vae")
    let vae = try VAE(folder: url)
    let latents = random([1, size.height, size.width, vae.configuration.latentChannels], 41)
    return BenchCandidate(
      name: "VAE decode, \(label), \(size.width)x\(size.height) cells",
      operations: NetworkWork.decoder(
        try WeightStore(folder: url), vae.configuration, height: size.height, width: size.width)
    ) { _ = try vae.decode(latents) }
  }
}
