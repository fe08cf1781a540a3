import Analysis
import Checkpoints
import Foundation
import Pipelines
import VisionModels

/// The networks that metrics look with, each loaded when it is first asked for.
///
/// Not to be shared between threads: it loads and remembers without a lock.
public final class Instruments {
  public let folders: InstrumentFolders
  /// Which scene reader judges.
  private let judge: Instrument
  private var reader: SceneReader?
  private var words: SceneVocabulary?
  private var second: Instruments?
  private var eye: ClipEye?
  private var encoder: StructureEncoder?
  private var distances: LPIPS?
  private var processes: [MetricProgram: MetricProcess] = [:]

  private let answerSeconds: Double
  private let isStopped: @Sendable () -> Bool

  /// - Parameters:
  ///   - answerSeconds: how long a program of the user's may take for an answer.
  ///   - isStopped: whether measuring is to end; asked while a program is waited for.
  public init(
    _ folders: InstrumentFolders = InstrumentFolders(), answerSeconds: Double = 120,
    isStopped: @escaping @Sendable () -> Bool = { false }
  ) {
    self.folders = folders
    judge = .sceneReader
    self.answerSeconds = answerSeconds
    self.isStopped = isStopped
  }

  private init(_ other: Instruments, judge: Instrument) {
    folders = other.folders
    answerSeconds = other.answerSeconds
    isStopped = other.isStopped
    self.judge = judge
  }

  /// The same, but for the judge: the second scene reader in place of the first.
  var withSecondReader: Instruments {
    if let second { return second }
    let new = Instruments(self, judge: .secondSceneReader)
    second = new
    return new
  }

  /// The judge.
  /// - Throws: `InstrumentError` if none is given and none is bundled; `CheckpointError`.
  public func sceneReader() throws -> SceneReader {
    if let reader { return reader }
    let new = try SceneReader(folder: folders.folder(judge))
    reader = new
    return new
  }

  /// The words of the scene reader's world, without its network.
  /// - Throws: as `sceneReader`.
  public func sceneWords() throws -> SceneVocabulary {
    if let words { return words }
    let new = try SceneVocabulary(folder: folders.folder(judge))
    words = new
    return new
  }

  /// What a run's picture shows, by the judge; read once.
  /// - Throws: as `sceneReader`; `EngineError`.
  func reading(_ run: MeasuredRun) throws -> SceneReading {
    if let known = run.readings[judge] { return known }
    let new = try sceneReader().readings([run.picture()])[0]
    run.readings[judge] = new
    return new
  }

  /// Reads pictures that are about to be asked for together, which takes less time than one by one. Those whose prompt is
  /// not of the reader's world are not read, as no metric asks for them; one that cannot be had is left to whoever asks.
  /// - Parameter readers: by whom.
  /// - Throws: as `reading`.
  package func readAhead(_ runs: [MeasuredRun], by readers: Set<Instrument>) throws {
    if judge == .sceneReader, readers.contains(.secondSceneReader) {
      try withSecondReader.readAhead(runs, by: [.secondSceneReader])
    }
    guard readers.contains(judge) else { return }
    let words = try sceneWords()
    let unread = runs.filter { $0.readings[judge] == nil && PromptScene($0.prompt, words) != nil }.compactMap { run in
      (try? run.picture()).map { (run: run, picture: $0) }
    }
    for alike in Dictionary(grouping: unread, by: { [$0.picture.width, $0.picture.height] }).values {
      for (item, reading) in zip(alike, try sceneReader().readings(alike.map(\.picture))) {
        item.run.readings[judge] = reading
      }
    }
  }

