import Attention
import Checkpoints
import DiffusionModels
import Foundation
import Schedulers
import Tensors

/// What a model folder is, from its config files, its tokenizer and the headers of its weights: no weight is read.
///
/// Whoever has one knows that the folder will load: config files are read and checked, components fit one another, and the
/// tensors of each have the names and shapes that its config asks for. `StableDiffusion(description)` then reads the weights.
public struct ModelDescription: Sendable {
  public let folder: ModelFolder
  public let schedulerConfiguration: SchedulerConfiguration
  public let tokenizer: CLIPTokenizer
  public let text: CLIPTextConfiguration
  public let unet: UNetConfiguration
  public let vae: VAEConfiguration
  /// `text_encoder`, `unet` and `vae`.
  public let components: [ModelComponent]

  let stores: Stores

  /// The weight files of each network, mapped.
  struct Stores: Sendable {
    let text, unet, vae: WeightStore
  }

  /// Reads everything of a folder but its weights.
  /// - Throws: `ModelFolderError` with every problem of the parts, and of what does not fit between them.
  public init(_ folder: ModelFolder) throws(ModelFolderError) {
    var collector = ProblemCollector()
    let scheduler = collector.attempt { try folder.schedulerConfiguration() }
    let tokenizer = collector.attempt { try CLIPTokenizer(folder: folder.component("tokenizer")) }
    let text = collector.attempt { try CLIPTextEncoder.configuration(folder.component("text_encoder")) }
    let unet = collector.attempt { try UNet.configuration(folder.component("unet")) }
    let vae = collector.attempt { try VAE.configuration(folder.component("vae")) }

    // What does not fit together can be told only of parts that can be read; it comes before what follows from it.
    if let unet, let vae, let text, let tokenizer {
      collector.attempt { try ComponentFit(unet: unet, vae: vae, text: text, tokenizer: tokenizer).check() }
    }
    let textStore = collector.headers(CLIPTextEncoder.self, text, folder.component("text_encoder"))
    let unetStore = collector.headers(UNet.self, unet, folder.component("unet"))
    let vaeStore = collector.headers(VAE.self, vae, folder.component("vae"))

    guard collector.errors.isEmpty, let scheduler, let tokenizer, let text, let unet, let vae, let textStore,
      let unetStore, let vaeStore
    else { throw ModelFolderError(folder: folder.name, collector.errors) }
    self.folder = folder
    schedulerConfiguration = scheduler
    (self.tokenizer, self.text, self.unet, self.vae) = (tokenizer, text, unet, vae)
    stores = Stores(text: textStore, unet: unetStore, vae: vaeStore)
    components = [
      ModelComponent("text_encoder", textStore), ModelComponent("unet", unetStore), ModelComponent("vae", vaeStore),
    ]
  }

  /// Pixels to a latent cell, along each side.
  public var scale: Int { vae.scale }

  /// How much memory the model takes.
  public var memory: MemoryEstimate { MemoryEstimate(self) }

  /// Height and width in pixels that the model was trained for: `sample_size` of the UNet is in cells; 64 x 64 cells where
  /// the file does not say.
  public var defaultSize: GridSize {
    let cells = unet.sampleSize ?? UNetConfiguration.commonSampleSize
    return GridSize(height: cells.height * scale, width: cells.width * scale)
  }

  /// The scheduler that the folder asks for.
  /// - Throws: `SchedulerError` if it is not computed here; see `ModelFolder.defaultScheduler`.
  public var defaultScheduler: SchedulerKind {
    get throws(SchedulerError) { try folder.defaultScheduler(schedulerConfiguration) }
  }

  /// All attentions of the UNet in forward order.
  /// - Parameters:
  ///   - height: of the pictures, in pixels; a multiple of `scale`.
  ///   - width: likewise.
  public func sites(height: Int, width: Int) -> [AttentionSite] {
    unet.sites(latentHeight: height / scale, latentWidth: width / scale, tokens: tokenizer.maxLength)
  }

  /// Checks a size in pixels.
  /// - Throws: `SizeError` unless both sides are positive multiples of `scale`, at most 8192.
  public func checkSize(height: Int, width: Int) throws(SizeError) {
    if let error = SizeError(height: height, width: width, multiple: scale) { throw error }
  }
}

/// What the headers of a component's weight files say.
public struct ModelComponent: Codable, Hashable, Sendable {
  /// The folder's name: `unet`.
  public let name: String
  /// Values in all tensors.
  public let parameters: Int
  /// Of all tensors, in the files' own number formats.
  public let bytes: Int
  /// The number formats, as `F16`, in alphabetical order.
  public let dtypes: [String]

  init(_ name: String, _ store: WeightStore) {
    self.name = name
    let entries = store.names.compactMap { store.entry($0) }
    parameters = entries.reduce(0) { $0 + $1.shape.reduce(1, *) }
    bytes = entries.reduce(0) { $0 + $1.byteRange.count }
    dtypes = Set(entries.map { $0.dtype.rawValue }).sorted()
  }

  /// The component of a folder; nil where its weights cannot be found or their headers are damaged.
  public init?(_ name: String, of folder: ModelFolder) {
    guard let store = try? WeightStore(folder: folder.component(name)) else { return nil }
    self.init(name, store)
  }
}

/// Everything that keeps a model folder from being used.
public struct ModelFolderError: Error, CustomStringConvertible {
  /// The folder's name.
  public let folder: String
  /// What the readers of its parts said: `CheckpointError`, `SchedulerError`, or a file error. Never empty.
  public let errors: [any Error]

  init(folder: String, _ errors: [any Error]) {
    self.folder = folder
    self.errors = errors
  }

  /// One text a part, each of one or several lines.
  public var problems: [String] { errors.map { "\($0)" } }

  public var description: String { problems.joined(separator: "\n") }
}

/// Goes on after a failure, so that a folder is mended once.
private struct ProblemCollector {
  private(set) var errors: [any Error] = []

  @discardableResult
  mutating func attempt<T>(_ body: () throws -> T) -> T? {
    do { return try body() } catch {
      errors.append(error)
      return nil
    }
  }

  /// The weight files of a network whose config could be read, held against it; nil after a failure.
  mutating func headers<Network: FolderNetwork>(
    _: Network.Type, _ configuration: Network.Configuration?, _ folder: URL
  ) -> WeightStore? {
    attempt {
      let store = try WeightStore(folder: folder)
      if let configuration { try Network.checkHeaders(configuration, store) }
      return store
    }
  }
}
