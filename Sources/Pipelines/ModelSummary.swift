import DiffusionModels
import Schedulers

/// What is kept of a model beside results: what it was, and how to find it again.
public struct ModelSummary: Codable, Hashable, Sendable {
  /// The folder's name.
  public let name: String
  /// The folder's path when it was read.
  public let path: String
  /// SHA-256 over the names and contents of the files that decide what it computes; see `ModelFolder.contentHash`.
  public let contentHash: String
  /// The classes of diffusers that `model_index.json` names.
  public let pipelineClass, schedulerClass: String
  /// `scheduler/scheduler_config.json`.
  public let scheduler: SchedulerConfiguration
  /// The pictures that it was trained for, in pixels.
  public let defaultHeight, defaultWidth: Int
  /// Pixels to a latent cell, along each side.
  public let scale: Int
  /// Channels of the latents.
  public let latentChannels: Int
  /// Positions of a prompt, start and end included.
  public let tokens: Int
  /// Channels of an encoded prompt.
  public let textHiddenSize: Int
  /// `text_encoder`, `unet` and `vae`: how many parameters, and in which number formats.
  public let components: [ModelComponent]
  public let memory: MemoryEstimate
}

extension ModelDescription {
  /// How much memory the model takes.
  public var memory: MemoryEstimate { MemoryEstimate(self) }

  /// What is kept of the model.
  /// - Parameter contentHash: as `folder.contentHash` gives it.
  public func summary(contentHash: String) -> ModelSummary {
    ModelSummary(
      name: folder.name, path: folder.url.path, contentHash: contentHash, pipelineClass: folder.pipelineClass,
      schedulerClass: folder.schedulerClass, scheduler: schedulerConfiguration, defaultHeight: defaultSize.height,
      defaultWidth: defaultSize.width, scale: scale, latentChannels: vae.latentChannels, tokens: tokenizer.maxLength,
      textHiddenSize: text.hiddenSize, components: components, memory: memory)
  }
}
