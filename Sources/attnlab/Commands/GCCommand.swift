import ArgumentParser
import AttentionStore
import Formatting
import Foundation
import Results
import Tensors

struct GCCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc",
    abstract: "Remove stored runs, with their maps and files, and shrink the database.",
    discussion: """
      Removes the runs that meet every condition you give, in one experiment or in all below the results folder. \
      Nothing else removes a run. It lists what it will remove before it removes anything, and does not ask: try \
      --dry-run first. Targets take attention from their source and are removed with it; they are listed as "of its \
      source". The next 'attnlab run' of the experiment makes what its file still asks for; for a single run it \
      computes the whole group (a source and all of its targets with its seed). Report and figures stay as they are \
      until then.

      --failed removes failed runs, so that `run` tries them again. --other-plans removes what the plan that was \
      begun last does not have: runs of former versions of the file, of another model or of another engine.

      Without a condition it removes only what no run needs: folders of runs that are not in the database, \
      unfinished files that a killed process left, and the empty space inside the database file.

      The age of a run is the age of its picture's file. A run without a picture has no age, and --older-than keeps \
      it. gc refuses an experiment that a process is writing to.

      Examples:
        attnlab gc first-look --intervention "uniform self" --dry-run
        attnlab gc --older-than 30
        attnlab gc first-look --failed
        attnlab gc first-look --other-plans --dry-run
        attnlab gc                                  what no run needs, in all experiments
      """)

  @Argument(
    help: ArgumentHelp(
      "An experiment below the results folder, or its own folder. (default: all)", valueName: "name-or-folder"),
    completion: .results
  )
  var experiment: String?

  @OptionGroup var resultsOption: ResultsOption

  @Option(name: .long, help: ArgumentHelp("Runs of this intervention.", valueName: "name"))
  var intervention: String?

  @Option(name: .long, help: ArgumentHelp("Runs of this seed.", valueName: "n"), transform: seedOption)
  var seed: Seed?

  @Option(name: .long, help: ArgumentHelp("Runs whose picture's file is older than this.", valueName: "days"))
  var olderThan: Double?

  @Flag(name: .long, help: "Runs that failed.")
  var failed = false

  @Flag(name: .long, help: "Runs that the plan begun last does not have.")
  var otherPlans = false

  @Flag(name: .long, help: "Say what would be removed, and remove nothing.")
  var dryRun = false

  @OptionGroup var output: JSONOption

  func validate() throws {
    if let olderThan, !(olderThan >= 0 && olderThan.isFinite) {
      throw ValidationError("--older-than: expected a number of days, 0 or more; found \(olderThan)")
    }
  }

  func run() throws {
    let selection = RemovalSelection(
      intervention: intervention, seed: seed,
      olderThan: olderThan.map { Date(timeIntervalSinceNow: -$0 * 86400) }, failed: failed, otherPlans: otherPlans)
    var removed: [RemovalReport] = []
    var problems: [String] = []
    for results in try folders() {
      do {
        let (entry, problem) = try collect(results, selection)
        removed.append(entry)
        if let problem { problems.append(problem) }
      } catch let error as UsageError {
        throw error
      } catch {
        problems.append(plainText(of: error))
      }
    }
    if output.json {
      try StandardOutput.write(
        json: Outcome(
          dryRun: dryRun, bytesFreed: removed.reduce(0) { $0 + $1.bytesFreed }, experiments: removed))
    } else {
      if removed.isEmpty && problems.isEmpty { try StandardOutput.write("no results in \(resultsOption.results)\n") }
    }
    if !problems.isEmpty { throw CommandError(problems.joined(separator: "\nerror: ")) }
  }

  private func folders() throws -> [ResultsFolder] {
    if let experiment { return [try resultsOption.folder(experiment)] }
    guard OutputPlace.isFolder(resultsOption.root) || resultsOption.results == "Results" else {
      throw UsageError("--results: there is no folder \(resultsOption.root.path)")
    }
    return ResultsFolder.all(in: resultsOption.root)
  }

  /// - Returns: what was removed, and why the file did not shrink where it did not.
  private func collect(
    _ results: ResultsFolder, _ selection: RemovalSelection
  ) throws -> (RemovalReport, problem: String?) {
    let store = try AttentionStore.open(results.database, mode: dryRun ? .readOnly : .readWrite)
    defer { try? store.close() }
    if experiment != nil { try asUsage { try selection.checkIntervention(in: store) } }
    let removal = try RunRemoval(selection, from: store, results)
    try say(removal.planned.list)
    if dryRun {
      try say(removal.planned.verdict("would remove", "about"))
      return (removal.planned, nil)
    }
    let (removed, problem) = try removal.applyAndCompact(store)
    try say(removed.verdict("removed", "freed"))
    return (removed, problem)
  }

  /// Nothing where JSON alone is printed.
  private func say(_ text: String) throws {
    if !output.json { try StandardOutput.write(text) }
  }
}

private struct Outcome: Encodable {
  let dryRun: Bool
  let bytesFreed: Int
  let experiments: [RemovalReport]
}
