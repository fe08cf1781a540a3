import ArgumentParser
import Checkpoints
import ExperimentFiles
import Formatting
import Foundation
import Generation
import Pipelines
import Plotting
import Results
import Running
import StrictYAML
import Tensors

struct EditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edit",
    abstract: "Edit one picture by a published method.",
    discussion: """
      Draws the source prompt and, beside it and from the same noise, the target prompt, which takes what the method says \
      from the source. Pictures of your own cannot be edited. Writes into the folder:

        source.png     the source's picture
        edit.png       the edit
        changed.png    both, and where they differ
        edit.yaml      the same as an experiment file

      `attnlab methods` lists the methods and the dials that each has: --layers and --until say where and how long \
      attention is taken, --strength is for sdedit, and --object names what masactrl-mask keeps apart. Less is a freer \
      edit, more keeps more of the source: compare `--method regenerate`, which takes nothing.

      Steps and guidance have the defaults of an experiment file, and scheduler and size those of the model's folder. \
      Files of these names are replaced. `attnlab run edit/edit.yaml` gives the same pictures, bit for bit.

      Examples:
        attnlab edit --method fpe --source "a red car" --target "a blue car"
        attnlab edit --method fpe --source dog --target cat --layers 3-13 --until 0.5
        attnlab edit --method sdedit --source dog --target cat --strength 0.7

      With --latents-out, the safetensors file holds three fp32 tensors of shape [1, 4, height / 8, width / 8]: `noise`, the \
      start noise before any sigma, and the final latents `source` and `edit` in diffusers' scale.
      """)

  @Option(name: .long, help: ArgumentHelp("A method of `attnlab methods`, as fpe.", valueName: "name"))
  var method: String

  @Option(name: .long, help: ArgumentHelp("The prompt of the picture that is edited.", valueName: "text"))
  var source: String

  @Option(name: .long, help: ArgumentHelp("The prompt of what it shall become.", valueName: "text"))
  var target: String

  @Option(
    name: .long, help: ArgumentHelp("Layers in place of the method's own, as 4-14 or 2,3,5.", valueName: "layers"))
  var layers: String?

  @Option(
    name: .long,
    help: ArgumentHelp("The share of the steps, 0 to 1, after which nothing more is taken.", valueName: "share"))
  var until: Double?

  @Option(
    name: .long, help: ArgumentHelp("The share of the steps, 0 to 1, that sdedit takes anew.", valueName: "share"))
  var strength: Double?

  @Option(
    name: .long, help: ArgumentHelp("A word that names the object; may be given once a word.", valueName: "word"))
  var object: [String] = []

  @OptionGroup var options: PictureOptions

  @OptionGroup var canvas: CanvasOptions

  @Option(name: .long, help: ArgumentHelp("The folder for the files; made if missing.", valueName: "folder"))
  var out = "edit"

  @Option(
    name: .long, help: ArgumentHelp("A file to write start noise and final latents to.", valueName: "file.safetensors"))
  var latentsOut: String?

  @OptionGroup var output: JSONOption

  private struct Report: Encodable {
    let folder: String
    let files: [String]
    let latents: String?
    let method, source, target: String
    let seed: Seed
    let steps: Int
    let guidanceScale: Double
    let scheduler: String
    let contentHashes: [String]
    let remarks: [String]
  }

  func validate() throws {
    for (name, text) in [("--source", source), ("--target", target)] where isPicture(text) {
      throw ValidationError(
        "\(name): \"\(text)\" is a picture's name; edit draws its source from a prompt, and edits no picture of yours")
    }
    guard let latentsOut, !latentsOut.lowercased().hasSuffix(".safetensors") else { return }
    throw ValidationError("--latents-out: \"\(latentsOut)\" does not end in .safetensors")
  }

  private func isPicture(_ text: String) -> Bool {
    [".png", ".jpg", ".jpeg", ".webp"].contains { text.lowercased().hasSuffix($0) }
  }

  func run() throws {
    let folder = folderURL(out)
    let latentsURL = latentsOut.map(fileURL)
    try checkPlaces(folder, latentsURL)
    let edited = try picture()
    for remark in edited.remarks { StandardError.write("note: \(remark)\n") }
    let latents = try edited.denoise(progress: TerminalProgress())
    let (before, after) = (try edited.picture(latents.source), try edited.picture(latents.edit))

    var files = OutputFiles()
    let pictures = [
      ("source.png", before), ("edit.png", after), ("changed.png", try edited.figure(source: before, edit: after)),
    ]
    for (name, picture) in pictures {
      files.add(folder.appending(path: name), bytes: try PNG.encode(picture, texts: edited.texts))
    }
    files.add(folder.appending(path: "edit.yaml"), bytes: Array(experimentText(edited).utf8))
    if let latentsURL {
      let tensors = [
        ("noise", try edited.noise().channelsFirst()), ("source", try latents.source.channelsFirst()),
        ("edit", try latents.edit.channelsFirst()),
      ]
      let metadata = Dictionary(uniqueKeysWithValues: edited.texts.map { ($0.key, $0.value) })
      files.add(latentsURL) {
        try SafetensorsWriter.encode(tensors, metadata: metadata, name: latentsURL.lastPathComponent)
      }
    }
    try files.commit()
    try report(edited, folder, pictures.map(\.0) + ["edit.yaml"], latentsURL)
  }

  /// The edit, not yet made.
  /// - Throws: `UsageError` for a method that there is not, dials that it has not, and sizes that the model cannot make.
  private func picture() throws -> EditedPicture {
    guard let chosen = EditingMethods.named(method) else {
      throw UsageError("--method: \(EditingMethods.unknown(method))")
    }
    try checkDials(of: chosen)
    let model = options.modelOption.model
    // The file that repeats the edit stands in another folder.
    let name = BundledModels.names.contains(model) ? model : fileURL(model).standardizedFileURL.path
    do {
      return try asUsage {
        try EditedPicture(
          commandLineModel(model), named: name, chosen,
          MethodSettings(layers: layers, until: until, strength: strength, object: object),
          pair: PromptPair(source: source, target: target), negativePrompt: canvas.negative, seed: options.seed,
          settings: options.generation, height: canvas.height, width: canvas.width)
      }
    } catch let error as SizeError {
      throw UsageError(error.problems.map { "--\($0)" })
    } catch let error as SpecError {
      throw UsageError(error.problems.map { "--\($0.message)" })
    }
  }

  /// Dials are options here, and messages name them so.
  private func checkDials(of method: EditingMethod) throws {
    let given: [(MethodDial, Bool)] = [
      (.layers, layers != nil), (.until, until != nil), (.strength, strength != nil), (.object, !object.isEmpty),
    ]
    let known = method.dialNames.map { "--\($0.rawValue)" }
    var problems = given.filter { $0.1 && method.dials[$0.0] == nil }.map { dial, _ in
      "--\(dial.rawValue): \(method.name) has no such dial; "
        + (known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))")
    }
    if method.dials[.object] != nil, object.isEmpty {
      problems.append("--object: \(method.name) needs the word that names the object, as --object car")
    }
    guard problems.isEmpty else { throw UsageError(problems) }
  }

  private func checkPlaces(_ folder: URL, _ latents: URL?) throws {
    var problems: [String] = []
    if let problem = OutputPlace.problem(folder: folder) { problems.append("--out: \(problem)") }
    // A file in the folder of the others is written together with it.
    if let latents, latents.deletingLastPathComponent().standardizedFileURL.path != folder.standardizedFileURL.path,
      let problem = OutputPlace.problem(file: latents)
    {
      problems.append("--latents-out: \(problem)")
    }
    guard problems.isEmpty else { throw CommandError(problems.joined(separator: "\nerror: ")) }
  }

  /// The folder as it was given, with a slash.
  private var place: String { out.hasSuffix("/") ? out : out + "/" }

  private func experimentText(_ edited: EditedPicture) -> String {
    """
    # The edit beside this file as an experiment: \(shellLine(["attnlab", "run", "\(place)edit.yaml"]))
    # The method is \(edited.method.name), written out in its operations; attnlab methods \(edited.method.name) explains it.

    """ + edited.experiment.resolvedYAML()
  }

  private func report(_ edited: EditedPicture, _ folder: URL, _ names: [String], _ latents: URL?) throws {
    if output.json {
      return try StandardOutput.write(
        json: Report(
          folder: folder.path, files: names, latents: latents?.path, method: edited.method.name, source: source,
          target: target, seed: edited.settings.seed, steps: edited.settings.steps,
          guidanceScale: edited.settings.guidanceScale, scheduler: edited.settings.scheduler.rawValue,
          contentHashes: [edited.source.hash, edited.edit.hash], remarks: edited.remarks))
    }
    try StandardOutput.write(names.map { "wrote \(place)\($0)\n" }.joined())
    if let latentsOut { try StandardOutput.write("wrote \(latentsOut) (noise, source, edit)\n") }
  }
}
