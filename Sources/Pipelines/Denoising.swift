import Attention
import DiffusionModels
import Foundation
import Schedulers
import Tensors

/// What a group of runs has in common.
public struct DenoisingSettings: Codable, Hashable, Sendable {
  public var seed: Seed
  public var steps: Int
  public var guidanceScale: Double
  public var negativePrompt: String
  public var scheduler: SchedulerKind
  /// Keys of the scheduler's configuration that differ from the folder's.
  public var schedulerSettings: SchedulerSettings
  /// In pixels.
  public var height: Int
  /// In pixels.
  public var width: Int

  public init(
    seed: Seed, steps: Int, guidanceScale: Double, negativePrompt: String, scheduler: SchedulerKind,
    schedulerSettings: SchedulerSettings = SchedulerSettings(), height: Int, width: Int
  ) {
    self.seed = seed
    self.steps = steps
    self.guidanceScale = guidanceScale
    self.negativePrompt = negativePrompt
    self.scheduler = scheduler
    self.schedulerSettings = schedulerSettings
    self.height = height
    self.width = width
  }

  /// The scheduler before its first step, as diffusers' pipeline makes it of a folder's configuration.
  /// - Throws: `SchedulerError`.
  public func makeScheduler(_ configuration: SchedulerConfiguration) throws(SchedulerError) -> any Scheduler {
    try scheduler.make(configuration.forStableDiffusionPipeline.with(schedulerSettings), steps: steps)
  }

  /// Whether there is an unconditional half: diffusers guides where the scale is above 1.
  public var isGuided: Bool { guidanceScale > 1 }
}

/// Several prompts denoised in one batch, step by step; from the same noise unless they have seeds of their own.
///
/// The state between two steps can be taken and given back: a run that was stopped goes on with the same bits.
public struct Denoising {
  public let settings: DenoisingSettings
  /// The elements of the batch.
  public let lanes: [Lane]
  /// Of training, one a step; more than `settings.steps` for schedulers that call the model more often.
  public var timesteps: [Float] { scheduler.timesteps }
  /// How many calls of the model it makes: as many as there are timesteps, or fewer.
  public let callCount: Int
  /// The next step, from 0; `callCount` when all are done.
  public private(set) var step = 0
  /// `[runs, height, width, channels]`, in diffusers' scale.
  public private(set) var latents: Tensor
  /// The clean latents that the model expected in the last step taken, in the same shape; nil unless they were asked for.
  public private(set) var predictedClean: Tensor?
  /// The runs whose latents are no longer finite. The others do not depend on them, unless they take attention from them.
  public private(set) var brokenRuns: Set<Int> = []

  private let unet: UNet
  private let context: UNetContext
  /// Of the lanes that the last call was made with, where these were not all.
  private var partialContext: (lanes: [Int], context: UNetContext)?
  /// `[lanes, tokens, channels]`
  private let embeddings: Tensor
  private let randomUNets: RandomUNets
  /// By seed, the random UNets that were asked for, each with the context of its lanes.
  private var observers: [Seed: (unet: UNet, lanes: [Int], context: UNetContext)] = [:]
  private let runs: Int
  private var scheduler: any Scheduler
  private var starts: NoisedStarts
  /// What attentions had in earlier calls, for operations that take it.
  private var held: [HeldAttention: Tensor] = [:]
  /// By call of which something is held, the latents that it began with.
  private var heldFrom: [Int: Tensor] = [:]

  public var isDone: Bool { step == callCount }

  /// What the next call of the model is given of each run, `[runs, height, width, channels]`: latents as the scheduler
  /// scales them.
  public var modelInput: Tensor { scheduler.scaledInput(latents, step: step) }

