import AttentionStore
import Formatting
import Tensors

/// What goes of one experiment, as `gc` prints it.
package struct RemovalReport: Encodable {
  package struct Run: Encodable {
    let hash, status, intervention, prompt: String
    let seed: Seed
    /// False for a run that goes because its source does.
    let selected: Bool
  }

  let name, folder: String
  let runs: [Run]
  /// Folders that belonged to no run.
  let leftovers: [String]
  /// Files that a killed process was writing.
  let unfinishedFiles: [String]
  package let bytesFreed: Int

  init(_ removal: RunRemoval, bytesFreed: Int) {
    name = removal.results.name
    folder = removal.results.url.path
    let all = removal.selected.map { ($0, true) } + removal.others.map { ($0, false) }
    runs = all.map { run, selected in
      Run(
        hash: run.run.hash, status: run.status.rawValue, intervention: run.run.intervention, prompt: run.prompt,
        seed: run.run.seed, selected: selected)
    }
    leftovers = removal.leftovers
    unfinishedFiles = removal.unfinished
    self.bytesFreed = bytesFreed
  }

  /// A line for each run and folder; empty where nothing goes.
  package var list: String {
    var table = TextTable(["run", "why", "status", "intervention", "seed", "prompt"], right: [4])
    for run in runs {
      table.add([
        String(run.hash.prefix(16)), run.selected ? "selected" : "of its source", run.status, run.intervention,
        "\(run.seed)", run.prompt,
      ])
    }
    for file in unfinishedFiles { table.add([file, "unfinished file", "", "", "", ""]) }
    for folder in leftovers { table.add([folder, "in no database", "", "", "", ""]) }
    return table.isEmpty ? "" : table.text
  }

  /// `first-look: removed 3 runs, freed 1.24 GiB`
  package func verdict(_ verb: String, _ bytes: String) -> String {
    let what = [
      counted(runs.count, "run"),
      leftovers.isEmpty ? nil : counted(leftovers.count, "folder of no run", "folders of no run"),
      unfinishedFiles.isEmpty ? nil : counted(unfinishedFiles.count, "unfinished file"),
    ].compactMap { $0 }.joined(separator: " and ")
    return "\(printable(name)): \(verb) \(what), \(bytes) \(Readable.bytes(bytesFreed))\n"
  }
}

extension RunRemoval {
  /// What is to go. What that frees is known roughly.
  package var planned: RemovalReport { RemovalReport(self, bytesFreed: mapBytes + fileBytes) }

  /// Removes the runs with their files, and gives back the room inside the database's file.
  /// - Parameter store: opened for writing.
  /// - Returns: what was removed, and why the file did not shrink where it did not.
  /// - Throws: as `apply(to:)`.
  package func applyAndCompact(_ store: AttentionStore) throws -> (report: RemovalReport, problem: String?) {
    let before = store.bytesOnDisk
    try apply(to: store)
    var problem: String?
    do { try store.compact() } catch {
      problem = "the runs are removed, but the file did not shrink; later runs use the room inside it. \(error)"
    }
    return (RemovalReport(self, bytesFreed: max(0, before - store.bytesOnDisk) + fileBytes), problem)
  }
}
