import Checkpoints
import DiffusionModels

/// What the components' config files say of one another, without their weights.
struct ComponentFit {
  let unet: UNetConfiguration
  let vae: VAEConfiguration
  let text: CLIPTextConfiguration
  let tokenizer: CLIPTokenizer

  /// Whether components that are each whole fit one another.
  /// - Throws: `CheckpointError` with all that does not.
  func check() throws(CheckpointError) {
    var problems: [CheckpointError.Problem] = []
    var advice = "The folders come from different models: fetch all of one model."
    func compare(_ file: String, _ key: String, _ found: Int, _ other: String, _ expected: Int) {
      if found != expected {
        problems.append(.init(file: file, field: key, found: "\(found)", expected: "\(expected), \(other)"))
      }
    }
    compare(
      "unet/config.json", "cross_attention_dim", unet.crossAttentionDim,
      "the hidden_size of text_encoder/config.json", text.hiddenSize)
    if let kind = unet.kindOfPictureInput(latentChannels: vae.latentChannels) {
      problems.append(
        .init(
          file: "unet/config.json", field: "in_channels", found: "\(unet.inChannels), those of \(kind)",
          expected: "\(vae.latentChannels), the latent_channels of vae/config.json"))
      advice = "attnlab computes text-to-image alone: give the folder of a model without such an input."
    } else {
      compare(
        "unet/config.json", "in_channels", unet.inChannels,
        "the latent_channels of vae/config.json", vae.latentChannels)
    }
    compare(
      "unet/config.json", "out_channels", unet.outChannels,
      "the latent_channels of vae/config.json", vae.latentChannels)
    problems += text.misfits(of: tokenizer, in: "tokenizer", config: "text_encoder/config.json")
    guard problems.isEmpty else { throw CheckpointError(problems, advice: advice) }
  }
}

extension UNetConfiguration {
  /// What a UNet of so many channels takes beside the latents, as Stable Diffusion's other models do; nil if none of them.
  fileprivate func kindOfPictureInput(latentChannels: Int) -> String? {
    guard outChannels == latentChannels else { return nil }
    return switch inChannels - latentChannels {
    case latentChannels + 1: "an inpainting model, which takes a mask and a masked picture beside the latents"
    case latentChannels: "an InstructPix2Pix model, which takes a picture beside the latents"
    case 1: "a depth-to-image model, which takes a depth map beside the latents"
    case 3: "an upscaler, which takes a small picture beside the latents"
    default: nil
    }
  }
}
