import Files
import Foundation

/// An array of objects, one a map and a line, whose values are nested as `axes` names them.
///
/// Cross maps have the axes `query_y, query_x, key`, with `labels` for the keys; self maps `query_y, query_x, key_y, key_x`.
/// `of` is the quantity; vectors have other axes.
struct JSONRecordFile: RecordFile {
  private let file: NewFile
  private let origin: [(String, String)]

  init(_ file: NewFile, _ origin: ExportOrigin) throws {
    self.file = file
    self.origin = [
      ("run", try jsonText(origin.run)), ("prompt", try jsonText(origin.prompt)), ("seed", "\(origin.seed)"),
      ("intervention", try jsonText(origin.intervention)), ("record", try jsonText(origin.record)),
      ("of", try jsonText(origin.quantity.rawValue)),
    ]
    try file.append("[")
  }

  func append(_ array: ExportedArray) throws {
    let map = array.map
    let isSquare = array.isOfSelfMap && array.keys == map.height * map.width
    let axes =
      isSquare
      ? ["query_y", "query_x", "key_y", "key_x"] : array.quantity.axes(isText: map.site.kind == .cross)
    let shape = [map.height, map.width] + (isSquare ? [map.height, map.width] : [array.keys])
    let members =
      origin + [
        ("site", try jsonText(map.site.path)), ("layer", "\(map.site.layer)"),
        ("kind", try jsonText(map.site.kind.rawValue)), ("step", "\(map.step)"),
        ("timestep", Self.number(map.timestep)),
        ("branch", try jsonText(map.branch.rawValue)), ("head", map.head.map(String.init) ?? "null"),
        ("axes", try jsonText(axes)), ("shape", try jsonText(shape)),
      ] + (array.labels.isEmpty ? [] : [("labels", try jsonText(array.labels))])
    let head = members.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ")
    // The bracket of the array is the file's only other sign so far.
    try file.append((file.count > 1 ? ",\n" : "\n") + "{\(head), \"values\": [")
    for y in 0..<map.height {
      let cells = (0..<map.width).map { x in
        let start = (y * map.width + x) * array.keys
        let keys = array.values[start..<(start + array.keys)]
        let rows = isSquare ? stride(from: 0, to: array.keys, by: map.width).map { Self.list(keys, $0, map.width) } : []
        return isSquare ? "[\(rows.joined(separator: ", "))]" : Self.list(keys, 0, array.keys)
      }
      try file.append((y == 0 ? "" : ", ") + "[\(cells.joined(separator: ", "))]")
    }
    try file.append("]}")
  }

  func finish() throws {
    try file.append("\n]\n")
    try file.finish()
  }

  private static func list(_ values: ArraySlice<Float>, _ offset: Int, _ count: Int) -> String {
    let start = values.startIndex + offset
    return "[\(values[start..<(start + count)].map(number).joined(separator: ", "))]"
  }

  /// The shortest digits that read back to the same number; JSON has no infinity and nothing for what is no number.
  private static func number<Value: BinaryFloatingPoint>(_ value: Value) -> String {
    value.isFinite ? "\(value)" : "null"
  }
}

/// A value as JSON text in one line, slashes as they are.
func jsonText(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
