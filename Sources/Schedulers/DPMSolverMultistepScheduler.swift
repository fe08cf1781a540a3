import Foundation
import Tensors

/// DPM-Solver++ in its multistep form of order 2 ("2M") or 1.
///
/// The steps go in lambda = log(alpha / sigma), half the logarithm of the signal-to-noise ratio, with h for a step's
/// length. From the predicted clean samples D0 of this step and m1 of the one before, `D1 = (D0 - m1) / r0` where r0 is
/// the length of the last step over this one's, and (midpoint)
///
///     next = (sigmaNext / sigma) * x - alphaNext * (exp(-h) - 1) * (D0 + D1 / 2)
///
/// The first step has no earlier prediction and the last one leads to sigma 0: both are of order 1, which is DDIM.
/// A file of DEIS, UniPC or DDPM is taken as `from_config` of diffusers takes it: with the midpoint for its solver, and
/// whatever its variance, unless that is learned.
/// - Source: Lu, Zhou, Bao, Chen, Li and Zhu 2022 (DPM-Solver++), algorithm 2, as in diffusers'
///   `DPMSolverMultistepScheduler`. The other `algorithm_type`s, order 3, thresholding and flow, Lu, exponential and beta
///   sigmas are not supported.
public struct DPMSolverMultistepScheduler: Scheduler {
  public let timesteps: [Float]

  /// One more than there are timesteps.
  private let sigmas: [Float]
  private let prediction: PredictionType
  private let solver: Solver
  private let order: Int
  private let lastIsFirstOrder: Bool
  private var memory = SchedulerState()

  private enum Solver: String, CaseIterable {
    case midpoint, heun
  }

  /// - Throws: `SchedulerError` with every problem of the configuration, or if it does not allow that many steps.
  public init(_ configuration: SchedulerConfiguration, steps: Int) throws(SchedulerError) {
    var checker = ConfigurationChecker(configuration, .dpmPlusPlus)
    var schedule = NoiseSchedule(&checker)
    prediction = checker.choice(configuration.predictionType, .predictionType, default: .epsilon)
    let spacing = checker.choice(configuration.timestepSpacing, .timestepSpacing, default: TimestepSpacing.linspace)
    let solverType = configuration.solverType.map { ["logrho", "bh1", "bh2"].contains($0) ? "midpoint" : $0 }
    solver = checker.choice(solverType, .solverType, default: .midpoint)
    let final = checker.choice(configuration.finalSigmasType, .finalSigmasType, default: FinalSigma.zero)
    order = configuration.solverOrder ?? 2
    if !(1...2).contains(order) { checker.report(.solverOrder, "\(order)", "1 and 2 are supported") }
    let algorithm = configuration.algorithmType == "deis" ? "dpmsolver++" : configuration.algorithmType
    checker.only(algorithm, .algorithmType, "dpmsolver++")
    checker.only(configuration.thresholding, .thresholding, false)
    checker.only(configuration.useExponentialSigmas, .useExponentialSigmas, false)
    checker.only(configuration.useBetaSigmas, .useBetaSigmas, false)
    checker.only(configuration.useLuLambdas, .useLuLambdas, false)
    checker.only(configuration.useFlowSigmas, .useFlowSigmas, false)
    // Keys of Euler's that diffusers' Karras sigmas look at here too, where a file has them.
    checker.sigma(configuration.sigmaMin, .sigmaMin)
    checker.sigma(configuration.sigmaMax, .sigmaMax)
    if let variance = configuration.varianceType, ["learned", "learned_range"].contains(variance) {
      checker.report(.varianceType, "\"\(variance)\"", "the model must predict no variance of its own")
    }
    try checker.finish()
    try Timesteps.check(steps: steps, trainSteps: schedule.trainSteps, checker)
    if configuration.rescaleBetasZeroSNR == true { schedule.keepLastSigmaFinite() }

    let training = try schedule.finiteSigmas(fromZero: configuration.useKarrasSigmas != true, configuration)
    var visited = try Self.timesteps(spacing, steps: steps, schedule, configuration)
    guard configuration.useKarrasSigmas == true || zip(visited, visited.dropFirst()).allSatisfy({ $0 > $1 }) else {
      throw SchedulerError(
        "steps: \(steps) is not allowed; with timestep_spacing \(spacing.rawValue) two of them would have one timestep, and "
          + "nothing lies between them. Take fewer")
    }
    var reached = visited.map { SigmaSchedule.interpolated(training, at: Double($0)) }
    if configuration.useKarrasSigmas == true {
      reached = SigmaSchedule.karras(
        largest: configuration.sigmaMax ?? Double(training[training.count - 1]),
        smallest: configuration.sigmaMin ?? Double(training[0]), count: steps)
      let rounding: FloatingPointRoundingRule =
        configuration.betaSchedule == "squaredcos_cap_v2" ? .towardZero : .toNearestOrEven
      visited = reached.map { Int(SigmaSchedule.timestep(of: $0, training).rounded(rounding)) }
    }
    timesteps = visited.map(Float.init)
    sigmas = reached.map(Float.init) + [final == .zero ? 0 : training[0]]
    lastIsFirstOrder =
      final == .zero || configuration.eulerAtFinal ?? false
      || (configuration.lowerOrderFinal ?? true && visited.count < 15)
  }

