import AttentionTracing
import Foundation
import Plotting
import Tensors

/// Writes the maps of an export one by one.
struct ExportWriter {
  let selection: MapSelection
  let request: MapExportRequest
  let folder: URL
  /// The run's own, for overlays.
  var picture: Picture?
  private(set) var files: [URL] = []
  private var names = Set<String>()
  private var table: PartialFile?

  init(selection: MapSelection, request: MapExportRequest, folder: URL) {
    self.selection = selection
    self.request = request
    self.folder = folder
  }

  mutating func begin(_ record: MapSelection.Record) throws {
    switch request.format {
    case .png: break
    case .npy where !record.labels.isEmpty && record.sites.contains { selection.siteOfID[$0]?.kind == .cross }:
      var keys = CSVTable(["key", "label"])
      for (key, label) in (record.words?.map(\.label) ?? record.labels).enumerated() { keys.append(["\(key)", label]) }
      try write(keys.data, as: "keys_\(fileName(record.name)).csv")
    case .npy: break
    case .csv:
      table = try PartialFile(claim("maps_\(fileName(record.name)).csv"))
      try table?.append(Self.header)
    }
  }

  mutating func end() throws {
    guard let table else { return }
    self.table = nil
    files.append(try table.finish())
  }

  mutating func add(_ map: ExportedMap, _ record: MapSelection.Record) throws {
    switch request.format {
    case .png: try draw(map, record)
    case .npy:
      let words = map.site.kind == .cross ? record.words : nil
      let values = try words.map { try Self.columns($0.map(\.keys), of: map) } ?? map.values
      let shape = [map.height, map.width, words?.count ?? map.keys]
      try write(NPYFile.encode(values, shape: shape), as: name(map, record, nil) + ".npy")
    case .csv: try append(map, record)
    }
  }

  /// `[height, width, words]`
  private static func columns(_ words: [[Int]], of map: ExportedMap) throws -> [Float] {
    let sums = try words.map { try map.sum(over: $0) }
    return (0..<(map.height * map.width)).flatMap { cell in sums.map { $0[cell] } }
  }

  // MARK: - Tables

  private static let header = CSVTable.line([
    "site", "layer", "kind", "step", "timestep", "branch", "head", "y", "x", "key", "label", "value",
  ])

  private mutating func append(_ map: ExportedMap, _ record: MapSelection.Record) throws {
    let words = map.site.kind == .cross ? record.words : nil
    let values = try words.map { try Self.columns($0.map(\.keys), of: map) } ?? map.values
    let count = words?.count ?? map.keys
    let labels = (0..<count).map { key in
      map.site.kind == .selfAttention
        ? "\(key / map.width) \(key % map.width)"
        : CSVTable.field(words?[key].label ?? (record.labels.indices.contains(key) ? record.labels[key] : ""))
    }
    let start =
      "\(map.site.path),\(map.site.layer),\(map.site.kind.rawValue),\(map.step),\(map.timestep),\(map.branch.rawValue),"
      + (map.head.map(String.init) ?? "") + ","
    // A row of the grid at a time: a self map of 64x64 cells has 16 million lines.
    for y in 0..<map.height {
      var lines = ""
      for x in 0..<map.width {
        for key in 0..<count {
          lines += "\(start)\(y),\(x),\(key),\(labels[key]),\(values[(y * map.width + x) * count + key])\n"
        }
      }
      try table?.append(lines)
    }
  }

  // MARK: - Pictures

  private mutating func draw(_ map: ExportedMap, _ record: MapSelection.Record) throws {
    if map.site.kind == .selfAttention {
      let cell = request.point.cell(width: map.width, height: map.height)
      let start = (cell.y * map.width + cell.x) * map.keys
      let looks = try HeatMap(
        width: map.width, height: map.height, values: Array(map.values[start..<(start + map.keys)]))
      let title = title(map, "where a point looks")
      let figure =
        try picture.map {
          try Figures.selfAttention(
            title: title, picture: $0, query: request.point, maps: [LabeledMap(map.site.figureLabel, looks)],
            scale: .perMap,
            colorMap: request.colorMap)
        } ?? bare(map, looks, title)
      return try write(figure, title, as: name(map, record, "x\(cell.x)-y\(cell.y)"))
    }
    for word in record.words ?? record.allWords {
      let sum = try HeatMap(width: map.width, height: map.height, values: map.sum(over: word.keys))
      let title = title(map, "\"\(word.label)\"")
      let figure =
        try picture.map {
          try Figures.wordHeatMap(
            title: title, picture: $0, word: LabeledMap(word.label, sum), colorMap: request.colorMap)
        } ?? bare(map, sum, title)
      try write(figure, title, as: name(map, record, word.label))
    }
  }

