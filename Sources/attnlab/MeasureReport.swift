import Formatting
import Foundation
import Measures
import Plotting
import Tensors

/// What `measure` prints of a picture.
struct MeasureReport: Encodable {
  struct Object: Encodable {
    let name: String
    let nameConfidence: Double
    /// null: the object's own colors.
    let color: String?
    let colorConfidence: Double
    let facing: String
    let facingConfidence: Double
    /// Left, top, right, bottom in pixels.
    let box: [Int]
    /// In pixels.
    let area: Int
    /// Of the object's pixels, in picture widths and heights.
    let center: [Double]

    private enum CodingKeys: String, CodingKey {
      case name, nameConfidence, color, colorConfidence, facing, facingConfidence, box, area, center
    }

    /// The color is written where it is null too.
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      try container.encode(nameConfidence, forKey: .nameConfidence)
      try container.encode(color, forKey: .color)
      try container.encode(colorConfidence, forKey: .colorConfidence)
      try container.encode(facing, forKey: .facing)
      try container.encode(facingConfidence, forKey: .facingConfidence)
      try container.encode(box, forKey: .box)
      try container.encode(area, forKey: .area)
      try container.encode(center, forKey: .center)
    }
  }

  struct Answer: Encodable {
    let name: String
    let confidence: Double

    init(_ answer: SceneReading.Answer) {
      name = answer.word
      confidence = answer.confidence
    }
  }

  /// What a CLIP makes of one of the given names.
  struct Naming: Encodable {
    let name: String
    /// 0-1; over all names 1.
    let probability: Double
  }

  /// nil: the metric says nothing of the picture.
  struct Value {
    let metric: Metric
    let value: Double?

    init(_ metric: Metric, _ value: Double?) {
      self.metric = metric
      self.value = value
    }
  }

  let picture: String
  let width, height: Int
  let objects: [Object]
  let background, style: Answer
  /// Absent without names.
  let names: [Naming]?
  private let values: [Value]?

  private enum CodingKeys: String, CodingKey {
    case picture, width, height, objects, background, style, names, metrics
  }

  /// Metrics by name, absent without a prompt; null where one says nothing of the picture.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(picture, forKey: .picture)
    try container.encode(width, forKey: .width)
    try container.encode(height, forKey: .height)
    try container.encode(objects, forKey: .objects)
    try container.encode(background, forKey: .background)
    try container.encode(style, forKey: .style)
    try container.encodeIfPresent(names, forKey: .names)
    let byName = values.map {
      Dictionary($0.map { ($0.metric.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
    try container.encodeIfPresent(byName, forKey: .metrics)
  }

  init(_ path: String, _ reading: SceneReading, names: [Naming]?, metrics: [Value]?) {
    picture = path
    width = reading.width
    height = reading.height
    objects = reading.objects.map { object in
      Object(
        name: object.name.word, nameConfidence: object.name.confidence,
        color: object.color.word == SceneVocabulary.none ? nil : object.color.word,
        colorConfidence: object.color.confidence, facing: object.facing.word,
        facingConfidence: object.facing.confidence,
        box: [object.box.left, object.box.top, object.box.right, object.box.bottom], area: object.area,
        center: [object.center.x, object.center.y])
    }
    background = Answer(reading.background)
    style = Answer(reading.style)
    self.names = names
    values = metrics
  }

  var text: String {
    var text = "\(printable(picture))\n"
    var table = Table(["object", "color", "facing", "box", "area"], right: [4])
    for object in objects {
      table.add([
        "\(object.name) \(percent(object.nameConfidence))",
        "\(object.color ?? "its own") \(percent(object.colorConfidence))",
        "\(object.facing) \(percent(object.facingConfidence))", object.box.map(String.init).joined(separator: " "),
        "\(object.area)",
      ])
    }
    text += objects.isEmpty ? "  no object\n" : table.text
    text +=
      "background \(background.name) \(percent(background.confidence)), style \(style.name) \(percent(style.confidence))\n"
    for naming in names ?? [] { text += "\(naming.name) \(percent(naming.probability))\n" }
    for value in values ?? [] {
      text += "\(value.metric.name) \(value.value.map { Self.number($0, value.metric) } ?? "says nothing of it")\n"
    }
    return text
  }

  private static func number(_ value: Double, _ metric: Metric) -> String {
    String(format: "%.\(metric.digits)f", value) + (metric.unit.map { " \($0)" } ?? "")
  }
}

private func percent(_ share: Double) -> String { "\(Int((100 * share).rounded())) %" }

extension SceneReading {
  /// The number of each pixel's object as its red, from 1.
  func mask() throws -> Picture {
    try Picture(width: width, height: height, pixels: owners.flatMap { [UInt8($0 + 1), 0, 0] })
  }

  /// The picture with what was seen in it.
  func figure(of picture: Picture, title: String) throws -> Picture {
    func said(_ answer: Answer) -> String { "\(answer.word) \(percent(answer.confidence))" }
    let regions = objects.enumerated().map { index, object in
      let color = object.color.word == SceneVocabulary.none ? "in its own colors" : said(object.color)
      return LabeledRegion(
        "\(said(object.name)), \(color), facing \(said(object.facing))", left: object.box.left,
        top: object.box.top, right: object.box.right, bottom: object.box.bottom,
        pixels: owners.indices.filter { owners[$0] == Int8(index) })
    }
    return try Figures.regions(
      title: title, picture: picture, regions: regions,
      note: "background \(said(background)), style \(said(style))")
  }
}