  /// The mean color of an object's pixels, by the judge; taken once.
  /// - Parameter object: of the run's reading.
  /// - Throws: as `reading`; what reading the picture throws.
  func color(of object: SceneReading.Object, in run: MeasuredRun) throws -> LabColor {
    let reading = try reading(run)
    let owner = reading.objects.firstIndex(of: object).flatMap { Int8(exactly: $0) } ?? -1
    if let known = run.colors[judge]?[owner] { return known }
    let picture = try run.picture()
    let new = LabColor.mean(
      reading.owners.indices.filter { reading.owners[$0] == owner }.map { pixel in
        LabColor(
          red: picture.pixels[3 * pixel], green: picture.pixels[3 * pixel + 1], blue: picture.pixels[3 * pixel + 2])
      })
    run.colors[judge, default: [:]][owner] = new
    return new
  }

  func clip() throws -> ClipEye {
    if let eye { return eye }
    let new = ClipEye(try CLIP(folder: folders.folder(.clip)))
    eye = new
    return new
  }

  func structure() throws -> StructureEncoder {
    if let encoder { return encoder }
    let new = try StructureEncoder(folder: folders.folder(.structure))
    encoder = new
    return new
  }

  func lpips() throws -> LPIPS {
    if let distances { return distances }
    let new = try LPIPS(folder: folders.folder(.lpips))
    distances = new
    return new
  }

  /// What a program of the user's says of a picture, or of an edit.
  /// - Throws: `InstrumentError`; `MeasuringStopped`, and then the program is ended.
  public func answer(_ program: MetricProgram, _ run: MeasuredRun, source: MeasuredRun?) throws -> Double? {
    var question = ["prompt": run.prompt]
    question["picture"] = try run.file()?.path
    if program.isOfEdits {
      question["source_prompt"] = source?.prompt
      question["source"] = try source?.file()?.path
    }
    guard question.count == (program.isOfEdits ? 4 : 2) else {
      throw InstrumentError("\(program.path): the picture has no file")
    }
    let process = try processes[program] ?? MetricProcess(program, seconds: answerSeconds, isStopped: isStopped)
    processes[program] = process
    do { return try process.answer(question) } catch {
      // It is started anew if it is asked again.
      processes[program] = nil
      throw error
    }
  }

  /// Ends the programs that were asked, and sees that each gave as many answers as there were questions.
  /// - Throws: `InstrumentError` with `outOfStep` for one that gave more.
  public func finishPrograms() throws {
    defer { processes = [:] }
    for (_, process) in processes.sorted(by: { $0.key.path < $1.key.path }) { try process.finish() }
  }

  /// Ends all programs that are at work in this process, with what they started: for a process that is about to end by a
  /// signal. May be called from any thread.
  public static func killPrograms() { ChildProgram.killAll() }

  /// What a picture shows among names, the most probable first.
  /// - Parameter template: the text for a name, which takes the place of `{}`.
  /// - Throws: as loading the CLIP; `ShapeError`; `EngineError`.
  public func naming(
    _ run: MeasuredRun, among names: [String], template: String
  ) throws -> [(name: String, probability: Double)] {
    try clip().naming(run, among: names, template: template).map { ($0.name, $0.probability) }
  }
}

/// Where the networks are that metrics look with.
public struct InstrumentFolders: Codable, Hashable, Sendable {
  /// A bundled model's name or a folder; those that are not named are the bundled ones.
  public let given: [Instrument: String]

  public init(_ given: [Instrument: String] = [:]) {
    self.given = given
  }

  /// Whether an instrument was made for the pictures of a model, as far as attnlab can tell. Those that come with attnlab know the
  /// drawn world of the models that come with it; what is given is the choice of whoever gives it.
  /// - Parameter model: a bundled model's name, or a folder.
  public func knows(_ model: String, _ instrument: Instrument) -> Bool {
    given[instrument] != nil || BundledModels.url(of: model) != nil
  }

