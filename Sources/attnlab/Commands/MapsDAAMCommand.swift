import Analysis
import ArgumentParser
import Formatting
import Foundation
import Plotting
import Reporting
import Results

struct MapsDAAMCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "daam",
    abstract: "Draw DAAM's heat map of each word of the prompt.",
    discussion: """
      Computes what the package daam 0.2.0 computes, after Tang et al. 2022, "What the DAAM". Each head's \
      cross-attention to a token is summed over the steps, brought to the latents' grid by bicubic interpolation and \
      clamped at 0. A map is the mean of these over layers and heads, without the middle block, and over the tokens \
      of a word. A word is known by its tokens. So equal words of a prompt are one word, and the word "a" is also \
      found in a "zebra" that is split into z e b r a; car#1 or car#2 is one occurrence alone. Options make other \
      choices: the paper's formula is --sum-layers --middle-block --unclamped.

      For a record with heads: all and tokens: all, the numbers are the package's. A record of means over heads, or \
      of words, keeps what the clamp would take off single heads and tokens (with --unclamped there is no \
      difference). The title says which recorded layers and steps a map is made of; --steps chooses fewer steps, and \
      --sites takes the sites that it names, even in the middle block. Each map is drawn on its own scale.

      Writes daam.png; the table has word, y, x, value.

      Examples:
        attnlab maps daam first-look
        attnlab maps daam first-look --words car,red --sites cross:up --csv daam.csv
        attnlab maps daam first-look --sum-layers --middle-block --unclamped
      """)

  @OptionGroup var view: ViewOptions

  @Option(
    name: .long,
    help: ArgumentHelp("Words of the prompt, between commas: car,red or car#2. (default: all)", valueName: "words"))
  var words: String?

  @Flag(name: .long, help: "Sum layers and heads; the package takes their mean.")
  var sumLayers = false

  @Flag(name: .long, help: "Sum the tokens of a word; the package takes their mean.")
  var sumTokens = false

  @Flag(name: .long, help: "Include the middle block, which the package leaves out.")
  var middleBlock = false

  @Flag(name: .long, help: "Keep values below 0, which the package clamps.")
  var unclamped = false

  private struct Word: Encodable {
    let word: String
    let height, width: Int
    let values: [Float]
  }

  func run() throws {
    try view.with { store, results in
      let run = try view.run(in: store)
      let names = words?.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let definition = WordHeatMaps.Definition(
        isClamped: !unclamped, sumsLayers: sumLayers, sumsTokens: sumTokens)
      let heatMaps = try WordView(
        view.request(run, words: names), definition: definition, takesMiddleBlock: middleBlock, store: store)
      let title = "\(run.figureTitle) · attention to each word: \(heatMaps.over)"
      let figure = try heatMaps.figure(title: title, picture: try run.picture(store, results))
      var table = TextTable(["word", "lowest", "highest"], right: [1, 2])
      for (word, map) in zip(heatMaps.words, heatMaps.maps) {
        table.add([word] + [map.range?.lowerBound, map.range?.upperBound].map { Readable.value($0.map(Double.init)) })
      }
      try view.write(
        [("daam.png", figure)], of: [run], csv: heatMaps.csv,
        text: "run  \(printable(run.title))\n\(heatMaps.over)\n\n\(table.text)",
        json: zip(heatMaps.words, heatMaps.maps).map {
          Word(word: $0, height: $1.height, width: $1.width, values: $1.values)
        })
    }
  }
}
