import Attention
import Files
import Formatting
import Foundation
import Tensors

/// A file that takes all exported maps of one record, one after the other.
protocol RecordFile {
  func append(_ array: ExportedArray) throws
  /// Makes the file whole, and gives it its name.
  func finish() throws
}

/// A map as files of numbers hold it: with all its keys, or with those of the words asked for.
struct ExportedArray {
  let map: ExportedMap
  let quantity: RecordedQuantity
  /// Says which map it is; unique in a record.
  let name: String
  /// `[height, width, keys]`
  let values: [Float]
  let keys: Int
  /// What the keys of a cross map are, where that is known; empty for self-attention.
  let labels: [String]

  var shape: [Int] { [map.height, map.width, keys] }

  /// Whether keys are the cells of the map's own grid.
  var isOfSelfMap: Bool { quantity.isMap && map.site.kind == .selfAttention }
}

extension RecordedQuantity {
  /// The names of the axes of an exported array.
  /// - Parameter isText: whether the attention's keys are tokens.
  func axes(isText: Bool) -> [String] {
    switch self {
    case .probabilities, .scores, .logRatio: ["query_y", "query_x", "key"]
    case .queries, .output: ["query_y", "query_x", "channel"]
    case .keys, .values: isText ? ["one", "channel", "key"] : ["key_y", "key_x", "channel"]
    }
  }
}

/// Where the maps of a record come from.
struct ExportOrigin {
  let run: String
  let prompt: String
  let intervention: String
  let seed: Seed
  let record: String
  let quantity: RecordedQuantity
}

/// One table, a line for each value.
struct CSVRecordFile: RecordFile {
  private let file: NewFile

  init(_ file: NewFile) throws {
    self.file = file
    try file.append(
      CSVTable.line([
        "site", "layer", "kind", "step", "timestep", "branch", "head", "y", "x", "key", "label", "value",
      ]))
  }

  func append(_ array: ExportedArray) throws {
    let map = array.map
    let labels = (0..<array.keys).map { key in
      array.isOfSelfMap
        ? "\(key / map.width) \(key % map.width)"
        : CSVTable.field(array.labels.indices.contains(key) ? array.labels[key] : "")
    }
    let start =
      "\(map.site.path),\(map.site.layer),\(map.site.kind.rawValue),\(map.step),\(map.timestep),\(map.branch.rawValue),"
      + (map.head.map(String.init) ?? "") + ","
    // A row of the grid at a time: a self map of 64x64 cells has 16 million lines.
    for y in 0..<map.height {
      var lines = ""
      for x in 0..<map.width {
        for key in 0..<array.keys {
          lines += "\(start)\(y),\(x),\(key),\(labels[key]),\(array.values[(y * map.width + x) * array.keys + key])\n"
        }
      }
      try file.append(lines)
    }
  }

  func finish() throws { try file.finish() }
}
