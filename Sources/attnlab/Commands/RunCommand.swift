import ArgumentParser
import AttentionStore
import Formatting
import Foundation
import MapProbes
import Pipelines
import Planning
import Reporting
import Results
import Running

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Make the runs of an experiment that are not stored yet, and write its report.",
    discussion: """
      Results go to <results folder>/<name of the experiment>: report.md with figures and tables, a SQLite database \
      of the maps, and each run's picture and latents. However a run was stopped, it goes on where it was and ends \
      with the same bits; a second run of the same file computes nothing. A changed file adds runs to the stored \
      ones, and only 'attnlab gc' removes one. Files of finished runs that are missing or changed are made again.

      A run fails if its latents are no longer numbers, together with the runs that take attention from it; the \
      others are finished. Failed runs are listed at the end, with exit code 1. They are not tried again before \
      'attnlab gc --failed' removes them.

      Ctrl-C or SIGTERM ends it after the current step. It then says how far it has come, and gives exit code 1. A \
      second Ctrl-C ends it at once. Either way the same command goes on.

      Metrics that are programs of the experiment file run with your rights. attnlab names each, and starts it after \
      a yes on the terminal or with --allow-programs. `validate` and `plan` name them too.

      Examples:
        attnlab run Experiments/first-look/experiment.yaml
        attnlab run my.yaml --results /data/results --set 'generate.seeds=[1]'
      """)

  @OptionGroup var experiment: ExperimentFileOptions

  @Flag(name: .long, help: "Allow the programs that the file names as metrics.")
  var allowPrograms = false

  @OptionGroup var resultsOption: ResultsOption
  @OptionGroup var output: JSONOption

  func run() throws {
    // Cheap questions first: a model of gigabytes should not be read for a folder that cannot be written.
    let spec = try experiment.load()
    let results = ResultsFolder(resultsOption.root.appending(path: spec.name))
    if let problem = OutputPlace.problem(folder: results.url) {
      throw CommandError("--results: \(problem)")
    }
    try ProgramConsent.require(spec, given: allowPrograms)
    let (plan, model) = try experiment.plan(in: resultsOption.root)
    if let error = experiment.budgetError(plan) { throw error }
    for remark in plan.remarks { StandardError.write("note: \(remark)\n") }

    let summary = try Self.make(plan, model, results, of: experiment)
    try output.json ? StandardOutput.write(json: summary) : StandardOutput.write(Self.text(summary, plan))
    let problems = Self.problems(summary, of: spec.name)
    if !problems.isEmpty { throw CommandError(problems.joined(separator: "\nerror: ")) }
  }

  /// What is wrong with the results when all that can be made is made.
  static func problems(_ summary: RunSummary, of name: String) -> [String] {
    guard !summary.failed.isEmpty else { return summary.fileProblems }
    return summary.fileProblems + [
      "\(counted(summary.failed.count, "run")) of \(printable(name)) failed:\n"
        + summary.failed.map { "  \(printable($0.description))\n" }.joined()
        + "`attnlab gc \(shellLine([name])) --failed` takes failed runs away, and only then are they tried again"
    ]
  }

  private static func text(_ summary: RunSummary, _ plan: ExperimentPlan) -> String {
    if let other = plan.spec.mapsFrom {
      return "read \(counted(summary.runsKept, "run")) of \(other)\nreport: \(summary.report)\n"
    }
    let made =
      summary.runsMade == 0
      ? "nothing to compute"
      : "made \(counted(summary.runsMade, "run")) in \(Readable.duration(summary.seconds))"
    let kept = summary.runsKept == 0 ? "" : "; \(counted(summary.runsKept, "run")) were stored already"
    let files = summary.filesMade == 0 ? "" : "; made \(counted(summary.filesMade, "file")) again"
    let others =
      summary.otherRuns == 0
      ? ""
      : "\(counted(summary.otherRuns, "run")) of other plans \(summary.otherRuns == 1 ? "stays" : "stay") stored\n"
    return "\(made)\(kept)\(files)\n\(others)report: \(summary.report)\n"
  }

  /// Makes the runs, which a signal ends between two steps, or reads them, and then the report.
  static func make(
    _ plan: ExperimentPlan, _ model: ModelDescription, _ results: ResultsFolder, of file: ExperimentFileOptions
  ) throws -> RunSummary {
    let stop = StopSignal()
    let interruption = Interruption(stop)
    defer { interruption.end() }
    do {
      // Whoever did not consent is not here any more.
      let progress = TerminalProgress()
      let command = shellLine(["attnlab"] + CommandLine.arguments.dropFirst())
      let history = file.history
      let summary =
        plan.spec.mapsFrom != nil
        ? try RunReader(
          plan: plan, results: results, progress: progress, stop: stop, command: command, file: history,
          allowsPrograms: true
        ).run()
        : try ExperimentRunner(
          plan: plan, model: StableDiffusion(model), results: results, progress: progress, stop: stop, command: command,
          file: history, allowsPrograms: true
        ).run()
      // A reader that may not write would leave side files of the database behind.
      let store = try AttentionStore.open(results.database, mode: .readWrite)
      defer { try? store.close() }
      try ProbeRunner(
        plan: plan, results: results, advanced: { progress.advanced(done: $0, total: $1, of: .places, work: $2) },
        isStopped: { stop.isRaised }
      ).run(store)
      progress.finished()
      let findings = try ProbeFindings(plan.spec, store: store)
      for file in try ExperimentReport.write(results: results, store: store, findings: findings) {
        progress.note("wrote \(file.path)")
      }
      return summary
    } catch let error where error is RunInterrupted || error.isInterruptedProbe {
      let command = shellLine(CommandLine.arguments)
      StandardError.write("\(error), in \(results.database.path)\nto go on:  \(command)\n")
      throw AlreadyReported()
    }
  }
}

extension Error {
  /// Whether a signal ended the training of probes.
  fileprivate var isInterruptedProbe: Bool {
    if case .interrupted = self as? MapProbeError { true } else { false }
  }
}
