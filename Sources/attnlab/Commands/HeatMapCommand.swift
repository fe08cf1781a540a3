import ArgumentParser
import Foundation
import Plotting
import Reporting
import Results
import Running

struct HeatMapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heatmap",
    abstract: "Make one picture and show where each word of the prompt looks.",
    discussion: """
      Records the cross-attention of all layers, heads and steps (conditional half) while it makes the picture, and \
      writes into the folder:

        picture.png            the picture
        words.png              each word's heat map over the picture, as the package daam computes it
        grid-1-a.png, ...      for each word its maps, layers by steps, the mean over heads

      DAAM (Tang et al. 2022) sums each head's maps over the steps, brings them to the latents' grid by bicubic \
      interpolation and clamps them at 0. The package takes the mean over layers, heads and the tokens of a word, \
      and leaves out the middle block. `attnlab maps daam` draws the same for a run that an experiment recorded, and \
      offers other choices.

      The defaults are those of `attnlab generate`. Files of these names are replaced.

      Examples:
        attnlab heatmap "a red car"
        attnlab heatmap "a blue bird on the beach" --seed 3 --out bird
        attnlab heatmap "a dog" --model ~/models/stable-diffusion-v1-5 --size 384
      """)

  @Argument(help: ArgumentHelp("The prompt.", valueName: "prompt"))
  var prompt: String

  @OptionGroup var options: PictureOptions

  @Option(
    name: .long,
    help: ArgumentHelp("Height and width in pixels, a multiple of 8. (default: the model's)", valueName: "pixels"))
  var size: Int?

  @Option(name: .long, help: ArgumentHelp("The folder for the pictures; made if missing.", valueName: "folder"))
  var out = "heatmap"

  @OptionGroup var output: JSONOption

  private struct Report: Encodable {
    let folder: String
    let files, words: [String]
    let settings: PictureSettings
    let remarks: [String]
  }

  func run() throws {
    let folder = folderURL(out)
    if let problem = OutputPlace.problem(folder: folder) { throw CommandError("--out: \(problem)") }
    let single: SinglePicture
    do {
      single = try options.picture(of: prompt, height: size, width: size) { [WordMaps.record(of: $0)] }
    } catch let error as UsageError {
      // Height and width are one option here.
      throw UsageError(error.problems.filter { !$0.hasPrefix("--width:") }.map(Self.asSize))
    }
    var maps = WordMaps(prompt: single.prompt, sites: single.plan.sites, stepCount: single.plan.stepCount)
    guard !maps.words.isEmpty else { throw UsageError("the prompt has no word whose attention could be shown") }
    for remark in single.remarks { StandardError.write("note: \(remark)\n") }

    let latents = try single.denoise(progress: TerminalProgress()) { step, probe in
      try maps.add(step: step, probe.maps)
    }
    let picture = try single.model.picture(latents)
    let figures = try maps.figures(
      title: "\u{201C}\(prompt)\u{201D}, seed \(single.settings.seed)", picture: picture)
    var files = OutputFiles()
    for (name, figure) in figures {
      files.add(folder.appending(path: name), bytes: try PNG.encode(figure, texts: single.texts))
    }
    try files.commit()
    let names = figures.map(\.name)

    if output.json {
      let report = Report(
        folder: folder.path, files: names, words: maps.words, settings: PictureSettings(single), remarks: single.remarks
      )
      return try StandardOutput.write(json: report)
    }
    let shown = out.hasSuffix("/") ? out : out + "/"
    try StandardOutput.write(names.map { "wrote \(shown)\($0)\n" }.joined())
    try StandardOutput.write(
      "How to read them: bright places attend more to the word than dark ones do; what that causes, only an experiment "
        + "that swaps or removes it can tell.\n")
  }

  private static func asSize(_ problem: String) -> String {
    problem.hasPrefix("--height:") ? "--size:" + problem.dropFirst("--height:".count) : problem
  }
}
