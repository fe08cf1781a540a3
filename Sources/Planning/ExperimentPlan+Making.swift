import Attention
import ExperimentFiles
import Formatting
import Generation
import Pipelines
import Schedulers
import Tensors

extension ExperimentPlan {
  /// Resolves an experiment against a model.
  /// - Parameter engine: what computes; part of every hash.
  /// - Throws: `ExperimentError` with every site, step, word, size, scheduler and half of guidance that does not exist.
  public init(
    _ spec: ExperimentSpec, model: PlanModel, engine: String = Engine.current.description
  ) throws {
    let generate = spec.generate
    let height = generate.height ?? model.defaultSize.height
    let width = generate.width ?? model.defaultSize.width
    do { try model.checkSize(height, width) } catch { throw ExperimentError(error.problems.map { "generate.\($0)" }) }
    let sites = model.sites(height / model.scale, width / model.scale)
    let residuals = model.residuals(height / model.scale, width / model.scale)
    var (faults, remarks): ([ExperimentFault], [PlanRemark]) = ([], [])
    var made: [(builder: PlanBuilder, settings: ResolvedSettings)] = []
    for chosen in generate.settings {
      let denoising: DenoisingSettings
      let callCount: Int
      do throws(SchedulerError) {
        denoising = DenoisingSettings(
          seed: 0, steps: chosen.numInferenceSteps, guidanceScale: chosen.guidanceScale,
          negativePrompt: generate.negativePrompt, scheduler: try chosen.schedulerKind(of: model),
          schedulerSettings: chosen.schedulerSettings, height: height, width: width)
        callCount = try denoising.makeScheduler(model.schedulerConfiguration).timesteps.count
      } catch {
        faults += error.problems.map { ExperimentFault($0) }
        continue
      }
      if chosen.scheduler == nil, let remark = model.schedulerRemark { remarks.append(.note(remark)) }
      var builder = PlanBuilder(
        spec: spec, sites: sites, residuals: residuals, siteChannels: model.siteChannels, label: chosen.label,
        denoising: denoising, callCount: callCount, tokenizer: model.encode)
      let settings = builder.resolve()
      made.append((builder, settings))
    }
    // The same group would stand in the plan twice, and each of its runs count twice.
    for (index, one) in made.enumerated() {
      let before = made[..<index].first { $0.settings.denoising == one.settings.denoising }
      guard let same = before else { continue }
      faults.append(
        ExperimentFault(
          "\(quoted(one.settings.label)) comes to the same as \(quoted(same.settings.label))", at: "generate.settings",
          advice: "leave one of them out"))
    }
    try Self.checkMapCount(spec, made.map { $0.settings.mapsOfRun(spec, sites) })
    var makeUps: [MakeUp] = []
    var groups: [PlannedGroup] = []
    for (index, (prepared, settings)) in made.enumerated() {
      var builder = prepared
      let identity = GroupIdentity(model: model.hash, engine: engine, spec: spec, settings)
      for (makeUp, seeds) in builder.makeUps(settings, at: index) {
        for seed in seeds {
          var denoising = settings.denoising
          denoising.seed = seed
          let hash = identity.hash(denoising, makeUp)
          groups.append(PlannedGroup(hash: hash, seed: seed, makeUp, at: makeUps.count, settings))
        }
        makeUps.append(makeUp)
      }
      faults += builder.faults
      remarks += builder.remarks
    }
    // Remarks are of plans that hold; but which scheduler was meant may be why a step does not exist.
    let explanation = model.schedulerRemark.flatMap { remarks.contains(.note($0)) ? ExperimentFault($0) : nil }
    guard faults.isEmpty else { throw ExperimentError((faults + (explanation.map { [$0] } ?? [])).uniqued) }
    self.init(
      spec: spec, modelName: model.name, modelHash: model.hash, engine: engine, memory: model.memory, sites: sites,
      height: height,
      width: width,
      negativePrompt: model.encode(generate.negativePrompt), settings: made.map(\.settings),
      makeUps: makeUps, groups: groups, planRemarks: remarks.uniqued)
  }

  /// Refuses more maps than an experiment may store, before any group is made.
  /// - Parameter each: maps of a run, by settings.
  private static func checkMapCount(_ spec: ExperimentSpec, _ each: [Int]) throws(ExperimentError) {
    var count = RunCount(spec)
    count.settings = 1
    let all = saturatingSum(each.map { saturatingProduct(count.runs, $0) })
    guard all > PlanLimits.maps else { return }
    throw ExperimentError(
      ExperimentFault(
        "up to \(grouped(each.max() ?? 0)) maps (sites x heads x steps x guidance halves) of each of "
          + "\(grouped(RunCount(spec).runs)) runs are \(grouped(all)) maps", at: "record",
        expected: "at most \(grouped(PlanLimits.maps))",
        advice:
          "record fewer sites or steps, as steps: { from: 0, to: 30, every: 10 }, reduce with `heads: mean`, or make "
          + "fewer runs"))
  }
}

extension GenerationSettings {
  /// The scheduler that is named, or the model's own.
  /// - Throws: `SchedulerError` if it is not computed here.
  fileprivate func schedulerKind(of model: PlanModel) throws(SchedulerError) -> SchedulerKind {
    guard let scheduler else { return try model.ownScheduler() }
    return try SchedulerKind(named: scheduler)
  }
}
