import Attention
import Pipelines
import Schedulers
import Tensors

/// What a plan has to know of a model; no weight is among it.
public struct PlanModel: Sendable {
  /// Of the model's folder.
  public let name: String
  /// Of the model's contents: part of every run's hash.
  public let hash: String
  public let memory: MemoryEstimate
  /// Pixels to a latent cell, along each side.
  public let scale: Int
  /// Of pictures, in pixels.
  public let defaultSize: GridSize
  public let schedulerConfiguration: SchedulerConfiguration
  /// The model's own scheduler.
  /// - Throws: `SchedulerError` if it is not computed here.
  let ownScheduler: @Sendable () throws(SchedulerError) -> SchedulerKind
  /// What has to be said where the model's own scheduler is used; nil for most.
  let schedulerRemark: String?
  /// - Throws: `SizeError` for a size in pixels that the model cannot make: height, width.
  let checkSize: @Sendable (Int, Int) throws(SizeError) -> Void
  /// The attentions of the UNet for latents of a height and width.
  let sites: @Sendable (Int, Int) -> [AttentionSite]
  /// The residual features of the UNet for latents of a height and width.
  let residuals: @Sendable (Int, Int) -> [ResidualSite]
  /// Of each of the sites, the values of a vector of all heads.
  let siteChannels: [Int]
  let encode: @Sendable (String) -> PromptTokens

  package init(
    name: String, hash: String, memory: MemoryEstimate, scale: Int, defaultSize: GridSize,
    schedulerConfiguration: SchedulerConfiguration,
    schedulerRemark: String? = nil, ownScheduler: @escaping @Sendable () throws(SchedulerError) -> SchedulerKind,
    checkSize: @escaping @Sendable (Int, Int) throws(SizeError) -> Void,
    sites: @escaping @Sendable (Int, Int) -> [AttentionSite],
    residuals: @escaping @Sendable (Int, Int) -> [ResidualSite] = { _, _ in [] }, siteChannels: [Int],
    encode: @escaping @Sendable (String) -> PromptTokens
  ) {
    self.name = name
    self.hash = hash
    self.memory = memory
    self.scale = scale
    self.defaultSize = defaultSize
    self.schedulerConfiguration = schedulerConfiguration
    self.schedulerRemark = schedulerRemark
    self.ownScheduler = ownScheduler
    self.checkSize = checkSize
    self.sites = sites
    self.residuals = residuals
    self.siteChannels = siteChannels
    self.encode = encode
  }
}

extension PlanModel {
  /// - Parameter hash: of the folder's contents.
  public init(_ model: ModelDescription, hash: String) {
    self.init(
      name: model.folder.name, hash: hash, memory: model.memory, scale: model.scale, defaultSize: model.defaultSize,
      schedulerConfiguration: model.schedulerConfiguration,
      schedulerRemark: model.folder.schedulerRemark(model.schedulerConfiguration),
      ownScheduler: { () throws(SchedulerError) in try model.defaultScheduler },
      checkSize: { (height, width) throws(SizeError) in try model.checkSize(height: height, width: width) },
      sites: { model.unet.sites(latentHeight: $0, latentWidth: $1, tokens: model.tokenizer.maxLength) },
      residuals: { model.unet.residualSites(latentHeight: $0, latentWidth: $1) },
      siteChannels: model.unet.siteChannels, encode: { model.tokenizer.encode($0) })
  }
}
