import Checkpoints
import DiffusionModels
import Foundation
import Pipelines

/// The size of latents for pixels, from the configs of a model alone.
package struct LatentSize {
  /// In cells.
  package let height, width: Int

  /// - Parameters:
  ///   - height, width: in pixels; nil: what the model was trained for.
  /// - Throws: `BenchmarkError` for sides that are not multiples of a cell, each by its name.
  package init(_ folder: ModelFolder, height: Int?, width: Int?) throws {
    func config(_ name: String) throws -> ConfigFile {
      try ConfigFile(contentsOf: folder.url.appending(path: "\(name)/config.json"))
    }
    let scale = try VAEConfiguration(config("vae")).scale
    let trained = try UNetConfiguration(config("unet")).sampleSize ?? UNetConfiguration.commonSampleSize
    let problems = [("height", height), ("width", width)].compactMap { name, side in
      side.flatMap {
        (scale...8192).contains($0) && $0 % scale == 0
          ? nil : "\(name): \($0) is not a multiple of \(scale) pixels from \(scale) to 8192"
      }
    }
    guard problems.isEmpty else { throw BenchmarkError(problems) }
    self.height = height.map { $0 / scale } ?? trained.height
    self.width = width.map { $0 / scale } ?? trained.width
  }
}
