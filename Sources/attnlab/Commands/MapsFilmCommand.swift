import ArgumentParser
import AttentionStore
import Formatting
import Foundation
import Plotting
import Reporting
import Results
import Tensors

struct MapsFilmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "film",
    abstract: "Write a film over the steps, as an animated PNG.",
    discussion: """
      Draws a frame for each recorded step. It shows where the picture looks at a word (DAAM's mean over layers and \
      heads, on one scale for all frames). With --point it shows where a point looks at each layer, and with \
      --predicted what the model expected the picture to become, if the file asked for `predicted_clean`. The last \
      frame stays longer.

      Writes film.png, which browsers play; other viewers show the first frame.

      Examples:
        attnlab maps film first-look --word car
        attnlab maps film first-look --point 64,80 --seconds 0.8
        attnlab maps film my-experiment --intervention "self 4-14" --predicted
      """)

  @OptionGroup var view: ViewOptions

  @Option(name: .long, help: ArgumentHelp("A word of the prompt: car or car#2. (default: the last)", valueName: "word"))
  var word: String?

  @Option(name: .long, help: ArgumentHelp("A point, in pixels from the top left of the picture.", valueName: "x,y"))
  var point: PixelPoint?

  @Flag(name: .long, help: "The pictures that the model expected.")
  var predicted = false

  @Option(name: .long, help: ArgumentHelp("How long a frame stays, 0.02 to 100.", valueName: "number"))
  var seconds = 0.25

  func validate() throws {
    if [word != nil, point != nil, predicted].count(where: { $0 }) > 1 {
      throw ValidationError("--word, --point and --predicted are films of their own; give one of them")
    }
    guard (0.02...100).contains(seconds) else { throw ValidationError("--seconds: \(seconds) is not 0.02 to 100") }
    if view.csv != nil {
      throw ValidationError("--csv: a film has no table; those of maps daam and maps point have its values")
    }
  }

  private struct Film: Encodable {
    let steps: [Int]
    let width, height: Int
    let seconds: Double
  }

  func run() throws {
    try view.with { store, results in
      let run = try view.run(in: store)
      let film = try film(of: run, store, results)
      let size = film.frames[0]
      try view.write(
        files: [("film.png", try PNG.film(film.frames, seconds: seconds, texts: view.texts(of: [run])))],
        text: "run     \(printable(run.title))\nframes  \(film.frames.count), steps \(film.steps[0]) to "
          + "\(film.steps[film.steps.count - 1])\n\n",
        json: Film(steps: film.steps, width: size.width, height: size.height, seconds: seconds))
    }
  }

  private func film(of run: StoredRun, _ store: AttentionStore, _ results: ResultsFolder) throws -> FilmView {
    if predicted { return try FilmView.predicted(run, results: results, store: store) }
    let picture = try run.picture(store, results)
    guard let point else { return try FilmView.word(word, view.request(run), picture: picture, store: store) }
    return try FilmView.point(try point.place(in: run), view.request(run), picture: picture, store: store)
  }
}
