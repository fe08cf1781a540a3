import Tensors

/// Pseudo numerical methods for diffusion models: a linear multistep method of order 4 (PLMS).
///
/// A multistep method needs earlier predictions. With `skip_prk_steps`, as Stable Diffusion 1.x is published, the first
/// step is made twice (the second call averages the predictions at both of its ends) and the order then grows to 4, so n
/// steps call the model n + 1 times. Without it the first three steps are Runge-Kutta steps of four calls, and n steps,
/// which must be 4 or more, call it n + 9 times.
/// - Source: Liu, Ren, Lin and Zhao 2022, eqs. 9, 12 and 13, as in diffusers' `PNDMScheduler`.
public struct PNDMScheduler: Scheduler {
  public let timesteps: [Float]

  private let whole: [Int]
  /// How many calls at the start belong to Runge-Kutta steps.
  private let rungeKuttaCalls: Int
  /// Timesteps of training between two steps.
  private let distance: Int
  private let alphasCumprod: [Float]
  private let finalAlpha: Float
  private let prediction: Prediction
  private var memory = SchedulerState()

  private enum Prediction: String, CaseIterable {
    case epsilon
    case velocity = "v_prediction"
  }

  /// - Throws: `SchedulerError` with every problem of the configuration, or if it does not allow that many steps.
  public init(_ configuration: SchedulerConfiguration, steps: Int) throws(SchedulerError) {
    var checker = ConfigurationChecker(configuration, .pndm)
    let schedule = NoiseSchedule(&checker)
    prediction = checker.choice(configuration.predictionType, .predictionType, default: .epsilon)
    let spacing = checker.choice(configuration.timestepSpacing, .timestepSpacing, default: TimestepSpacing.leading)
    try checker.finish()
    try Timesteps.check(steps: steps, trainSteps: schedule.trainSteps, checker)

    let visited = try Timesteps.whole(spacing, steps: steps, trainSteps: schedule.trainSteps, checker)
    distance = schedule.trainSteps / steps
    if configuration.skipPRKSteps ?? false {
      whole = visited.count < 2 ? visited : [visited[0], visited[1]] + visited[1...]
      rungeKuttaCalls = 0
    } else {
      guard visited.count >= 4 else {
        throw SchedulerError(
          "steps: \(steps) is not allowed; pndm takes 4 or more unless skip_prk_steps is true in "
            + configuration.file)
      }
      let early = Self.rungeKuttaTimesteps(visited, half: distance / 2)
      whole = early + visited[3...]
      rungeKuttaCalls = early.count
    }
    timesteps = whole.map(Float.init)
    alphasCumprod = schedule.alphasCumprod
    finalAlpha = configuration.setAlphaToOne ?? false ? 1 : schedule.alphasCumprod[0]
  }

  /// Each of three steps is called at its start, twice at its middle and at its end.
  private static func rungeKuttaTimesteps(_ visited: [Int], half: Int) -> [Int] {
    (0..<3).flatMap { i in
      let middle = visited[i + 1] + half
      return [visited[i], middle, middle, visited[i + 1]]
    }
  }

  public var state: SchedulerState { memory }

  public mutating func restore(_ state: SchedulerState) throws(SchedulerError) {
    let known = Set(state.pending.keys).isSubset(of: ["sample", "sum"])
    guard known, (0...whole.count).contains(state.calls), (state.calls == 0) == state.history.isEmpty,
      state.history.count <= 4
    else {
      throw state.mismatch(
        with: "PNDMScheduler", expected: "0 to \(whole.count) calls, at most 4 predictions and [sample, sum]")
    }
    memory = state
  }

  /// - Note: In the calls of a Runge-Kutta step the latents are those that the call was made for.
  public func predictedClean(modelOutput: Tensor, step: Int, latents: Tensor) throws(ShapeError) -> Tensor {
    try checkShapes(modelOutput: modelOutput, latents: latents)
    let alpha = alphasCumprod[whole[step]]
    let (signal, sigma) = (alpha.squareRoot(), (1 - alpha).squareRoot())
    return switch prediction {
    case .epsilon: (latents - sigma * modelOutput) / signal
    case .velocity: signal * latents - sigma * modelOutput
    }
  }

  public mutating func step(modelOutput: Tensor, step: Int, latents: Tensor) throws(ShapeError) -> Tensor {
    try checkShapes(modelOutput: modelOutput, latents: latents, kept: memory.history + memory.pending.values)
    defer { memory.calls += 1 }
    return memory.calls < rungeKuttaCalls
      ? rungeKuttaStep(modelOutput, whole[step], latents)
      : multistep(modelOutput, whole[step], latents)
  }

  /// One of the four calls of a Runge-Kutta step; all four start from the sample of the first.
  private mutating func rungeKuttaStep(_ output: Tensor, _ timestep: Int, _ latents: Tensor) -> Tensor {
    let call = memory.calls
    let start = call % 4 == 0 ? latents : memory.pending["sample"] ?? latents
    let sum = memory.pending["sum"]
    func added(_ weight: Float) -> Tensor {
      let term = weight * output
      return sum.map { $0 + term } ?? term
    }
    var used = output
    switch call % 4 {
    case 0:
      memory.pending = ["sample": latents, "sum": added(1.0 / 6)]
      memory.history.append(output)
    case 3:
      used = added(1.0 / 6)
      memory.pending = [:]
    default:
      memory.pending["sum"] = added(1.0 / 3)
    }
    // The first and third calls look half a step ahead; diffusers counts from the timestep of the call.
    let next = timestep - (call % 2 == 0 ? distance / 2 : 0)
    return transferred(latents: start, from: whole[call / 4 * 4], to: next, output: used)
  }

  /// A multistep step, of the order that the kept predictions allow.
  private mutating func multistep(_ output: Tensor, _ timestep: Int, _ latents: Tensor) -> Tensor {
    if memory.calls == 1, rungeKuttaCalls == 0, let start = memory.pending["sample"] {
      // The second call of the first step: its average leads from the kept sample to the same place.
      memory.pending = [:]
      let average = (output + memory.history[0]) / 2
      return transferred(latents: start, from: timestep + distance, to: timestep, output: average)
    }
    memory.history = memory.history.suffix(3) + [output]
    let e = Array(memory.history.reversed())
    let used: Tensor
    switch e.count {
    case 1:
      memory.pending = ["sample": latents]
      used = output
    case 2: used = (3 * e[0] - e[1]) / 2
    case 3: used = (23 * e[0] - 16 * e[1] + 5 * e[2]) / 12
    default: used = (1.0 / 24) * (55 * e[0] - 59 * e[1] + 37 * e[2] - 9 * e[3])
    }
    return transferred(latents: latents, from: timestep, to: timestep - distance, output: used)
  }

  /// Eq. 9: the sample at `next` for the noise `output` at `timestep`.
  private func transferred(latents: Tensor, from timestep: Int, to next: Int, output: Tensor) -> Tensor {
    let alpha = alphasCumprod[timestep]
    let alphaNext = next >= 0 ? alphasCumprod[next] : finalAlpha
    let (beta, betaNext) = (1 - alpha, 1 - alphaNext)
    let noise: Tensor =
      switch prediction {
      case .epsilon: output
      case .velocity: alpha.squareRoot() * output + beta.squareRoot() * latents
      }
    let sampleScale = (alphaNext / alpha).squareRoot()
    let denominator = alpha * betaNext.squareRoot() + (alpha * beta * alphaNext).squareRoot()
    return sampleScale * latents - ((alphaNext - alpha) * noise) / denominator
  }
}
