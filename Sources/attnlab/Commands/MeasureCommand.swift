import ArgumentParser
import Foundation
import Measures
import Plotting
import Tensors

struct MeasureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure",
    abstract: "Tell what pictures show: objects with color, facing and place, background and style.",
    discussion: """
      A scene reader looks at each PNG: a network of its own that was trained on drawn scenes of the bundled model's world, \
      of 50 objects in ten colors. Of other pictures it says the nearest that it knows. How often it is right is in \
      `attnlab metrics` and in the model's card. Boxes are left, top, right, bottom in pixels, the last two excluded; \
      confidences are shares of probability, 0 to 1.

      With --prompt the metrics of a picture are taken as well, and with --source and --source-prompt those of an edit.

      Examples:
        attnlab measure car.png dog.png
        attnlab measure Results/first-look/runs/*/picture.png --json
        attnlab measure car.png --figures seen
        attnlab measure blue.png --prompt "a blue car" --source red.png --source-prompt "a red car"
      """)

  @Argument(help: ArgumentHelp("PNG files.", valueName: "picture.png"), completion: .file(extensions: ["png"]))
  var pictures: [String]

  @Option(name: .long, help: ArgumentHelp("What the picture was to show; of one picture.", valueName: "text"))
  var prompt: String?

  @Option(name: .long, help: ArgumentHelp("The picture that it was edited from.", valueName: "picture.png"))
  var source: String?

  @Option(name: .long, help: ArgumentHelp("What the source was to show.", valueName: "text"))
  var sourcePrompt: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Metrics, between commas. (default: all that can be taken)", valueName: "names"),
    transform: metricNames)
  var metrics: [Metric]?

  @Option(
    name: .long, help: ArgumentHelp("A folder for a figure of each picture: what was seen in it.", valueName: "folder"),
    completion: .directory)
  var figures: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A folder for a mask of each picture: a PNG whose red is the number of the pixel's object, from 1; 0 is none.",
      valueName: "folder"),
    completion: .directory)
  var masks: String?

  @Option(
    name: .long, help: ArgumentHelp("The scene reader's folder. (default: the bundled one)", valueName: "folder"),
    completion: .directory)
  var sceneReader: String?

  @OptionGroup var output: JSONOption

  func validate() throws {
    var problems: [String] = []
    if prompt != nil, pictures.count != 1 { problems.append("--prompt: goes with one picture") }
    if (source == nil) != (sourcePrompt == nil) { problems.append("--source and --source-prompt go together") }
    if source != nil, prompt == nil { problems.append("--source: what is the edit's own --prompt?") }
    if metrics != nil, prompt == nil { problems.append("--metrics: give the picture's --prompt") }
    guard problems.isEmpty else { throw ValidationError(problems.joined(separator: "\nerror: ")) }
  }

  func run() throws {
    let instruments = Instruments(InstrumentFolders(sceneReader.map { [.sceneReader: $0] } ?? [:]))
    for (option, folder) in [("--figures", figures), ("--masks", masks)] {
      if let problem = folder.flatMap({ OutputPlace.problem(folder: fileURL($0)) }) {
        throw CommandError("\(option): \(problem)")
      }
    }
    let reader = try instruments.sceneReader()
    var reports: [MeasureReport] = []
    var files = OutputFiles()
    // One picture is in memory at a time, however many there are.
    for (path, name) in zip(pictures, Self.figureNames(pictures)) {
      let picture = try PNG.read(fileURL(path)).picture
      let reading = try reader.readings([picture])[0]
      reports.append(MeasureReport(path, reading, metrics: try taken(picture, instruments)))
      if let figures {
        let figure = try reading.figure(of: picture, title: path)
        files.add(fileURL(figures).appending(path: name)) { try PNG.write(figure, to: $0) }
      }
      if let masks {
        let mask = try reading.mask()
        files.add(fileURL(masks).appending(path: name)) { try PNG.write(mask, to: $0) }
      }
    }
    try files.commit()
    if output.json {
      try StandardOutput.write(json: reports)
    } else {
      try StandardOutput.write(reports.map(\.text).joined(separator: "\n"))
      for folder in [figures, masks].compactMap({ $0 }) {
        try StandardOutput.write("wrote \(fileURL(folder).path)\n")
      }
    }
  }

  /// The metrics of the one picture, or edit, by name.
  private func taken(_ picture: Picture, _ instruments: Instruments) throws -> [String: Double?]? {
    guard let prompt else { return nil }
    let run = MeasuredRun(prompt: prompt, file: fileURL(pictures[0])) { picture }
    let edit = source.map { path in
      let before = MeasuredRun(prompt: sourcePrompt ?? "", file: fileURL(path)) { try PNG.read(fileURL(path)).picture }
      return MeasuredEdit(run, source: before)
    }
    var values: [String: Double?] = [:]
    for metric in metrics ?? MetricRegistry.all.filter({ instruments.folders.has($0) }) {
      switch metric.measure {
      case .picture(let measure): values[metric.name] = .some(try measure(run, instruments))
      case .edit(let measure): if let edit { values[metric.name] = .some(try measure(edit, instruments)) }
      case .program(let program):
        if !program.isOfEdits || edit != nil {
          values[metric.name] = .some(try instruments.answer(program, run, source: edit?.source))
        }
      case .set, .seeds: break
      }
    }
    return values
  }

  /// File names of figures: of pictures of one name, as in the folders of runs, their folder's name comes before.
  static func figureNames(_ paths: [String]) -> [String] {
    let names = paths.map { fileURL($0).deletingPathExtension().lastPathComponent }
    var used: Set<String> = []
    return zip(paths, names).map { path, name in
      let isShared = names.count { $0 == name } > 1
      let folder = fileURL(path).deletingLastPathComponent().lastPathComponent
      let base = isShared ? "\(folder)-\(name)" : name
      var number = 1
      var chosen = base
      while !used.insert(chosen).inserted {
        number += 1
        chosen = "\(base)-\(number)"
      }
      return chosen + ".png"
    }
  }
}

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

  let picture: String
  let width, height: Int
  let objects: [Object]
  let background, style: Answer
  /// Absent without a prompt; null where a metric says nothing of the picture.
  let metrics: [String: Double?]?

  init(_ path: String, _ reading: SceneReading, metrics: [String: Double?]?) {
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
    self.metrics = metrics
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
    for (name, value) in (metrics ?? [:]).sorted(by: { $0.key < $1.key }) {
      let metric = MetricRegistry.named(name)
      let number = value.map { String(format: "%.\(metric?.digits ?? 3)f", $0) } ?? "says nothing of it"
      text += "\(name) \(number)\(value == nil ? "" : metric?.unit.map { " \($0)" } ?? "")\n"
    }
    return text
  }

  private func percent(_ share: Double) -> String { "\(Int((100 * share).rounded())) %" }
}

extension SceneReading {
  /// The number of each pixel's object as its red, from 1.
  func mask() throws -> Picture {
    try Picture(width: width, height: height, pixels: owners.flatMap { [UInt8($0 + 1), 0, 0] })
  }

  /// The picture with what was seen in it.
  func figure(of picture: Picture, title: String) throws -> Picture {
    func percent(_ answer: Answer) -> String { "\(answer.word) \(Int((100 * answer.confidence).rounded())) %" }
    let regions = objects.enumerated().map { index, object in
      let color = object.color.word == SceneVocabulary.none ? "in its own colors" : percent(object.color)
      return LabeledRegion(
        "\(percent(object.name)), \(color), facing \(percent(object.facing))", left: object.box.left,
        top: object.box.top, right: object.box.right, bottom: object.box.bottom,
        pixels: owners.indices.filter { owners[$0] == Int8(index) })
    }
    return try Figures.regions(
      title: title, picture: picture, regions: regions,
      note: "background \(percent(background)), style \(percent(style))")
  }
}
