import Checkpoints
import ExperimentFiles
import Files
import Foundation
import Tensors

/// One safetensors file, a float32 tensor `[height, width, keys]` for each map, and what they are in its metadata.
///
/// The format's header names every tensor before the first value, so a record's maps are held in memory until the end.
final class SafetensorsRecordFile: RecordFile {
  private let file: NewFile
  private let origin: ExportOrigin
  private let labels: [String]
  private var tensors: [(name: String, tensor: Tensor)] = []
  /// By tensor.
  private var maps: [String: Place] = [:]

  /// Which map a tensor holds, as the metadata's `maps` says it.
  private struct Place: Encodable {
    let site: String
    let layer: Int
    let kind: String
    let step: Int
    let timestep: Double
    let branch: String
    /// Left out for the mean over heads.
    let head: Int?
  }

  init(_ file: NewFile, _ origin: ExportOrigin, labels: [String]) {
    self.file = file
    self.origin = origin
    self.labels = labels
  }

  func append(_ array: ExportedArray) throws {
    let map = array.map
    tensors.append((array.name, try Tensor(array.values, shape: array.shape)))
    maps[array.name] = Place(
      site: map.site.path, layer: map.site.layer, kind: map.site.kind.rawValue, step: map.step, timestep: map.timestep,
      branch: map.branch.rawValue, head: map.head)
  }

  func finish() throws {
    let kinds = [false, true].map { origin.quantity.axes(isText: $0).joined(separator: ",") }
    let axes = kinds[0] == kinds[1] ? kinds[0] : "\(kinds[0]); at cross-attention \(kinds[1])"
    let metadata = [
      "format": "pt", "software": "attnlab \(attnlabVersion)", "axes": axes, "of": origin.quantity.rawValue,
      "run": origin.run,
      "prompt": origin.prompt, "seed": "\(origin.seed)", "intervention": origin.intervention, "record": origin.record,
      "labels": try jsonText(labels), "maps": try jsonText(maps),
    ]
    try SafetensorsWriter.write(tensors, metadata: metadata, to: file)
  }
}
