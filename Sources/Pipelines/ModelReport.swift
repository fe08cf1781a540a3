import Attention
import DiffusionModels
import Formatting
import Foundation

/// What a model folder holds, as `models` prints it.
package struct ModelReport: Encodable {
  package struct Site: Encodable {
    let layer: Int
    let kind, path: String
    let height, width, heads: Int
  }

  package let name: String
  package private(set) var folder: String?
  /// In pixels by default.
  private(set) var height, width: Int?
  /// Pixels to a latent cell.
  private(set) var scale: Int?
  package private(set) var scheduler: String?
  private(set) var predictionType: String?
  private(set) var tokens: Int?
  private(set) var components: [ModelComponent] = []
  /// Where all weights were read.
  private(set) var weights: [WeightCheck]?
  /// At the default size.
  private(set) var sites: [Site] = []
  package private(set) var problems: [String]

  package var parameters: Int { components.reduce(0) { $0 + $1.parameters } }

  /// A folder that cannot even be begun with.
  package init(name: String, problems: [String]) {
    self.name = name
    self.problems = problems
  }

  /// Examines the folder.
  /// - Parameter readsWeights: whether all weights are read, to see that they are finite.
  package init(_ folder: ModelFolder, readsWeights: Bool = false) {
    let (description, found) = folder.examined()
    name = folder.name
    self.folder = folder.url.path
    problems = found
    height = description?.defaultSize.height
    width = description?.defaultSize.width
    scale = description?.scale
    scheduler = folder.schedulerClass
    predictionType = (description?.schedulerConfiguration ?? (try? folder.schedulerConfiguration()))?.predictionType
    tokens = description?.tokenizer.maxLength
    components = ["text_encoder", "unet", "vae"].compactMap { ModelComponent($0, of: folder) }
    let unet = description?.unet ?? (try? UNet.configuration(folder.url.appending(path: "unet")))
    let cells = unet?.sampleSize ?? UNetConfiguration.commonSampleSize
    sites = (unet?.sites(latentHeight: cells.height, latentWidth: cells.width, tokens: tokens ?? 77) ?? []).map {
      Site(
        layer: $0.layer, kind: $0.kind.rawValue, path: $0.path, height: $0.height, width: $0.width, heads: $0.heads)
    }
    guard readsWeights, let description else { return }
    do {
      let checks = try description.checkWeights()
      weights = checks
      problems += checks.filter { !$0.broken.isEmpty }.map(Self.text)
    } catch {
      problems.append("\(error)")
    }
  }

  /// The tensors of a component that are not finite, in at most twenty lines.
  private static func text(_ check: WeightCheck) -> String {
    let shown = check.broken.prefix(20)
    var lines = ["\(check.component): \(check.broken.count) of \(check.tensors) tensors are not finite:"]
    lines += shown.map { "  \(printable($0.name)): \($0.count) of \($0.size) values" }
    if check.broken.count > shown.count { lines.append("  ... and \(check.broken.count - shown.count) more") }
    return lines.joined(separator: "\n")
  }

  /// `128 x 128`, width before height.
  package var pictureSize: String {
    if let height, let width { "\(width) x \(height)" } else { "?" }
  }

  package var text: String {
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
    if let weights {
      let broken = weights.reduce(0) { $0 + $1.broken.count }
      let count = weights.reduce(0) { $0 + $1.tensors }
      facts.append(
        ("weights", broken == 0 ? "all \(count) tensors are finite" : "\(broken) of \(count) tensors are not finite"))
    }
    facts.append(("problems", problems.isEmpty ? "none" : "\(problems.count)"))
    var table = TextTable(["layer", "kind", "grid", "heads", "path"], right: [0, 2, 3])
    for site in sites {
      table.add(["\(site.layer)", site.kind, "\(site.width)x\(site.height)", "\(site.heads)", site.path])
    }
    return TextTable.facts(facts)
      + (sites.isEmpty ? "" : "\nAttention sites (select them as self:4-14, cross:*, self:grid<=1/2):\n")
      + (table.isEmpty ? "" : table.text)
  }
}
