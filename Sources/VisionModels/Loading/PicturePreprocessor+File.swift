import Checkpoints
import Foundation
import Tensors

extension PicturePreprocessor {
  /// Reads the settings of a folder: the `image_processor` of `processor_config.json`, as a whole processor of
  /// transformers 5 is saved, else `preprocessor_config.json`.
  /// - Parameter family: which class's defaults hold where the file does not say whose it is.
  /// - Throws: `CheckpointError` if there is neither, or naming every key that has a wrong type or value.
  public init(folder: URL, family: VisionTransformerConfiguration.Family) throws(CheckpointError) {
    let whole = folder.appending(path: "processor_config.json")
    if FileManager.default.fileExists(atPath: whole.path) {
      var file = try ConfigFile(contentsOf: whole)
      if file["image_processor"] != nil {
        guard let section = file.section("image_processor") else { throw CheckpointError(file.problems) }
        try self.init(section, family: family)
        self.file = whole.lastPathComponent
        return
      }
    }
    try self.init(ConfigFile(contentsOf: folder.appending(path: "preprocessor_config.json")), family: family)
  }

  /// Reads `preprocessor_config.json`, also with the keys that transformers before 4.27 wrote: `size`, `crop_size` as
  /// plain numbers, `feature_extractor_type`.
  /// - Throws: `CheckpointError` naming every key that has a wrong type or value, or asks for what is not computed.
  public init(_ file: ConfigFile, family: VisionTransformerConfiguration.Family) throws(CheckpointError) {
    var file = file
    let isCLIP = Self.isCLIP(&file) ?? (family == .clip)
    self.init(family: isCLIP ? .clip : .vit)
    let filters = PictureFilter.allCases.map(\.rawValue)
    let number = file.int("resample", default: filter.rawValue)
    if let known = PictureFilter(rawValue: number) {
      filter = known
    } else {
      file.report("resample", expected: "\(filters[0]), bilinear, or \(filters[1]), bicubic")
    }
    // A flag that is null is off, as in Python.
    func flag(_ key: String, default fallback: Bool) -> Bool { file.optionalBool(key, default: fallback) ?? false }
    let squares = flag("default_to_square", default: !isCLIP)
    size = flag("do_resize", default: true) ? Self.size(&file, default: size, squares: squares) : nil
    crop = flag("do_center_crop", default: isCLIP) ? Self.crop(&file, default: crop) : nil
    let factor = file.double("rescale_factor", default: 1.0 / 255, in: 1e-9...1e9)
    rescaleFactor = flag("do_rescale", default: true) ? factor : nil
    let mean = file.optionalDoubles("image_mean", default: normalization?.mean, count: 3, in: -1e9...1e9)
    let deviation = file.optionalDoubles("image_std", default: normalization?.deviation, count: 3, in: 1e-9...1e9)
    if !flag("do_normalize", default: true) {
      normalization = nil
    } else if let mean, let deviation {
      normalization = Normalization(mean: mean, deviation: deviation)
    } else {
      file.report("do_normalize", found: "true without image_mean and image_std", expected: "both, or false")
    }
    for key in ["do_pad", "use_square_size"] where flag(key, default: false) {
      file.report(key, expected: "false, as in CLIP and ViT")
    }
    try file.finish()
  }

  /// Whether the file is CLIP's; nil if it does not say.
  private static func isCLIP(_ file: inout ConfigFile) -> Bool? {
    let processors = ["CLIPImageProcessor", "ViTImageProcessor"]
    let names = processors + processors.flatMap { ["\($0)Fast", "\($0)Pil"] }
    let extractors = ["CLIPFeatureExtractor", "ViTFeatureExtractor"]
    let type =
      file.optionalString("image_processor_type", oneOf: names)
      ?? file.optionalString("feature_extractor_type", oneOf: extractors)
    return type.map { $0.hasPrefix("CLIP") }
  }

  /// Sides in pixels; a longer one is no picture's.
  private static let sides = 1...4096

  private static func size(_ file: inout ConfigFile, default fallback: Size?, squares: Bool) -> Size? {
    guard case .object(let object) = file["size"] else {
      guard let side = file.optionalInt("size", in: sides) else {
        if file["size"] == .null { file.report("size", expected: "a size, or do_resize false") }
        return fallback
      }
      return squares ? .exact(height: side, width: side) : .shortestEdge(side)
    }
    if object.keys == ["shortest_edge"] {
      return inside(&file, "size") { .shortestEdge($0.int("shortest_edge", in: sides)) }
    }
    return sideBySide(&file, "size", or: "shortest_edge alone").map { .exact(height: $0.height, width: $0.width) }
  }

  private static func crop(_ file: inout ConfigFile, default fallback: GridSize?) -> GridSize? {
    if case .object = file["crop_size"] { return sideBySide(&file, "crop_size") }
    if let side = file.optionalInt("crop_size", in: sides) { return GridSize(height: side, width: side) }
    let value = file["crop_size"]
    if value == .null || (value == nil && fallback == nil) {
      file.report("crop_size", expected: "a size, or do_center_crop false")
    }
    return fallback
  }

  /// An object of `height` and `width`.
  private static func sideBySide(_ file: inout ConfigFile, _ key: String, or other: String? = nil) -> GridSize? {
    guard case .object(let object) = file[key], Set(object.keys) == ["height", "width"] else {
      file.report(
        key, found: sectionKeys(file[key]), expected: "height and width" + (other.map { ", or \($0)" } ?? ""))
      return nil
    }
    return inside(&file, key) { GridSize(height: $0.int("height", in: sides), width: $0.int("width", in: sides)) }
  }

  private static func sectionKeys(_ value: JSONValue?) -> String? {
    guard case .object(let object) = value, !object.isEmpty else { return nil }
    return object.keys.prefix(8).joined(separator: ", ")
  }

  /// Reads the object under a key, and keeps what was wrong in it.
  private static func inside<R>(
    _ file: inout ConfigFile, _ key: String, _ read: (inout ConfigFile) -> R
  ) -> R? {
    guard var section = file.section(key) else { return nil }
    defer { file.note(section.problems) }
    return read(&section)
  }
}