  /// How far a metric can be trusted, in words: what was measured of the instrument that it looks with.
  /// - Throws: `InstrumentError`; `CheckpointError`.
  public func accuracy(of metric: Metric) throws -> String {
    switch metric.accuracy {
    case .formula(let text), .stated(let text): return text
    case .instrument(.sceneReader, let names): return try readerAccuracy(.sceneReader, names)
    case .instrument(.secondSceneReader, let names):
      return has(metric) ? try readerAccuracy(.secondSceneReader, names) : "no second scene reader is given"
    case .instrument(.clip, _):
      let agreement = "embeddings within 1e-4 of transformers"
      return given[.clip] != nil
        ? "\(agreement); what this CLIP names right was not measured"
        : "\(agreement); the bundled independent CLIP, whose text tower conditions no model, names 91 % of the core's "
          + "objects among all (317 drawn scenes of eight colors), 46 % of those in white or black (76), and every color (250)"
    case .instrument(.structure, _):
      return "within 1e-4 of PyTorch; what it says of an edit is not known for this encoder"
    case .instrument(.lpips, _):
      return "within 1e-4 of the package lpips"
    }
  }

  private func readerAccuracy(_ reader: Instrument, _ names: [String]) throws -> String {
    let validation = try SceneReaderValidation(folder: folder(reader))
    return validation.scenes == 0
      ? "the \(reader.words) was not validated"
      : "\(reader.words): \(validation.text(names)), on \(validation.scenes) scenes that it was not trained on"
  }

  /// Whether the network that a metric looks with is given or bundled.
  public func has(_ metric: Metric) -> Bool {
    metric.accuracy.instrument.map { (try? folder($0)) != nil } ?? true
  }

  /// - Throws: `InstrumentError`.
  public func folder(_ instrument: Instrument) throws(InstrumentError) -> URL {
    if let name = given[instrument] {
      return BundledModels.url(of: name).map { Self.part(of: $0, instrument) } ?? URL(fileURLWithPath: name)
    }
    guard let model = BundledModels.url(of: Self.standardModel), Self.isBundled(instrument, in: model) else {
      throw InstrumentError(
        "no folder is given for \(instrument.rawValue), and none comes with attnlab; name one under `instruments`")
    }
    return Self.part(of: model, instrument)
  }

  /// A model folder need not have a second scene reader.
  private static func isBundled(_ instrument: Instrument, in model: URL) -> Bool {
    switch instrument {
    case .lpips: false
    case .secondSceneReader: FileManager.default.fileExists(atPath: part(of: model, instrument).path)
    case .clip, .structure, .sceneReader: true
    }
  }

  /// The files that decide what an instrument sees, in a fixed order: what a hash of it covers.
  /// - Throws: `InstrumentError`.
  public func contentFiles(_ instrument: Instrument) throws(InstrumentError) -> [URL] {
    let folder = try folder(instrument)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted()
      // How right it is changes nothing of what it sees.
      .filter { name in name != "validation.json" && [".json", ".txt", ".safetensors"].contains { name.hasSuffix($0) } }
      .map { folder.appending(path: $0) }
  }

  /// The bundled model that brings instruments.
  static let standardModel = "emoji-scenes"

  private static func part(of model: URL, _ instrument: Instrument) -> URL {
    switch instrument {
    case .sceneReader, .secondSceneReader: return model.appending(path: instrument.rawValue)
    case .clip:
      // The model's own shares its text tower with the UNet; a folder may hold one that was trained apart.
      let apart = model.appending(path: "independent_clip")
      return FileManager.default.fileExists(atPath: apart.path) ? apart : model.appending(path: "clip")
    case .structure, .lpips: return model.appending(path: "clip")
    }
  }
}

extension Instrument {
  /// As sentences say it.
  fileprivate var words: String { rawValue.replacingOccurrences(of: "_", with: " ") }
}

/// An instrument that there is not, or that cannot look at what it is given.
public struct InstrumentError: Error, CustomStringConvertible {
  public let description: String
  /// The program that gave more answers than it was asked for: none of those that it gave can be trusted.
  public let outOfStep: MetricProgram?

  public init(_ description: String, outOfStep: MetricProgram? = nil) {
    self.description = description
    self.outOfStep = outOfStep
  }
}
