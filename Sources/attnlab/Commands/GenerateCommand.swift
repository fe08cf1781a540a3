import ArgumentParser
import Checkpoints
import Foundation
import Plotting
import Results
import Running
import Tensors

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Make one picture.",
    discussion: """
      A seed gives the same picture as in diffusers with torch.Generator("cpu"). Steps and guidance have the \
      defaults of an experiment file, and scheduler and size those of the model's folder. Files that exist are \
      replaced.

      Examples:
        attnlab generate --prompt "a red car" --out car.png
        attnlab generate --prompt "" --seed 7 --steps 20 --out nothing.png
        attnlab generate --prompt "a dog" --negative "a cat" --height 128 --width 192
        attnlab generate --prompt "a dog" --seed 3 --latents-out dog.safetensors

      The safetensors file holds two fp32 tensors of shape [1, 4, height / 8, width / 8]: `noise`, the start noise \
      before any sigma, and `latents`, the final latents in diffusers' scale.
      """)

  @Option(name: .long, help: ArgumentHelp("What to draw; \"\" is valid.", valueName: "text"))
  var prompt: String

  @OptionGroup var options: PictureOptions

  @OptionGroup var canvas: CanvasOptions

  @Option(name: .long, help: ArgumentHelp("The file to write the picture to.", valueName: "file.png"))
  var out = "picture.png"

  @Option(
    name: .long, help: ArgumentHelp("A file to write start noise and final latents to.", valueName: "file.safetensors"))
  var latentsOut: String?

  @OptionGroup var output: JSONOption

  private struct Report: Encodable {
    let picture: String
    let latents: String?
    let settings: PictureSettings
    let remarks: [String]
  }

  func validate() throws {
    var problems: [String] = []
    if !out.lowercased().hasSuffix(".png") {
      problems.append("--out: the picture is a PNG file, and \"\(out)\" does not end in .png")
    }
    if let latentsOut, !latentsOut.lowercased().hasSuffix(".safetensors") {
      problems.append("--latents-out: \"\(latentsOut)\" does not end in .safetensors")
    }
    guard problems.isEmpty else { throw ValidationError(problems.joined(separator: "\nerror: ")) }
  }

  func run() throws {
    let pictureURL = fileURL(out)
    let latentsURL = latentsOut.map(fileURL)
    try checkPlaces(pictureURL, latentsURL)
    let single = try options.picture(
      of: prompt, negativePrompt: canvas.negative, height: canvas.height, width: canvas.width)
    for remark in single.remarks { StandardError.write("note: \(remark)\n") }
    let latents = try single.denoise(progress: TerminalProgress())

    var files = OutputFiles()
    files.add(pictureURL, bytes: try PNG.encode(single.model.picture(latents), texts: single.texts))
    if let latentsURL {
      let noise = try single.model.noise(
        seed: single.settings.seed, height: single.settings.height, width: single.settings.width)
      let tensors = [("noise", try noise.channelsFirst()), ("latents", try latents.channelsFirst())]
      let metadata = Dictionary(uniqueKeysWithValues: single.texts.map { ($0.key, $0.value) })
      files.add(latentsURL) {
        try SafetensorsWriter.encode(tensors, metadata: metadata, name: latentsURL.lastPathComponent)
      }
    }
    try files.commit()

    if output.json {
      let report = Report(
        picture: pictureURL.path, latents: latentsURL?.path, settings: PictureSettings(single), remarks: single.remarks)
      return try StandardOutput.write(json: report)
    }
    let size = "\(single.settings.width) x \(single.settings.height) pixels"
    try StandardOutput.write("wrote \(out) (\(size), content hash \(single.run.hash.prefix(16)))\n")
    if let latentsOut { try StandardOutput.write("wrote \(latentsOut) (noise, latents)\n") }
  }

  private func checkPlaces(_ picture: URL, _ latents: URL?) throws {
    var problems: [String] = []
    if let problem = OutputPlace.problem(file: picture) { problems.append("--out: \(problem)") }
    if let latents, let problem = OutputPlace.problem(file: latents) { problems.append("--latents-out: \(problem)") }
    guard problems.isEmpty else { throw CommandError(problems.joined(separator: "\nerror: ")) }
  }
}