  /// - Parameters:
  ///   - prompts: one a run.
  ///   - seeds: of the start noise, one a run; nil: that of the settings for all.
  ///   - promptChanges: what is changed of encoded prompts, as `AttentionPlan.promptChanges` has it.
  ///   - starts: the runs that start from their source's picture, as `AttentionPlan.starts` has them. Before its first
  ///     step that counts such a run does what it would do without; the source is denoised once more for it, alone.
  ///   - callCount: after how many calls of the model it is done; nil: after all.
  /// - Throws: `SizeError`; `SelectionError` for starts that the scheduler does not allow; `SchedulerError`; `ShapeError`;
  ///   `EngineError`.
  public init(
    _ model: StableDiffusion, prompts: [PromptTokens], seeds: [Seed]? = nil, settings: DenoisingSettings,
    promptChanges: [PromptChange] = [], starts: [NoisedStart] = [], callCount: Int? = nil
  ) throws {
    precondition(seeds.map { $0.count == prompts.count } ?? true, "a seed for each run")
    try model.checkSize(height: settings.height, width: settings.width)
    self.settings = settings
    unet = model.unet
    runs = prompts.count
    scheduler = try settings.makeScheduler(model.schedulerConfiguration)
    lanes = Lane.batch(runs: runs, guided: settings.isGuided)
    self.callCount = min(callCount ?? .max, scheduler.timesteps.count)

    let negative = model.tokenizer.encode(settings.negativePrompt)
    var encoder = PromptEncoder(model)
    embeddings = try Tensor.stacked(
      lanes.map { lane in
        try encoder.embedding(
          lane.branch == .unconditional ? negative : prompts[lane.run],
          changes: promptChanges.filter { $0.lane == lane })
      })
    context = try unet.context(embeddings)
    randomUNets = model.randomUNets

    let sigma = scheduler.initialNoiseSigma
    var noises: [Seed: Tensor] = [:]
    latents = try Tensor.stacked(
      (seeds ?? Array(repeating: settings.seed, count: runs)).map { seed in
        if let known = noises[seed] { return known }
        var noise = try model.noise(seed: seed, height: settings.height, width: settings.width)
        noise.withUnsafeMutableValues { values in
          for i in values.indices { values[i] *= sigma }
        }
        noises[seed] = noise
        return noise
      })
    self.starts = try NoisedStarts(starts, model, prompts: prompts, seeds: seeds, settings)
    try self.starts.apply(to: &latents, step: 0, scheduler)
  }

  /// Takes one step.
  /// - Parameters:
  ///   - probe: asked at every attention; nil: nothing is recorded or changed.
  ///   - keepsPrediction: whether `predictedClean` is wanted.
  /// - Returns: the runs whose latents were finite before this step and are not after it.
  /// - Throws: `MissingCall` if the probe takes from a call that was not made; `ShapeError`; `EngineError`.
  @discardableResult
  public mutating func advance(
    probe: (any AttentionProbe)? = nil, keepsPrediction: Bool = false
  ) throws -> [BrokenRun] {
    precondition(!isDone, "a finished denoising has no next step")
    for observer in probe?.observers ?? [] { try observe(observer, modelInput) }
    let output = try call(step, latents: latents, probe)
    let prediction = settings.isGuided ? try guided(output) : output
    predictedClean =
      keepsPrediction
      ? try scheduler.predictedClean(modelOutput: prediction, step: step, latents: latents) : nil
    latents = try scheduler.step(modelOutput: prediction, step: step, latents: latents)
    let broken = newlyBroken(output)
    brokenRuns.formUnion(broken.map(\.run))
    step += 1
    try starts.apply(to: &latents, step: step, scheduler)
    return broken
  }

  /// What the model makes of latents in a call, an element a lane; keeps what later calls take from it.
  private mutating func call(_ step: Int, latents: Tensor, _ probe: (any AttentionProbe)?) throws -> Tensor {
    try probe?.recall(held)
    let input = scheduler.scaledInput(latents, step: step)
    let timestep = Double(timesteps[step])
    let output: Tensor
    if let batch = probe?.batch, !batch.isWhole {
      let computed = try unet(
        elements(of: input, batch.lanes.map { lanes[$0].run }), timestep: timestep, context: context(of: batch.lanes),
        probe: probe)
      output = try elements(of: computed, batch.places)
    } else {
      let batch = settings.isGuided ? try Tensor.stacked([input, input]) : input
      output = try unet(batch, timestep: timestep, context: context, probe: probe)
    }
    if let kept = probe?.held, !kept.isEmpty {
      held.merge(kept) { $1 }
      heldFrom[step] = latents
    }
    return output
  }

  /// The context of some of the lanes.
  private mutating func context(of lanes: [Int]) throws -> UNetContext {
    if let known = partialContext, known.lanes == lanes { return known.context }
    let made = try unet.context(elements(of: embeddings, lanes))
    partialContext = (lanes, made)
    return made
  }

  /// Elements of a batch, in an order of one's own; one may stand several times.
  private func elements(of batch: Tensor, _ indices: [Int]) throws -> Tensor {
    try Tensor.stacked(indices.map { try batch.slice($0..<($0 + 1)) })
  }

  /// Shows a random UNet what the model is about to be given. What it predicts is left.
  /// - Parameter input: of all runs.
  private mutating func observe(_ observer: ObserverProbe, _ input: Tensor) throws {
    let known = observers[observer.seed].flatMap { $0.lanes == observer.lanes ? $0 : nil }
    let made =
      try known
      ?? {
        let unet = try randomUNets.unet(seed: observer.seed)
        return (unet, observer.lanes, try unet.context(elements(of: embeddings, observer.lanes)))
      }()
    observers[observer.seed] = made
    let batch = try elements(of: input, observer.lanes.map { lanes[$0].run })
    _ = try made.unet(batch, timestep: Double(timesteps[step]), context: made.context, probe: observer.probe)
  }

