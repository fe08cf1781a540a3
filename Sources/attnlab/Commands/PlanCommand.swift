import ArgumentParser
import Experimenting
import Foundation
import Pipelines

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Say what an experiment will make, how large it is and how long it takes.",
    discussion: """
      A group is a source run and the runs that are made in one batch with it. The time is that of one measured step of \
      the largest group, after a warm-up, taken for all groups by their size; runs that are stored already are not \
      subtracted. A plan that exceeds the file's budget is shown, and is a failure (exit code 1).

      Examples:
        attnlab plan Experiments/first-look/experiment.yaml
        attnlab plan my.yaml --set generate.num_inference_steps=5 --json
      """)

  @OptionGroup var experiment: ExperimentFileOptions
  @OptionGroup var output: JSONOption

  func run() throws {
    let plan = try experiment.plan()
    let overBudget = experiment.budgetError(plan)
    let seconds = overBudget == nil ? try StepTiming(plan).seconds : nil
    let report = PlanReport(plan, seconds: seconds)
    try output.json ? StandardOutput.write(json: report) : StandardOutput.write(report.text)
    if let overBudget { throw overBudget }
  }
}

/// The time of a plan, from one step of its largest group.
struct StepTiming {
  let seconds: Double

  init(_ plan: ExperimentPlan) throws {
    guard let largest = plan.groups.max(by: { $0.laneCount < $1.laneCount }) else {
      seconds = 0
      return
    }
    let attention = try plan.attention(of: largest)
    var denoising = try largest.denoising(plan.model)
    // The first step pays for memory that later ones find ready.
    try denoising.advance(probe: attention.probe(step: 0))
    if denoising.isDone { denoising = try largest.denoising(plan.model) }
    let step = denoising.step
    let clock = ContinuousClock()
    let measured = try clock.measure { try denoising.advance(probe: attention.probe(step: step)) }
    let decoding = try clock.measure { _ = try plan.model.picture(denoising.latents(of: 0)) }
    let perLane = Self.seconds(measured) / Double(largest.laneCount)
    let laneSteps = plan.groups.reduce(0) { $0 + $1.laneCount * $1.stepCount }
    seconds = perLane * Double(laneSteps) + Double(plan.runCount) * Self.seconds(decoding)
  }

  private static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }
}

/// A plan as it is printed.
struct PlanReport: Encodable {
  struct Settings: Encodable {
    /// Empty where there is but one.
    let name: String
    let scheduler: String
    let steps: Int
    let guidanceScale: Double
  }

  struct Run: Encodable {
    let hash, role, intervention, prompt: String
  }

  struct Group: Encodable {
    let hash: String
    let seed: UInt64
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
  /// nil where nothing was measured, since the plan exceeds its budget.
  let estimatedSeconds: Double?
  let remarks: [String]

  init(_ plan: ExperimentPlan, seconds: Double?) {
    name = plan.spec.name
    model = plan.model.folder.name
    modelHash = plan.modelHash
    engine = plan.engine
    height = plan.height
    width = plan.width
    settings = plan.spec.generate.settings.compactMap { settings in
      plan.groups.first { $0.settingsLabel == settings.label }.map { group in
        Settings(
          name: settings.label, scheduler: group.schedulerText, steps: group.stepCount,
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
    fitsBudget = plan.budgetProblem == nil
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
        ($0.name.isEmpty ? "" : "\($0.name): ") + "\($0.steps) \($0.scheduler) steps, guidance \($0.guidanceScale)"
      )
    }
    facts += [
      ("groups", "\(groups.count)"), ("runs", "\(runs)"), ("maps", "\(maps), \(Readable.bytes(mapBytes))"),
      ("disk", "about \(Readable.bytes(diskBytes)) of the budget's \(Readable.bytes(budgetBytes))"),
    ]
    if let estimatedSeconds { facts.append(("time", "about \(Readable.duration(estimatedSeconds)) on this machine")) }
    facts += remarks.map { ("note", $0) }
    return table.text + "\n" + list(facts)
  }
}
