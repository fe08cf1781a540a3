import Formatting
import Foundation

/// What a picture shows, as `measure` prints it.
package struct PictureReport: Encodable {
  package struct Object: Encodable {
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
    package func encode(to encoder: any Encoder) throws {
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

  package struct Answer: Encodable {
    let name: String
    let confidence: Double

    init(_ answer: SceneReading.Answer) {
      name = answer.word
      confidence = answer.confidence
    }
  }

  /// What a CLIP makes of one of the given names.
  package struct Naming: Encodable {
    let name: String
    /// 0-1; over all names 1.
    let probability: Double
  }

  let picture: String
  let width, height: Int
  let objects: [Object]
  let background, style: Answer
  /// Absent without names.
  let names: [Naming]?
  private let values: [Instruments.Value]?

  private enum CodingKeys: String, CodingKey {
    case picture, width, height, objects, background, style, names, metrics
  }

  /// Metrics by name, absent without a prompt; null where one says nothing of the picture.
  package func encode(to encoder: any Encoder) throws {
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

  /// - Parameters:
  ///   - path: as the user gave it.
  ///   - names: what a CLIP makes of given names; nil where none were given.
  ///   - metrics: nil where no prompt was given.
  package init(
    _ path: String, _ reading: SceneReading, names: [(name: String, probability: Double)]?,
    metrics: [Instruments.Value]?
  ) {
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
    self.names = names?.map { Naming(name: $0.name, probability: $0.probability) }
    values = metrics
  }

  package var text: String {
    var text = "\(printable(picture))\n"
    var table = TextTable(["object", "color", "facing", "box", "area"], right: [4])
    for object in objects {
      table.add([
        "\(object.name) \(Readable.percent(object.nameConfidence))",
        "\(object.color ?? "its own") \(Readable.percent(object.colorConfidence))",
        "\(object.facing) \(Readable.percent(object.facingConfidence))",
        object.box.map(String.init).joined(separator: " "),
        "\(object.area)",
      ])
    }
    text += objects.isEmpty ? "  no object\n" : table.text
    text +=
      "background \(background.name) \(Readable.percent(background.confidence)), style \(style.name) \(Readable.percent(style.confidence))\n"
    for naming in names ?? [] { text += "\(naming.name) \(Readable.percent(naming.probability))\n" }
    for value in values ?? [] {
      text += "\(value.metric.name) \(value.value.map { Self.number($0, value.metric) } ?? "says nothing of it")\n"
    }
    return text
  }

  private static func number(_ value: Double, _ metric: Metric) -> String {
    String(format: "%.\(metric.digits)f", value) + (metric.unit.map { " \($0)" } ?? "")
  }
}
