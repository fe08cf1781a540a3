import Attention
import Checkpoints
import DiffusionModels
import Foundation
import Pipelines

/// What a model folder holds.
struct ModelReport: Encodable {
  struct Component: Encodable {
    let name: String
    let parameters: Int
    /// Of the weights, in the files' own number formats.
    let bytes: Int
    let dtypes: [String]
  }

  struct Site: Encodable {
    let layer: Int
    let kind, path: String
    let height, width, heads: Int
  }

  let name: String
  var folder: String?
  /// In pixels by default.
  var height, width: Int?
  /// Pixels to a latent cell.
  var scale: Int?
  var scheduler, predictionType: String?
  var tokens: Int?
  var components: [Component] = []
  /// At the default size.
  var sites: [Site] = []
  let problems: [String]

  var parameters: Int { components.reduce(0) { $0 + $1.parameters } }

  /// A folder that cannot even be begun with.
  init(name: String, problems: [String]) {
    self.name = name
    self.problems = problems
  }

  /// Loads the folder, and looks for every problem if that fails.
  init(_ folder: ModelFolder) {
    let found: [String]
    let model: StableDiffusion?
    do {
      model = try StableDiffusion(folder: folder)
      found = []
    } catch {
      model = nil
      // A file error of Foundation's that is among them is put into words.
      let all = folder.problems().map { $0 == "\(error)" ? plainText(of: error) : $0 }
      found = all.isEmpty ? [plainText(of: error)] : all
    }
    name = folder.name
    self.folder = folder.url.path
    problems = found
    height = model?.defaultSize.height
    width = model?.defaultSize.width
    scale = model?.scale
    let configuration = model?.schedulerConfiguration ?? (try? folder.schedulerConfiguration())
    scheduler = folder.schedulerClass
    predictionType = configuration?.predictionType
    tokens = model?.tokenizer.maxLength
    components = ["text_encoder", "unet", "vae"].compactMap { Self.component($0, folder) }
    let unet = model?.unet ?? (try? UNet(folder: folder.url.appending(path: "unet")))
    let cells = unet?.configuration.sampleSize ?? UNetConfiguration.commonSampleSize
    sites = (unet?.sites(latentHeight: cells.height, latentWidth: cells.width, tokens: tokens ?? 77) ?? []).map {
      Site(
        layer: $0.layer, kind: $0.kind.rawValue, path: $0.path, height: $0.height, width: $0.width, heads: $0.heads)
    }
  }

  /// What the weight files' headers say; nil where they cannot be read.
  private static func component(_ name: String, _ folder: ModelFolder) -> Component? {
    guard let store = try? WeightStore(folder: folder.url.appending(path: name)) else { return nil }
    let entries = store.names.compactMap { store.entry($0) }
    return Component(
      name: name, parameters: entries.reduce(0) { $0 + $1.shape.reduce(1, *) },
      bytes: entries.reduce(0) { $0 + $1.byteRange.count }, dtypes: Set(entries.map { $0.dtype.rawValue }).sorted())
  }

  /// `128 x 128`, width before height.
  var pictureSize: String {
    if let height, let width { "\(width) x \(height)" } else { "?" }
  }

  var text: String {
    var facts = [("model", name), ("folder", folder ?? "?")]
    if let height, let width, let scale {
      facts.append(
        ("picture", "\(pictureSize) pixels (width x height), latents \(width / scale) x \(height / scale)"))
    }
    facts.append(("scheduler", (scheduler ?? "?") + (predictionType.map { ", predicts \($0)" } ?? "")))
    if let tokens { facts.append(("prompt", "\(tokens) tokens with start and end")) }
    facts += components.map {
      (
        $0.name,
        "\(Readable.count($0.parameters)) parameters, \(Readable.bytes($0.bytes)) \($0.dtypes.joined(separator: ", "))"
      )
    }
    facts.append(("problems", problems.isEmpty ? "none" : "\(problems.count)"))
    var table = Table(["layer", "kind", "grid", "heads", "path"], right: [0, 2, 3])
    for site in sites {
      table.add(["\(site.layer)", site.kind, "\(site.width)x\(site.height)", "\(site.heads)", site.path])
    }
    return list(facts)
      + (sites.isEmpty ? "" : "\nAttention sites (select them as self:4-14, cross:*, self:grid<=1/2):\n")
      + (table.isEmpty ? "" : table.text)
  }
}
