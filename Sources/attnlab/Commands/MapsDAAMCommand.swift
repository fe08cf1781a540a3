import ArgumentParser
import Experimenting
import Foundation
import Plotting

struct MapsDAAMCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "daam",
    abstract: "Draw DAAM's heat map of each word of the prompt.",
    discussion: """
      The definition of Tang et al. 2022, "What the DAAM": every recorded cross-attention map of a word is brought to the \
      latents' grid by bicubic interpolation, and all are summed over layers, heads and steps; the tokens of a word are \
      summed. As in the released program what the interpolation leaves below 0 of a layer's and head's sum over steps is \
      taken off; with --unclamped it stays, which is the paper's formula to the letter. A record of means over heads counts \
      each as often as its layer has heads. The sum is over what was recorded, and the title says what that is; --sites and \
      --steps make it less. Each map is drawn on its own scale.

      Writes daam.png; the table has word, y, x, value.

      Examples:
        attnlab maps daam first-look
        attnlab maps daam first-look --words car,red --sites cross:up --csv daam.csv
        attnlab maps daam first-look --steps 0-4 --unclamped
      """)

  @OptionGroup var view: ViewOptions

  @Option(
    name: .long,
    help: ArgumentHelp("Words of the prompt, between commas: car,red or car#2. (default: all)", valueName: "words"))
  var words: String?

  @Flag(name: .long, help: "Leave values below 0: the paper's formula without the program's clamp.")
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
      let heatMaps = try WordView(view.request(run, words: names), isClamped: !unclamped, store: store)
      let title = "\(run.prompt) · seed \(run.run.seed) · attention to each word: sum over \(heatMaps.over)"
      let figure = try heatMaps.figure(title: title, picture: try run.picture(store, results))
      var table = Table(["word", "lowest", "highest"], right: [1, 2])
      for (word, map) in zip(heatMaps.words, heatMaps.maps) {
        table.add([word] + [map.range?.lowerBound, map.range?.upperBound].map { Readable.value($0.map(Double.init)) })
      }
      try view.write(
        [("daam.png", figure)], of: [run], csv: heatMaps.csv,
        text: "run  \(printable(run.title))\nsum over \(heatMaps.over)\n\n\(table.text)",
        json: zip(heatMaps.words, heatMaps.maps).map {
          Word(word: $0, height: $1.height, width: $1.width, values: $1.values)
        })
    }
  }
}
