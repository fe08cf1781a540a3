import ArgumentParser
import Foundation
import Measures
import Plotting
import Reporting
import Results
import Running
import Tensors

struct MeasureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure",
    abstract: "Tell what pictures show: objects with color, facing and place, background and style.",
    discussion: """
      A scene reader looks at each PNG. It is a network of its own that was trained on drawn scenes of the bundled \
      model's world, of 50 objects in ten colors. For other things it may say \
      `something else`, or name the nearest thing that it knows. \
      `attnlab metrics` and the model's card say how often it is right. Boxes are left, top, right, bottom in \
      pixels, the last two excluded; confidences are shares of probability, 0 to 1.

      With --prompt the metrics of a picture are taken as well, and with --source and --source-prompt those of an edit.
      With --names a CLIP says which of them each picture shows, in shares of probability; without --clip it is the \
      bundled independent_clip, which knows the words of the bundled model's world alone.

      Examples:
        attnlab measure car.png dog.png
        attnlab measure Results/first-look/runs/*/picture.png --json
        attnlab measure car.png --figures seen
        attnlab measure blue.png --prompt "a blue car" --source red.png --source-prompt "a red car"
        attnlab measure car.png --names "red car,blue car"
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

  @Option(name: .long, help: ArgumentHelp("What pictures may show, between commas.", valueName: "names"))
  var names: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The text that each of --names is put into, in the place of {}. (default: \(Self.standardTemplate))",
      valueName: "text"))
  var template: String?

  @OptionGroup var instrumentOptions: InstrumentOptions
  @OptionGroup var output: JSONOption

  private static let standardTemplate = "a photo of a {}"

  /// What may be shown, without the spaces around.
  private var named: [String]? {
    names?.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
  }

  func validate() throws {
    var problems: [String] = []
    if let named, named.contains("") || named.count < 2 || Set(named).count < named.count {
      problems.append("--names: give two or more different names, between commas")
    }
    if template != nil, names == nil { problems.append("--template: goes with --names") }
    if template?.contains("{}") == false { problems.append("--template: say with {} where the name belongs") }
    if let figures, let masks, fileURL(figures) == fileURL(masks) {
      problems.append("--figures and --masks: their files have the same names; give two folders")
    }
    if prompt != nil { problems += metricProblems }
    if prompt != nil, pictures.count != 1 { problems.append("--prompt: goes with one picture") }
    if (source == nil) != (sourcePrompt == nil) { problems.append("--source and --source-prompt go together") }
    if source != nil, prompt == nil { problems.append("--source: what is the edit's own --prompt?") }
    if metrics != nil, prompt == nil { problems.append("--metrics: give the picture's --prompt") }
    guard problems.isEmpty else { throw ValidationError(problems.joined(separator: "\nerror: ")) }
  }

  /// Metrics that cannot be taken of what is given.
  private var metricProblems: [String] {
    (metrics ?? []).compactMap { metric in
      switch metric.measure {
      case .set, .seeds:
        "--metrics: \(metric.name) is of many pictures, those of a \(metric.measure.subject); an experiment measures it"
      case .rating:
        "--metrics: \(metric.name) is of what raters said of an experiment's pictures; see attnlab rate"
      case .maps:
        "--metrics: \(metric.name) is of maps that an experiment recorded; the experiment measures it"
      case .besideTarget:
        "--metrics: \(metric.name) is of an \(metric.measure.subject); an experiment measures it"
      case .edit where source == nil: "--metrics: \(metric.name) is of an edit; give its --source too"
      case .program(let program) where program.isOfEdits && source == nil:
        "--metrics: \(metric.name) is of an edit; give its --source too"
      case .edit, .picture, .program: nil
      }
    }
  }

  func run() throws {
    // A program that measures is in a group of its own: without this it would outlive a Ctrl-C.
    let stop = StopSignal()
    let interruption = (metrics ?? []).contains { $0.program != nil } ? Interruption(stop) : nil
    defer { interruption?.end() }
    do { try measure(Instruments(instrumentOptions.folders, isStopped: { stop.isRaised })) } catch is MeasuringStopped {
      throw CommandError("stopped before the program answered; nothing was written")
    }
  }

  private func measure(_ instruments: Instruments) throws {
    for (option, folder) in [("--figures", figures), ("--masks", masks)] {
      if let problem = folder.flatMap({ OutputPlace.problem(folder: fileURL($0)) }) {
        throw CommandError("\(option): \(problem)")
      }
    }
    let reader = try instruments.sceneReader()
    var reports: [PictureReport] = []
    var files = OutputFiles()
    // One picture is in memory at a time, however many there are.
    for (path, name) in zip(pictures, SceneReading.figureNames(pictures.map(fileURL))) {
      let picture = try PNG.read(fileURL(path))
      let reading = try reader.readings([picture])[0]
      let names = try named.map {
        try instruments.naming(
          MeasuredRun(prompt: "", picture: picture), among: $0, template: template ?? Self.standardTemplate)
      }
      let values = try prompt.map { try instruments.values(of: metrics, measured($0, picture), source: measuredSource) }
      reports.append(PictureReport(path, reading, names: names, metrics: values))
      if let figures {
        files.add(fileURL(figures).appending(path: name)) {
          try Data(PNG.encode(reading.figure(of: PNG.read(fileURL(path)), title: path)))
        }
      }
      if let masks {
        files.add(fileURL(masks).appending(path: name)) { try Data(PNG.encode(reading.mask())) }
      }
    }
    try instruments.finishPrograms()
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

  /// The one picture that a prompt is given for.
  private func measured(_ prompt: String, _ picture: Picture) -> MeasuredRun {
    MeasuredRun(prompt: prompt, file: fileURL(pictures[0])) { picture }
  }

  /// What it was edited from.
  private var measuredSource: MeasuredRun? {
    source.map { path in
      MeasuredRun(prompt: sourcePrompt ?? "", file: fileURL(path)) { try PNG.read(fileURL(path)) }
    }
  }
}