  /// A map alone, with its color bar.
  private func bare(_ map: ExportedMap, _ heat: HeatMap, _ title: String) throws -> Picture {
    try Figures.layerStepGrid(
      title: title, rows: [LayerRow(map.site.figureLabel, [heat])], steps: ["\(map.step)"], scale: .perMap,
      colorMap: request.colorMap)
  }

  private func title(_ map: ExportedMap, _ what: String) -> String {
    let head = map.head.map { "head \($0)" } ?? "mean of heads"
    return "\(selection.run.prompt) · \(what) · \(map.site.shortName) · step \(map.step) · \(head)"
  }

  // MARK: - Files

  /// `step-00_cross-12_up_blocks.2.attentions.1_car`
  private func name(_ map: ExportedMap, _ record: MapSelection.Record, _ word: String?) -> String {
    let digits = max(2, String(selection.records.flatMap(\.steps).max() ?? 0).count)
    let step = String(map.step)
    let padded = String(repeating: "0", count: max(0, digits - step.count)) + step
    let parts =
      (selection.records.count > 1 ? [fileName(record.name)] : [])
      + ["step-\(padded)", "\(map.site.kind.rawValue)-\(map.site.layer)", map.site.shortPath]
      + (word.map { [fileName($0)] } ?? []) + (map.head.map { ["head-\($0)"] } ?? [])
      + (map.branch == .unconditional ? ["unconditional"] : [])
    return parts.joined(separator: "_")
  }

  private mutating func write(_ picture: Picture, _ title: String, as name: String) throws {
    let texts = [
      PNG.Text("Title", title), PNG.Text("Prompt", selection.run.prompt),
      PNG.Text("Seed", "\(UInt64(bitPattern: Int64(selection.run.run.seed)))"),
      PNG.Text("Content-Hash", selection.run.run.hash), PNG.Text("Software", "attnlab \(attnlabVersion)"),
    ]
    try write(Data(PNG.encode(picture, texts: texts)), as: name + ".png")
  }

  private mutating func write(_ data: Data, as name: String) throws {
    let url = claim(name)
    try writeAtomically(data, to: url)
    files.append(url)
  }

  /// The place of a file that no other of this export has, also where capitals make no difference.
  private mutating func claim(_ name: String) -> URL {
    let dot = name.lastIndex(of: ".") ?? name.endIndex
    var free = name
    var number = 2
    while !names.insert(free.lowercased()).inserted {
      free = "\(name[..<dot])-\(number)\(name[dot...])"
      number += 1
    }
    return folder.appending(path: free)
  }

  /// Text as a part of a file's name: letters and digits of any script, `-`, `.` and `_`; other signs by their code.
  private func fileName(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar.properties.isAlphabetic || scalar.properties.numericType != nil || "-._".unicodeScalars.contains(scalar)
      {
        result.unicodeScalars.append(scalar)
      } else if scalar == " " {
        result += "-"
      } else if scalar == "<" || scalar == ">" {
        continue
      } else {
        result += "u" + String(scalar.value, radix: 16)
      }
    }
    // Names may have 255 bytes in all.
    while result.utf8.count > 80 { result.removeLast() }
    return result
  }
}

/// A file that takes its name when it is whole, and is removed if it never is.
final class PartialFile {
  private let url: URL
  private let temporary: URL
  private let handle: FileHandle
  private var isFinished = false

  init(_ url: URL) throws {
    self.url = url
    temporary = url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).\(UUID().uuidString).part")
    try Data().write(to: temporary)
    handle = try FileHandle(forWritingTo: temporary)
  }

  deinit {
    if !isFinished {
      try? handle.close()
      try? FileManager.default.removeItem(at: temporary)
    }
  }

  func append(_ text: String) throws { try handle.write(contentsOf: Data(text.utf8)) }

  func finish() throws -> URL {
    try handle.close()
    isFinished = true
    guard rename(temporary.path, url.path) == 0 else {
      let reason = String(cString: strerror(errno))
      try? FileManager.default.removeItem(at: temporary)
      throw ExperimentError("\(url.path) cannot be written: \(reason)")
    }
    return url
  }
}
