import ArgumentParser
import AttentionStore
import Formatting
import Foundation
import MapProbes
import ProbePages
import Results

struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    abstract: "Print what the probes of an experiment found, or ask a trained one about other maps.",
    discussion: """
      `attnlab run` trains the probes that a file asks for and keeps what they found. These commands read that again; \
      nothing is trained.

      Examples:
        attnlab probe show color-probe
        attnlab probe show color-probe --json
        attnlab probe apply color-probe "words" --to other-bank --intervention none
      """,
    subcommands: [ProbeShowCommand.self, ProbeApplyCommand.self], defaultSubcommand: ProbeShowCommand.self)
}

struct ProbeShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Print accuracies, controls and verdicts of an experiment's probes.",
    discussion: """
      The best cell of each probe is printed with its interval, its controls and how much the probe gains over each. \
      Tests follow with their verdicts. Intervals are over seeds. `attnlab figures NAME` writes the report and its \
      charts again.

      Examples:
        attnlab probe show color-probe
        attnlab probe color-probe --json
      """)

  @Argument(
    help: ArgumentHelp("An experiment below the results folder, or its own folder.", valueName: "name-or-folder"),
    completion: .results)
  var experiment: String

  @OptionGroup var resultsOption: ResultsOption
  @OptionGroup var output: JSONOption

  private struct Report: Encodable {
    let probes: [ProbeResult]
    let tests: [Test]
    struct Test: Encodable {
      let says, probe, over, measure, cells, side: String
      let threshold: Double
      let estimate: Double?
      let interval: [Double]?
      let seeds, samples: Int
      let p, correctedP: Double?
      let verdict: String
      let problem: String?
    }
  }

  func run() throws {
    let results = try resultsOption.folder(experiment)
    let store = try AttentionStore.open(results.database, mode: .readOnly)
    defer { try? store.close() }
    let plan = try StoredResults(results: results, store: store).plan
    guard let findings = try ProbeFindings(plan.spec, store: store) else {
      throw MapProbeError.noResults(experiment: results.name)
    }
    guard output.json else { return try StandardOutput.write(ProbeTerminal(findings).text) }
    try StandardOutput.write(
      json: Report(
        probes: findings.probes,
        tests: findings.tests.map { test in
          Report.Test(
            says: test.says, probe: test.probe, over: test.over, measure: test.measure, cells: test.cells,
            side: test.side, threshold: test.threshold, estimate: test.estimate,
            interval: test.interval.map { [$0.lowerBound, $0.upperBound] }, seeds: test.seeds, samples: test.samples,
            p: test.p, correctedP: test.correctedP, verdict: test.verdict.rawValue, problem: test.problem)
        }))
  }
}

struct ProbeApplyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Ask a trained probe about the maps of another experiment.",
    discussion: """
      The probe of the best cell reads the same record, site and call there. It says how often it names the class of \
      the prompt whose word is read, and that of the source's prompt, whose picture it is. Pictures of a seed that the \
      probe was trained on are told by one that was trained without it.

      Examples:
        attnlab probe apply color-probe "words" --to other-bank
        attnlab probe apply color-probe "words" --to probe-bank-cross-read --intervention cross --json
      """)

  @Argument(
    help: ArgumentHelp("An experiment below the results folder, or its own folder.", valueName: "name-or-folder"),
    completion: .results)
  var experiment: String

  @Argument(help: ArgumentHelp("A probe of it.", valueName: "probe"))
  var probe: String

  @Option(name: .long, help: ArgumentHelp("The experiment that holds the other maps.", valueName: "experiment"))
  var to: String

  @Option(name: .long, help: ArgumentHelp("Which of its interventions.", valueName: "name"))
  var intervention = "none"

  @OptionGroup var resultsOption: ResultsOption
  @OptionGroup var output: JSONOption

  func run() throws {
    let results = try resultsOption.folder(experiment)
    let store = try AttentionStore.open(results.database, mode: .readOnly)
    defer { try? store.close() }
    let applied = try ProbeApplier(results: results, store: store).apply(probe, to: to, intervention: intervention)
    if output.json { return try StandardOutput.write(json: applied) }
    let shares = applied.toward.map { toward in
      let interval = toward.share.interval.map { " [\(percent($0.lowerBound)), \(percent($0.upperBound))]" } ?? ""
      return "  the class of its \(toward.label): \(percent(toward.share.mean)) %\(interval)\n"
    }
    try StandardOutput.write(
      "\(printable(probe)), asked about \(counted(applied.samples, "map")) of \(printable(applied.to)):\n"
        + shares.joined())
  }

  private func percent(_ share: Double) -> String { String(format: "%.1f", share * 100) }
}
