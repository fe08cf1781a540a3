import Attention
import Files
import Formatting
import Foundation
import Plotting
import Results
import Tensors

/// Writes the maps of an export one by one.
struct ExportWriter {
  let selection: MapSelection
  let request: MapExportRequest
  let folder: OpenFolder
  /// The folder as it was named.
  let url: URL
  /// The run's own, for overlays.
  var picture: Picture?
  private(set) var files: [URL] = []
  private var names = Set<String>()
  /// Of the present record, where a format puts all of its maps into one.
  private var file: (any RecordFile)?

  init(selection: MapSelection, request: MapExportRequest, folder: OpenFolder, url: URL) {
    self.selection = selection
    self.request = request
    self.folder = folder
    self.url = url
  }

  mutating func begin(_ record: MapSelection.Record) throws {
    let recordName = ([fileName(record.name)] + half).joined(separator: "_")
    let stem = "maps_\(recordName)"
    switch request.format {
    case .png: break
    case .npy where !record.labels.isEmpty && record.sites.contains { selection.siteOfID[$0]?.kind == .cross }:
      var keys = CSVTable(["key", "label"])
      for (key, label) in record.exportedLabels.enumerated() { keys.append(["\(key)", label]) }
      try write(keys.data, as: "keys_\(recordName).csv")
    case .npy: break
    case .npz: file = try NPZRecordFile(begin(stem + ".npz"), labels: record.exportedLabels)
    case .safetensors:
      file = SafetensorsRecordFile(try begin(stem + ".safetensors"), origin(record), labels: record.exportedLabels)
    case .json: file = try JSONRecordFile(begin(stem + ".json"), origin(record))
    case .csv: file = try CSVRecordFile(begin(stem + ".csv"))
    }
  }

  mutating func end() throws {
    guard let file else { return }
    self.file = nil
    try file.finish()
  }

  mutating func add(_ map: ExportedMap, _ record: MapSelection.Record) throws {
    if request.format == .png { return try draw(map, record) }
    let words = map.site.kind == .cross ? record.words : nil
    let array = ExportedArray(
      map: map, quantity: record.quantity, name: name(map, nil),
      values: try words.map { try Self.columns($0.map(\.keys), of: map, record) } ?? map.values,
      keys: words?.count ?? map.keys, labels: map.site.kind == .cross ? record.exportedLabels : [])
    if let file { return try file.append(array) }
    try write(NPYFile.encode(array.values, shape: array.shape), as: recordPrefix(record) + array.name + ".npy")
  }

  /// `[height, width, words]`
  private static func columns(_ words: [[Int]], of map: ExportedMap, _ record: MapSelection.Record) throws -> [Float] {
    let columns = try words.map { try map.together($0, in: record) }
    return (0..<(map.height * map.width)).flatMap { cell in columns.map { $0[cell] } }
  }

  private func origin(_ record: MapSelection.Record) -> ExportOrigin {
    ExportOrigin(
      run: selection.run.run.hash, prompt: selection.run.prompt, intervention: selection.run.run.intervention,
      seed: selection.run.run.seed, record: record.name, quantity: record.quantity)
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
            title: title, picture: $0, query: request.point, maps: [LabeledMap(map.site.briefLabel, looks)],
            scale: .perMap,
            colorMap: request.colorMap)
        } ?? bare(map, looks, title)
      return try write(figure, title, as: recordPrefix(record) + name(map, "x\(cell.x)-y\(cell.y)"))
    }
    for word in record.words ?? record.allWords {
      let sum = try HeatMap(width: map.width, height: map.height, values: map.sum(over: word.keys))
      let title = title(map, "\"\(word.label)\"")
      let figure =
        try picture.map {
          try Figures.wordHeatMap(
            title: title, picture: $0, word: LabeledMap(word.label, sum), colorMap: request.colorMap)
        } ?? bare(map, sum, title)
      try write(figure, title, as: recordPrefix(record) + name(map, word.label))
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

  /// The record's name where several are exported: files of all lie in one folder.
  private func recordPrefix(_ record: MapSelection.Record) -> String {
    selection.records.count > 1 ? fileName(record.name) + "_" : ""
  }

  /// What tells the files of the unconditional half from those of the other, in one folder.
  private var half: [String] { request.branch == .unconditional ? ["unconditional"] : [] }

  /// `step-00_cross-12_up_blocks.2.attentions.1_car`
  private func name(_ map: ExportedMap, _ word: String?) -> String {
    let digits = max(2, String(selection.records.flatMap(\.steps).max() ?? 0).count)
    let step = String(map.step)
    let padded = String(repeating: "0", count: max(0, digits - step.count)) + step
    let parts =
      ["step-\(padded)", "\(map.site.kind.rawValue)-\(map.site.layer)", map.site.shortPath]
      + (word.map { [fileName($0)] } ?? []) + (map.head.map { ["head-\($0)"] } ?? [])
      + half
    return parts.joined(separator: "_")
  }

  private mutating func write(_ picture: Picture, _ title: String, as name: String) throws {
    let run = selection.run
    let texts = [PNG.Text].origin(title: title, prompts: [run.prompt], seeds: [run.run.seed], hashes: [run.run.hash])
    try write(Data(PNG.encode(picture, texts: texts)), as: name + ".png")
  }

  private mutating func write(_ data: Data, as name: String) throws {
    try folder.write(data, to: claim(name))
  }

  private mutating func begin(_ name: String) throws -> NewFile { try folder.newFile(claim(name)) }

  /// A name that no other file of this export has, also where capitals make no difference.
  private mutating func claim(_ name: String) -> String {
    let dot = name.lastIndex(of: ".") ?? name.endIndex
    var free = name
    var number = 2
    while !names.insert(free.lowercased()).inserted {
      free = "\(name[..<dot])-\(number)\(name[dot...])"
      number += 1
    }
    files.append(url.appending(path: free))
    return free
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
