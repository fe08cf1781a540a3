import ArgumentParser
import AttentionStore
import Comparing
import ExperimentFiles
import Foundation
import Generation
import Measures
import Plotting
import Results
import Tensors

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare interventions with a baseline over the same prompts and seeds.",
    discussion: """
      Pairs each run with the baseline's run of the same source prompt, target prompt, seed and settings; runs \
      without a partner are counted and named. For each metric it prints the mean difference to the baseline and its 95 % \
      interval by the BCa bootstrap. It resamples whole pairs of prompts if there are 5 or more of which no two \
      share a seed; else whole seeds if there are 5 or more; else each pair and seed by itself. The output says which. Infinite values (the PSNR of equal pictures) are excluded and counted.

      With --test each row also has the p of a permutation test, which turns the signs of whole clusters, and a p \
      that is corrected for all rows of its metric by step-down maxima. With --equivalence a row says whether the \
      difference is too small to matter: smaller than a bound that you set before you look. --correlate correlates \
      two metrics by their ranks over the runs of each intervention; the table of --csv leaves these out.

      If you name several experiments, an intervention is called experiment/intervention, and a name alone means \
      that intervention of each. The baseline is then the first experiment's.

      Examples:
        attnlab compare first-look
        attnlab compare first-look --interventions "self all,cross all" --by seed
        attnlab compare first-look --test --equivalence ssim=0.02 --correlate psnr,ssim
        attnlab compare ablations --by layer --csv layers.csv --chart layers.png
        attnlab compare first-look other-model --interventions "self all" --baseline "first-look/self all"
      """)

  @Argument(
    help: ArgumentHelp("Experiments below the results folder, or their own folders.", valueName: "name-or-folder"),
    completion: .results)
  var experiments: [String]

  @Option(
    name: .long,
    help: ArgumentHelp("Interventions, between commas. (default: all)", valueName: "names"))
  var interventions: String?

  @Option(name: .long, help: ArgumentHelp("The intervention that the others are compared with.", valueName: "name"))
  var baseline = InterventionSpec.none.name

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Metrics, between commas; attnlab metrics lists them. (default: all measured)",
      valueName: "names"))
  var metrics: String?

  @Option(
    name: .customLong("by"),
    help: ArgumentHelp(
      "A row for each seed, prompt or settings of a sweep; or interventions in the order of the layers or steps that "
        + "they change.",
      valueName: "layer|step|seed|prompt|settings"))
  var grouping: ComparisonRequest.Grouping?

  @Option(name: .long, help: ArgumentHelp("Also write the rows as a table.", valueName: "file.csv"))
  var csv: String?

  @Option(name: .long, help: ArgumentHelp("Also draw the differences with their intervals.", valueName: "file.png"))
  var chart: String?

  @Option(
    name: .customLong("samples"),
    help: ArgumentHelp("Resamples of the bootstrap, 100 to 1000000.", valueName: "number"))
  var resamples = 10_000

  @Option(
    name: .long,
    help: ArgumentHelp("The seed of the bootstrap's resampling and of the signs of --test.", valueName: "number"),
    transform: seedOption)
  var seed: Seed = 0

  @OptionGroup var tests: ComparisonTestOptions

  @OptionGroup var resultsOption: ResultsOption
  @OptionGroup var output: JSONOption

  func validate() throws {
    var problems: [String] = []
    if !(100...1_000_000).contains(resamples) {
      problems.append("--samples: \(resamples) is not allowed; it is 100 to 1000000")
    }
    if let chart, !chart.lowercased().hasSuffix(".png") {
      problems.append("--chart: the chart is a PNG file, and \"\(chart)\" does not end in .png")
    }
    problems += tests.problems
    guard problems.isEmpty else { throw ValidationError(problems.joined(separator: "\nerror: ")) }
  }

  func run() throws {
    let folders = try experiments.map(resultsOption.folder)
    try checkPlaces()
    let results = try folders.map { folder in
      let store = try AttentionStore.open(folder.database, mode: .readOnly)
      defer { try? store.close() }
      return try ComparableResults(results: folder, store: store)
    }
    for each in results { noteOtherRuns(each.otherRuns, of: each.name) }
    let comparison = try compare(results)
    guard !comparison.isEmpty else {
      throw CommandError(
        "no run has a partner under the baseline \"\(comparison.baseline)\": \(comparison.reasons)")
    }
    try writeFiles(comparison)
    if output.json {
      try StandardOutput.write(json: ComparisonReport(comparison))
    } else {
      try StandardOutput.write(comparison.text)
      try StandardOutput.write([csv, chart].compactMap { $0.map { "wrote \(fileURL($0).path)\n" } }.joined())
    }
  }

  private func checkPlaces() throws {
    let places = [("--csv", csv), ("--chart", chart)].compactMap { option, path in
      path.flatMap { OutputPlace.problem(file: fileURL($0)) }.map { "\(option): \($0)" }
    }
    guard places.isEmpty else { throw CommandError(places.joined(separator: "\n")) }
  }

  private func compare(_ results: [ComparableResults]) throws -> Comparison {
    let known = Set(results.flatMap { results in results.interventions.flatMap { [$0, "\(results.name)/\($0)"] } })
    let names = interventions.map { text in
      // A name may hold a comma.
      known.contains(text) ? [text] : text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let chosen = try metrics.map { try Self.metrics($0, among: results.flatMap(\.metrics)) }
    let request = ComparisonRequest(
      interventions: names, baseline: baseline, metrics: chosen, grouping: grouping, resamples: resamples,
      seed: seed.value,
      permutations: tests.drawn, equivalence: tests.bounds, correlation: tests.correlate)
    return try asUsage { try Comparison(results, request) }
  }

  /// Metrics by name: those that were measured, which may be of a program that is gone, before those of attnlab.
  private static func metrics(_ text: String, among measured: [Metric]) throws -> [Metric] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      let name = part.trimmingCharacters(in: .whitespaces)
      do { return try measured.first { $0.name == name } ?? namedMetric(name) } catch let error as ValidationError {
        throw UsageError("--metrics: \(error.message)")
      }
    }
  }

  private func writeFiles(_ comparison: Comparison) throws {
    var files = OutputFiles()
    if let csv { files.add(fileURL(csv), bytes: Array(comparison.csv)) }
    if let chart {
      let picture = try comparison.chart()
      files.add(fileURL(chart), bytes: try PNG.encode(picture))
    }
    try files.commit()
  }
}

extension ComparisonRequest.Grouping: ExpressibleByArgument {}
