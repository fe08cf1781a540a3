import ArgumentParser
import AttentionStore
import Foundation
import Pipelines
import Planning
import Results
import Tensors

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Say what an experiment will make, how large it is and, with --time, how long it takes.",
    discussion: """
      A group is a source run and the runs that are made in one batch with it. The command reads config files, the \
      tokenizer and the headers of the weight files, and no weight; the hash of large weight files is kept in a cache. \
      With --time it loads the model, measures a step of the largest group after a warm-up, and scales it to all groups; \
      it does not subtract runs that are stored already. \
      It also says how many runs of the plan are stored in the results folder, how many are new, and how many other runs \
      are stored. If the plan exceeds the file's budget or needs more memory than there is, the exit code is 1.

      Examples:
        attnlab plan Experiments/first-look/experiment.yaml
        attnlab plan my.yaml --time
        attnlab plan my.yaml --set generate.num_inference_steps=5 --json
      """)

  @OptionGroup var experiment: ExperimentFileOptions

  @Flag(help: "Measure how long a step takes, which loads the model, and estimate the time of the whole plan.")
  var time = false

  @OptionGroup var resultsOption: ResultsOption
  @OptionGroup var output: JSONOption

  func run() throws {
    let (plan, model) = try experiment.plan()
    let problem = experiment.budgetError(plan) ?? Self.memoryProblem(plan)
    let seconds = time && problem == nil ? try StepTiming(plan, StableDiffusion(model)).seconds : nil
    let report = PlanReport(
      plan, seconds: seconds,
      stored: try StoredShare(plan, ResultsFolder(resultsOption.root.appending(path: plan.spec.name))))
    try output.json ? StandardOutput.write(json: report) : StandardOutput.write(report.text)
    if let problem { throw problem }
  }

  private static func memoryProblem(_ plan: ExperimentPlan) -> (any Error)? {
    do {
      try plan.largestGroup.map {
        try plan.checkMemory(of: $0, plan.attention(of: $0), available: plan.availableBesideModel)
      }
      return nil
    } catch {
      return error
    }
  }
}

/// The time of a plan, from one step of its largest group.
struct StepTiming {
  let seconds: Double

  init(_ plan: ExperimentPlan, _ model: StableDiffusion) throws {
    guard let largest = plan.largestGroup else {
      seconds = 0
      return
    }
    let attention = try plan.attention(of: largest)
    var denoising = try largest.denoising(model)
    // The first step pays for memory that later ones find ready.
    try denoising.advance(probe: attention.probe(step: 0))
    if denoising.isDone { denoising = try largest.denoising(model) }
    let step = denoising.step
    let clock = ContinuousClock()
    let measured = try clock.measure { try denoising.advance(probe: attention.probe(step: step)) }
    let decoding = try clock.measure { _ = try model.picture(denoising.latents(of: 0)) }
    let perLane = Self.seconds(measured) / Double(largest.laneCount)
    let laneSteps = plan.groups.reduce(0) { $0 + $1.laneCount * $1.stepCount }
    seconds = perLane * Double(laneSteps) + Double(plan.runCount) * Self.seconds(decoding)
  }

  private static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }
}

/// How much of a plan is stored already.
struct StoredShare: Encodable {
  let done, failed, unfinished, new, otherRuns: Int

  /// - Throws: `StoreError` for a database that cannot be read.
  init(_ plan: ExperimentPlan, _ results: ResultsFolder) throws {
    let hashes = Set(plan.groups.flatMap { $0.runs.map(\.hash) })
    var statuses: [String: RunStatus] = [:]
    if FileManager.default.fileExists(atPath: results.database.path) {
      let store = try AttentionStore.open(results.database, mode: .readOnly)
      defer { try? store.close() }
      statuses = try store.statusOfRuns()
    }
    let own = statuses.filter { hashes.contains($0.key) }
    done = own.values.count { $0 == .done }
    failed = own.values.count { $0 == .failed }
    unfinished = own.count - done - failed
    new = hashes.count - own.count
    otherRuns = statuses.count - own.count
  }

  var text: String {
    var parts = ["\(done) stored", "\(new) new"]
    if failed > 0 { parts.append("\(failed) failed, which are not tried again") }
    if unfinished > 0 { parts.append("\(unfinished) begun") }
    return parts.joined(separator: ", ")
  }
}

/// A plan as it is printed.
struct PlanReport: Encodable {
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
  let height, width: Int
  let settings: [Settings]
  let groups: [Group]
  let runs, maps, mapBytes, diskBytes, budgetBytes: Int
  let fitsBudget: Bool
  let stored: StoredShare
  /// nil where nothing was measured: without `--time`, or since the plan exceeds its budget.
  let estimatedSeconds: Double?
  let remarks: [String]

  init(_ plan: ExperimentPlan, seconds: Double?, stored: StoredShare) {
    self.stored = stored
    name = plan.spec.name
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
    maps = plan.mapCount
    mapBytes = plan.mapBytes
    diskBytes = plan.diskBytes
    budgetBytes = Int(plan.spec.budget.disk.bytes)
    fitsBudget = plan.budgetFault == nil
    estimatedSeconds = seconds
    remarks = plan.remarks
  }

  var text: String {
    let hasSettings = settings.count > 1
    var table = Table(
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
    facts += [
      ("groups", "\(groups.count)"), ("runs", "\(runs): \(stored.text)"),
      ("maps", "\(maps), \(Readable.bytes(mapBytes))"),
      ("disk", "about \(Readable.bytes(diskBytes)) of the budget's \(Readable.bytes(budgetBytes))"),
    ]
    if let estimatedSeconds { facts.append(("time", "about \(Readable.duration(estimatedSeconds)) on this machine")) }
    if stored.otherRuns > 0 {
      facts.append(("others", "\(Readable.number(stored.otherRuns, "stored run")) of other plans"))
    }
    facts += remarks.map { ("note", $0) }
    return table.text + "\n" + list(facts)
  }
}
