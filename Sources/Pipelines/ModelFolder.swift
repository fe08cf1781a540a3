import Checkpoints
import DiffusionModels
import Foundation
import Schedulers

/// A Stable Diffusion checkpoint in the diffusers folder layout, before its weights are loaded.
public struct ModelFolder: Sendable {
  public let url: URL
  /// The folder's name, for messages and reports.
  public var name: String { url.lastPathComponent }

  /// The class of the scheduler that `model_index.json` names.
  public let schedulerClass: String

  /// - Throws: `CheckpointError` if the folder has no `model_index.json`, its index names a pipeline or components of classes
  ///   that are not computed here, or something else than a file stands in the place of one.
  public init(_ url: URL) throws(CheckpointError) {
    self.url = url
    let index = url.appending(path: "model_index.json")
    guard FileManager.default.fileExists(atPath: index.path) else {
      throw CheckpointError(
        .init(
          file: url.path, field: "model_index.json", found: "missing",
          expected: "a Stable Diffusion pipeline in the diffusers folder layout"),
        advice: "Save one with diffusers: StableDiffusionPipeline.save_pretrained(\"folder\").")
    }
    var file = try ConfigFile(contentsOf: index, named: "model_index.json")
    schedulerClass = PipelineClass(&file).scheduler
    let advice = file.problems.isEmpty ? nil : PipelineClass.advice
    file.note(
      contentFiles.compactMap { irregularity(of: $0, named: $0.pathComponents.suffix(2).joined(separator: "/")) })
    guard file.problems.isEmpty else { throw CheckpointError(file.problems, advice: advice) }
  }

  /// The folder of a component.
  func component(_ name: String) -> URL { url.appending(path: name) }

  /// `scheduler/scheduler_config.json`.
  /// - Throws: `SchedulerError`, or `CheckpointError` if the file cannot be read.
  public func schedulerConfiguration() throws -> SchedulerConfiguration {
    let file = component("scheduler").appending(path: "scheduler_config.json")
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw CheckpointError(
        .init(
          file: url.path, field: "scheduler/scheduler_config.json", found: "missing or unreadable",
          expected: "the settings of a scheduler"), advice: "Save the whole pipeline again with diffusers.")
    }
    return try SchedulerConfiguration(json: Data(readText(file, named: "scheduler/scheduler_config.json").utf8))
  }

  /// The files that decide what the model computes, in a fixed order: what a hash of the model covers.
  public var contentFiles: [URL] {
    PipelineClass.components.flatMap { component in
      let folder = self.component(component.name)
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      return names.sorted()
        .filter { $0.hasSuffix(".json") || $0.hasSuffix(".txt") || $0.hasSuffix(".safetensors") }
        .map { folder.appending(path: $0) }
    }
  }

  /// Every problem of the folder that can be found without computing: of the index, of each component's config and
  /// weights, and between components.
  public func problems() -> [String] {
    var problems: [String] = []
    func attempt(_ body: () throws -> Void) {
      do { try body() } catch { problems.append("\(error)") }
    }
    attempt { try checkScheduler() }
    attempt { _ = try CLIPTokenizer(folder: component("tokenizer")) }
    attempt { _ = try CLIPTextEncoder(folder: component("text_encoder")) }
    attempt { _ = try VAE(folder: component("vae")) }
    attempt { _ = try UNet(folder: component("unet")) }
    // What does not fit together can be told only of parts that can be read.
    if let shapes = try? Shapes(self) { attempt { try shapes.check() } }
    return problems
  }
}

/// What the components' config files say of one another, without their weights.
struct Shapes {
  let unet: UNetConfiguration
  let vae: VAEConfiguration
  let text: CLIPTextConfiguration
  let tokenizer: CLIPTokenizer

  init(_ folder: ModelFolder) throws {
    func config(_ component: String) throws -> ConfigFile {
      try ConfigFile(contentsOf: folder.component(component).appending(path: "config.json"))
    }
    tokenizer = try CLIPTokenizer(folder: folder.component("tokenizer"))
    text = try CLIPTextConfiguration(config("text_encoder"))
    vae = try VAEConfiguration(config("vae"))
    unet = try UNetConfiguration(config("unet"))
  }

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
