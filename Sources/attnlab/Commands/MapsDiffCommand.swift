import ArgumentParser
import AttentionStore
import Formatting
import Reporting
import Results

struct MapsDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Draw what differs between the attention of two runs.",
    discussion: """
      Draws the second run's maps less the first's, at each layer and step that both recorded: red where the second \
      has more, blue where the first has more. The first run is chosen as in the other views. The second is the next \
      finished run of the same group (for a source its first target), unless --with or --with-intervention names \
      another.

      Cross-attention is compared by a word: --word of the first prompt with --with-word of the second. Without \
      these options it is the word that differs between the prompts and the one in its place, or the last word. \
      --point compares self-attention instead, and draws it for that point in multiples of 1 / keys.

      The distances are half the sum of the absolute differences (0 to 1) and the Jensen-Shannon divergence in nats \
      (0 to 0.693). For a word they compare its maps, each brought to a sum of 1 over the cells. For self-attention \
      they compare the rows, averaged over all queries. The table has a line for each layer and step.

      Writes difference.png.

      Examples:
        attnlab maps diff first-look
        attnlab maps diff first-look --run 3f9a --with 7e8b --word car
        attnlab maps diff first-look --with-intervention "self all" --point 64,64
      """)

  @OptionGroup var view: ViewOptions

  @Option(name: .customLong("with"), help: ArgumentHelp("The first digits of the other run's hash.", valueName: "hash"))
  var otherHash: String?

  @Option(
    name: .long, help: ArgumentHelp("The other run: the same group's under this intervention.", valueName: "name"))
  var withIntervention: String?

  @Option(name: .long, help: ArgumentHelp("A word of the first run's prompt.", valueName: "word"))
  var word: String?

  @Option(
    name: .long, help: ArgumentHelp("A word of the other run's prompt. (default: that of --word)", valueName: "word"))
  var withWord: String?

  @Option(name: .long, help: ArgumentHelp("A point of the picture, in pixels from the top left.", valueName: "x,y"))
  var point: PixelPoint?

  private struct Row: Encodable {
    let kind, site: String
    let layer, step: Int
    let totalVariation, jensenShannon: Double
  }

  func validate() throws {
    if point != nil, word != nil || withWord != nil {
      throw ValidationError("--point is of self-attention, which has no words; give --point or --word")
    }
    if withWord != nil, word == nil { throw ValidationError("--with-word: name the first run's with --word too") }
    if otherHash != nil, withIntervention != nil {
      throw ValidationError("--with and --with-intervention both name the other run; give one")
    }
  }

  func run() throws {
    try view.with { store, _ in
      let first = try view.run(in: store)
      let second = try other(first, store)
      let difference = try DifferenceView(
        view.request(first), second: second.run.hash, subject: try subject(first, second, store), store: store)
      try view.write(
        [("difference.png", try difference.figure())], of: [first, second], csv: difference.csv,
        text: "first   \(printable(first.title))\nsecond  \(printable(second.title))\n"
          + "of      \(printable(difference.subjectText))\n\n\(table(difference).text)",
        json: difference.rows.map {
          Row(
            kind: $0.site.kind.rawValue, site: $0.site.path, layer: $0.site.layer, step: $0.step,
            totalVariation: $0.distance.totalVariation, jensenShannon: $0.distance.jensenShannon)
        })
    }
  }

  private func table(_ difference: DifferenceView) -> TextTable {
    var table = TextTable(["layer", "steps", "L1 / 2", "JS, nats", "at most"], right: [1, 2, 3, 4])
    for layer in difference.layers {
      table.add(
        [layer.site.figureLabel, "\(layer.steps)"]
          + [layer.totalVariation, layer.jensenShannon, layer.largestJensenShannon].map(Readable.value))
    }
    return table
  }

  private func other(_ first: StoredRun, _ store: AttentionStore) throws -> StoredRun {
    if let otherHash { return try StoredRun.find(otherHash, in: store) }
    return try DifferenceView.other(first, intervention: withIntervention, in: store)
  }

  private func subject(
    _ first: StoredRun, _ second: StoredRun, _ store: AttentionStore
  ) throws -> DifferenceView.Subject {
    if let point { return .point(try point.place(in: first)) }
    if let word { return .word(word, other: withWord ?? word) }
    return try DifferenceView.words(of: first, and: second, in: store)
  }
}
