import Formatting
import Pipelines
import Planning
import Results
import Tensors

/// A plan as `plan` prints it.
package struct PlanReport: Encodable {
  struct Settings: Encodable {
    /// Empty where there is but one.
    let name: String
    let scheduler: String
    let steps: Int
    /// Of the model, a run.
    let calls: Int
    let guidanceScale: Double
  }

  struct Run: Encodable {
    let hash, role, intervention, prompt: String
  }

  struct Group: Encodable {
    let hash: String
    let seed: Seed
    let settings: String
    let prompts: String
    let runs: [Run]
    let maps, mapBytes: Int
  }

  let name, model, modelHash, engine: String
  /// The experiment whose runs are read; nil where they are made.
  let mapsFrom: String?
  let height, width: Int
  let settings: [Settings]
  let groups: [Group]
  let runs, maps, mapBytes, diskBytes, budgetBytes: Int
  /// At the peak, at least: the weights, and the largest batch with its maps; nil where nothing is made. Metrics, and sources
  /// whose features are held, may take several times as much.
  let memoryBytes: Int?
  /// Where the results are, and of the machine's memory; nil where they are not known.
  let freeDiskBytes, availableMemoryBytes: Int?
  /// Of all runs.
  let steps: Int
  /// Those that are computed: one for runs that are still the same.
  let computedSteps: Int
  let fitsBudget: Bool
  let stored: StoredShare
  /// nil where nothing was measured: without `--time`, or since the plan exceeds its budget.
  let estimatedSeconds: Double?
  let remarks: [String]

  /// - Parameters:
  ///   - seconds: that the runs take, where they were measured.
  ///   - results: where the runs are, or will be.
  package init(_ plan: ExperimentPlan, seconds: Double?, results: ResultsFolder) throws {
    let stored = try StoredShare(plan, results)
    self.stored = stored
    name = plan.spec.name
    mapsFrom = plan.spec.mapsFrom
    model = plan.modelName
    modelHash = plan.modelHash
    engine = plan.engine
    height = plan.height
    width = plan.width
    settings = plan.spec.generate.settings.compactMap { settings in
      plan.groups.first { $0.settingsLabel == settings.label }.map { group in
        Settings(
          name: settings.label, scheduler: group.schedulerText, steps: group.settings.steps, calls: group.stepCount,
          guidanceScale: settings.guidanceScale)
      }
    }
    groups = plan.groups.map { group in
      let runs = group.runs.map {
        Run(hash: $0.hash, role: $0.role.rawValue, intervention: $0.intervention, prompt: $0.prompt.prompt)
      }
      return Group(
        hash: group.hash, seed: group.settings.seed, settings: group.settingsLabel, prompts: group.promptSummary,
        runs: runs, maps: group.mapCount, mapBytes: group.mapBytes)
    }
    runs = plan.runCount
    steps = plan.stepCount
    computedSteps = plan.computedStepCount
    maps = plan.mapCount
    mapBytes = plan.mapBytes
    diskBytes = plan.diskBytes
    budgetBytes = Int(plan.spec.budget.disk.bytes)
    fitsBudget = plan.budgetFault == nil
    memoryBytes = plan.spec.mapsFrom == nil ? try plan.peakBytes() : nil
    availableMemoryBytes = AvailableMemory.bytes
    freeDiskBytes = OutputPlace.freeBytes(results.url)
    estimatedSeconds = seconds
    let open = plan.spec.mapsFrom == nil ? stored.new + stored.unfinished : 0
    remarks = plan.remarks + [plan.diskRemark(runs: open, free: freeDiskBytes)].compactMap { $0 }
  }

  private var stepsText: String {
    steps == computedSteps
      ? grouped(steps)
      : "\(grouped(steps)), \(grouped(computedSteps)) of them computed: runs are computed once while they are the same"
  }

  /// For a terminal: a line a group, then the facts.
  package var text: String {
    let hasSettings = settings.count > 1
    var table = TextTable(
      ["group", "seed", "runs", "maps", "bytes", "prompts"] + (hasSettings ? ["settings"] : []), right: [1, 2, 3, 4])
    for group in groups {
      table.add(
        [
          String(group.hash.prefix(8)), "\(group.seed)", "\(group.runs.count)", "\(group.maps)",
          Readable.bytes(group.mapBytes), group.prompts,
        ] + (hasSettings ? [group.settings] : []))
    }
    var facts = [
      ("experiment", name), ("model", "\(model), \(modelHash.prefix(16))"), ("engine", engine),
      ("pictures", "\(width) x \(height) pixels"),
    ]
    facts += settings.map {
      (
        "settings",
        ($0.name.isEmpty ? "" : "\($0.name): ") + "\($0.steps) \($0.scheduler) steps, "
          + ($0.calls == $0.steps ? "" : "\($0.calls) calls of the model, ") + "guidance \($0.guidanceScale)"
      )
    }
    if let mapsFrom {
      let open = runs - stored.done
      facts.append(
        ("reads", "\(counted(runs, "run")) of \(mapsFrom): " + (open == 0 ? "all are there" : "\(open) are not done")))
    } else {
      facts += [
        ("groups", "\(groups.count)"), ("runs", "\(runs): \(stored.text)"), ("steps", stepsText),
        ("maps", "\(maps), \(Readable.bytes(mapBytes))"),
        (
          "disk",
          "about \(Readable.bytes(diskBytes)) of the budget's \(Readable.bytes(budgetBytes))"
            + (freeDiskBytes.map { "; \(Readable.bytes($0)) are free" } ?? "")
        ),
      ]
      if let memoryBytes {
        let available = availableMemoryBytes.map { " of \(Readable.bytes($0)) that are available" } ?? ""
        facts.append(("memory", "at least \(Readable.bytes(memoryBytes))\(available)"))
      }
      if let estimatedSeconds {
        facts.append(("time", "about \(Readable.duration(estimatedSeconds)) on this machine"))
      }
      if stored.otherRuns > 0 {
        facts.append(("others", "\(counted(stored.otherRuns, "stored run")) of other plans"))
      }
    }
    facts += remarks.map { ("note", $0) }
    return table.text + "\n" + TextTable.facts(facts)
  }
}
