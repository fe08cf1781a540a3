import Checkpoints
import Foundation
import Tensors
import TestSupport

/// What `make_map_views.py` computed.
enum MapViewsFixture {
  private static let folder = Fixtures.folder.deletingLastPathComponent().appending(path: "AnalysisTests")

  static func tensors() throws -> SafetensorsFile {
    try SafetensorsFile(url: folder.appending(path: "map_views.safetensors"))
  }

  struct Numbers: Decodable {
    let layout, word: [String: Double]
    /// The shares of the first three components.
    let components: [String: [Double]]
  }

  static func numbers() throws -> Numbers {
    try JSONDecoder().decode(Numbers.self, from: Data(contentsOf: folder.appending(path: "map_views.json")))
  }
}

extension Tensor {
  /// The parts along the first axis.
  var parts: [[Float]] {
    let size = count / max(1, shape[0])
    return (0..<shape[0]).map { Array(values[($0 * size)..<(($0 + 1) * size)]) }
  }
}