  /// Descending. The first is left of the clipped lambdas, and the step to the last one, 0, is the final sigma's.
  private static func timesteps(
    _ spacing: TimestepSpacing, steps: Int, _ schedule: NoiseSchedule, _ configuration: SchedulerConfiguration
  ) throws(SchedulerError) -> [Int] {
    let smallest = Float(configuration.lambdaMinClipped ?? -.infinity)
    let clipped = schedule.alphasCumprod.reversed().prefix { alpha in
      log(alpha.squareRoot()) - log((1 - alpha).squareRoot()) < smallest
    }.count
    let last = schedule.trainSteps - clipped
    let offset = configuration.stepsOffset ?? 0
    let visited: [Int] =
      switch spacing {
      case .linspace:
        Timesteps.linspace(last: Double(last - 1), count: steps + 1).dropFirst().reversed().map {
          Int($0.rounded(.toNearestOrEven))
        }
      case .leading:
        Timesteps.leading(steps: steps + 1, trainSteps: last, offset: offset).dropFirst().reversed()
      case .trailing: Timesteps.trailing(steps: steps, trainSteps: schedule.trainSteps, last: last)
      }
    guard last > 0, !visited.isEmpty else {
      throw SchedulerError(
        "\(configuration.file): lambda_min_clipped is \(smallest), which leaves no timestep; it lies below the largest "
          + "lambda of the noise schedule")
    }
    return visited
  }

  public var state: SchedulerState { memory }

  public mutating func restore(_ state: SchedulerState) throws(SchedulerError) {
    guard state.pending.isEmpty, (0...timesteps.count).contains(state.calls),
      state.history.count == (state.calls == 0 ? 0 : 1)
    else {
      throw state.mismatch(
        with: "DPMSolverMultistepScheduler", expected: "0 to \(timesteps.count) calls and the last prediction")
    }
    memory = state
  }

  public func predictedClean(modelOutput: Tensor, step: Int, latents: Tensor) throws(ShapeError) -> Tensor {
    try checkShapes(modelOutput: modelOutput, latents: latents)
    let now = Level(sigma: sigmas[step])
    return switch prediction {
    case .epsilon: (latents - now.sigma * modelOutput) / now.alpha
    case .velocity: now.alpha * latents - now.sigma * modelOutput
    case .sample: modelOutput
    }
  }

  public mutating func step(modelOutput: Tensor, step: Int, latents: Tensor) throws(ShapeError) -> Tensor {
    try checkShapes(modelOutput: modelOutput, latents: latents, kept: memory.history)
    let now = Level(sigma: sigmas[step])
    let original = try predictedClean(modelOutput: modelOutput, step: step, latents: latents)
    let isLast = step == timesteps.count - 1
    let isFirstOrder = order == 1 || step == 0 || isLast && lastIsFirstOrder
    let earlier = isFirstOrder ? nil : memory.history.last
    memory.history = [original]
    memory.calls += 1

    let next = Level(sigma: sigmas[step + 1])
    let h = next.lambda - now.lambda
    let decay = exp(-h) - 1
    let firstOrder = (next.sigma / now.sigma) * latents - (next.alpha * decay) * original
    guard let earlier else { return firstOrder }

    let ratio = (now.lambda - Level(sigma: sigmas[step - 1]).lambda) / h
    let slope = (1 / ratio) * (original - earlier)
    return switch solver {
    case .midpoint: firstOrder - (0.5 * (next.alpha * decay)) * slope
    case .heun: firstOrder + (next.alpha * (decay / h + 1)) * slope
    }
  }

  /// The shares of sample and noise in latents of variance 1 whose noise beside a clean sample of scale 1 is sigma.
  private struct Level {
    let alpha: Float
    let sigma: Float
    var lambda: Float { log(alpha) - log(sigma) }

    init(sigma: Float) {
      alpha = 1 / (sigma * sigma + 1).squareRoot()
      self.sigma = sigma * alpha
    }
  }
}
