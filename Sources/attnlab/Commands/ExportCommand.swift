import ArgumentParser
import Attention
import AttentionStore
import Exporting
import Results

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write what a run stored of its attention as pictures, arrays or tables.",
    discussion: """
      Sites, words, steps and heads choose among the maps that the experiment recorded; without an option all maps \
      of the run are written, as the mean over heads. `attnlab show NAME` lists the runs, and `attnlab show NAME \
      --run HASH` lists what was recorded of one run.

      Formats: png is a picture of each word or point, and npy an array [height, width, keys] of each map. npz, \
      safetensors, csv and json are one file for each record, with the names of the keys. numpy.load reads npy and \
      npz, the package safetensors reads its files for PyTorch and NumPy, and json names every axis. Pictures are \
      drawn of probabilities; scores, log ratios, queries, keys, values and outputs (`of` in the file's record list) \
      go into the other formats. Queries, keys and values have no mean over heads, so each head is written by itself.

      Pictures of self-attention show where one point of the picture looks: its middle, or --point. The unconditional \
      half, of records with `branch: both` or `unconditional`, looks at the negative prompt, whose words --words names.

      Examples:
        attnlab export first-look --run 3f9a --words car,red --out car-maps
        attnlab export first-look --run 3f9a --sites self:4-14 --format npy
        attnlab export first-look-heads --run 3f9a --heads 0,1 --format csv
        attnlab export first-look --run 3f9a --sites cross:11 --format npz
        attnlab export first-look --run 3f9a --sites self:9 --point 64,80
        attnlab export ratios --run 3f9a --record article --heads all --format npz
      """)

  @Argument(
    help: ArgumentHelp("An experiment below the results folder, or its own folder.", valueName: "name-or-folder"),
    completion: .results)
  var experiment: String

  @Option(name: .customLong("run"), help: ArgumentHelp("The first digits of the run's hash.", valueName: "hash"))
  var runHash: String

  @Option(
    name: .long,
    help: ArgumentHelp("Attention sites, as in experiment files: cross:*, self:4-14.", valueName: "selector"),
    transform: { try SiteSelector($0) })
  var sites: SiteSelector?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Words of cross-attention, between commas: car,red or car#2, 'red car', '<end>', positions; '<edited>' and the "
        + "other names of an edit's words where the experiment recorded them.", valueName: "words"))
  var words: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Steps from 0: 0,10,20 or 0-9 or all. (default: all that were recorded)", valueName: "steps"),
    transform: { try StepSelector($0) })
  var steps: StepSelector?

  @Option(
    name: .long,
    help: ArgumentHelp("mean, all, or heads from 0 between commas. (default: mean)", valueName: "heads"),
    transform: { try MapExportRequest.Heads($0) })
  var heads: MapExportRequest.Heads?

  @Option(
    name: .long,
    help: ArgumentHelp("An entry of the experiment's record list. (default: all)", valueName: "name"))
  var record: String?

  @Option(name: .long, help: "The half of classifier-free guidance.")
  var branch = GuidanceBranch.conditional

  @Option(
    name: .long,
    help: ArgumentHelp(
      "For pictures of self-attention, in pixels from the top left. (default: the middle)", valueName: "x,y"))
  var point: PixelPoint?

  @Option(name: .long, help: "The files' format.")
  var format = MapExportRequest.Format.png

  @Option(name: .long, help: ArgumentHelp("The folder for the files; made if missing.", valueName: "folder"))
  var out = "export"

  @OptionGroup var resultsOption: ResultsOption
  @OptionGroup var output: JSONOption

  func run() throws {
    let folder = folderURL(out)
    let files = try resultsOption.withMaps(of: experiment, to: folder) { store, results in
      let run = try StoredRun.find(runHash, in: store)
      var request = MapExportRequest(
        run: run.run.hash, sites: sites, words: words.map(Self.names), steps: steps, heads: heads ?? .mean,
        record: record, format: format, branch: branch)
      if let point { request.point = try point.place(in: run) }
      return try MapExport.write(store: store, results: results, request: request, to: folder)
    }
    if output.json { return try StandardOutput.write(json: ["files": files.map(\.path)]) }
    try StandardOutput.write(files.map { "wrote \($0.path)\n" }.joined())
  }

  /// The parts between commas; a comma can be a word itself only by its position.
  private static func names(_ text: String) -> [String] {
    text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }
}

extension MapExportRequest.Format: ExpressibleByArgument {}

extension GuidanceBranch: ExpressibleByArgument {}
