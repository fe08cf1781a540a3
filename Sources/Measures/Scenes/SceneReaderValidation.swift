import Checkpoints
import Foundation

/// How right a scene reader was on scenes that it was not trained on: `validation.json` beside its weights.
public struct SceneReaderValidation: Hashable, Sendable {
  /// Scenes that were read; 0: it was not validated.
  public let scenes: Int
  /// By what was asked: shares of right answers 0-1, or mean errors.
  public let values: [String: Double]

  /// What is measured of a scene reader, and its unit: shares of right answers, then errors.
  public static let shares = ["object", "color", "facing", "background", "style", "mask"]
  public static let errors = ["center", "size"]

  /// - Throws: `CheckpointError` if the file is there and cannot be read.
  public init(folder: URL) throws(CheckpointError) {
    let url = folder.appending(path: "validation.json")
    guard FileManager.default.fileExists(atPath: url.path) else {
      (scenes, values) = (0, [:])
      return
    }
    var file = try ConfigFile(contentsOf: url)
    scenes = file.int("scenes", in: 1...Int.max)
    var values: [String: Double] = [:]
    for name in Self.shares { values[name] = file.optionalDouble(name, in: 0...1) }
    for name in Self.errors { values[name] = file.optionalDouble(name, in: 0...Double.greatestFiniteMagnitude) }
    try file.finish()
    self.values = values
  }

  /// `object 98.1 %, center off by 0.006 picture widths`; of what was not measured it says so.
  public func text(_ names: [String]) -> String {
    names.map { name in
      guard let value = values[name] else { return "\(name) not measured" }
      switch name {
      case "center": return String(format: "center off by %.3f picture widths", value)
      case "size": return String(format: "size off by %.3f log2", value)
      case "mask": return String(format: "mask IoU %.3f", value)
      default: return String(format: "%@ right %.1f %%", name, 100 * value)
      }
    }.joined(separator: ", ")
  }
}