  /// The runs that the last step broke, before it is counted.
  /// - Parameter output: of the model, an element a lane.
  private func newlyBroken(_ output: Tensor) -> [BrokenRun] {
    (0..<runs).filter { !brokenRuns.contains($0) }.compactMap { run in
      let latents = nonFinite(latents, element: run)
      guard latents.count > 0 else { return nil }
      let halves = lanes.enumerated().filter { $1.run == run }.map { ($1.branch, nonFinite(output, element: $0)) }
      guard let (branch, values) = halves.first(where: { $1.count > 0 }) else {
        return BrokenRun(run: run, step: step, what: "the latents are", count: latents.count, of: latents.size)
      }
      let half = settings.isGuided ? "the \(branch.rawValue) half's output" : "the output"
      return BrokenRun(run: run, step: step, what: "\(half) of the model is", count: values.count, of: values.size)
    }
  }

  /// How many values of an element of a batch are not finite, and how many there are.
  private func nonFinite(_ batch: Tensor, element: Int) -> (count: Int, size: Int) {
    let size = batch.count / batch.shape[0]
    let count = batch.withUnsafeValues { $0[(element * size)..<((element + 1) * size)].count { !$0.isFinite } }
    return (count, size)
  }

  /// `unconditional + scale * (conditional - unconditional)`, Ho and Salimans 2021 as diffusers writes it.
  private func guided(_ output: Tensor) throws -> Tensor {
    var result = try output.slice(0..<runs)
    let scale = Float(settings.guidanceScale)
    let size = result.count
    output.withUnsafeValues { both in
      result.withUnsafeMutableValues { values in
        for i in 0..<size { values[i] += scale * (both[size + i] - values[i]) }
      }
    }
    return result
  }

  /// The latents of one run, `[1, height, width, channels]`.
  public func latents(of run: Int) throws -> Tensor { try latents.slice(run..<(run + 1)) }
}

/// A run whose latents are no longer numbers.
public struct BrokenRun: Error, Hashable, Sendable, CustomStringConvertible {
  /// Its index in the batch.
  public let run: Int
  public let step: Int
  /// What was not finite first, with its verb.
  let what: String
  let count: Int
  let size: Int

  init(run: Int, step: Int, what: String, count: Int, of size: Int) {
    (self.run, self.step, self.what, self.count, self.size) = (run, step, what, count, size)
  }

  /// `step 2: the conditional half's output of the model is not finite (1024 of 1024 values): ...`
  public var description: String {
    "step \(step): \(what) not finite (\(count) of \(size) values): the model's weights overflow, or an intervention broke it"
  }
}

extension Denoising {
  private struct State: Codable {
    let step: Int
    let shape: [Int]
    let latents: Data
    let scheduler: SchedulerState
    /// The latents of calls of which something is held: what was held is made of them again, since it is much larger.
    let heldFrom: [Int: Data]?
  }

  /// What a denoising made alike needs to go on after the last step taken.
  public func state() throws -> Data {
    let encoder = PropertyListEncoder()
    encoder.outputFormat = .binary
    func bytes(_ latents: Tensor) -> Data { latents.withUnsafeValues { Data(buffer: $0) } }
    return try encoder.encode(
      State(
        step: step, shape: latents.shape, latents: bytes(latents), scheduler: scheduler.state,
        heldFrom: heldFrom.isEmpty ? nil : heldFrom.mapValues(bytes)))
  }

  /// Takes up a state that `state` gave.
  /// - Parameter probe: of a call, as `AttentionPlan.probe` makes it: calls of which later ones take something are made
  ///   again. nil if no operation takes from an earlier call.
  /// - Throws: `StateMismatch` if it is of another size or number of steps; `SchedulerError`; `DecodingError`; what
  ///   `advance` throws.
  public mutating func restore(_ data: Data, probe: ((Int) -> any AttentionProbe)? = nil) throws {
    let state = try PropertyListDecoder().decode(State.self, from: data)
    let calls = (state.heldFrom ?? [:]).sorted { $0.key < $1.key }
    guard state.shape == latents.shape, state.latents.count == latents.count * 4,
      (0...callCount).contains(state.step), [0, state.step].contains(state.scheduler.calls),
      calls.allSatisfy({ (0..<state.step).contains($0.key) && $0.value.count == latents.count * 4 })
    else {
      throw StateMismatch(stored: state.shape, step: state.step, expected: latents.shape, steps: callCount)
    }
    try scheduler.restore(state.scheduler)
    step = state.step
    let shape = latents.shape
    func tensor(_ bytes: Data) -> Tensor {
      var tensor = Tensor(uninitialized: shape)
      tensor.withUnsafeMutableValues { _ = bytes.copyBytes(to: $0) }
      return tensor
    }
    latents = tensor(state.latents)
    (held, heldFrom) = ([:], [:])
    for (number, bytes) in calls { _ = try call(number, latents: tensor(bytes), probe?(number)) }
    brokenRuns = Set((0..<runs).filter { nonFinite(latents, element: $0).count > 0 })
  }
}
