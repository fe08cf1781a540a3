import Foundation
import Tensors

/// Euler's method in sigma, the noise beside a clean sample of scale 1.
///
/// With D(x, sigma) for the clean sample that the model sees,
///
///     derivative = (x - D(x, sigma)) / sigma
///     next       = x + derivative * (sigmaNext - sigma)
///
/// The latents grow with sigma, so they start from noise times `initialNoiseSigma` and are divided by
/// sqrt(sigma^2 + 1) before the model sees them.
/// - Source: Karras, Aittala, Aila and Laine 2022, algorithm 2 without churn and correction, as in k-diffusion and
///   diffusers' `EulerDiscreteScheduler`. Exponential and beta sigmas and continuous timesteps are not supported.
public struct EulerDiscreteScheduler: Scheduler {
  public let timesteps: [Float]
  public let initialNoiseSigma: Float

  /// One more than there are timesteps.
  private let sigmas: [Float]
  private let prediction: PredictionType

  private enum Interpolation: String, CaseIterable {
    case linear
    case logLinear = "log_linear"
  }

  /// - Throws: `SchedulerError` with every problem of the configuration, or if it does not allow that many steps.
  public init(_ configuration: SchedulerConfiguration, steps: Int) throws(SchedulerError) {
    var checker = ConfigurationChecker(configuration, .euler)
    var schedule = NoiseSchedule(&checker)
    prediction = checker.choice(configuration.predictionType, .predictionType, default: .epsilon)
    let spacing = checker.choice(configuration.timestepSpacing, .timestepSpacing, default: TimestepSpacing.linspace)
    let interpolation = checker.choice(
      configuration.interpolationType, .interpolationType, default: Interpolation.linear)
    let final = checker.choice(configuration.finalSigmasType, .finalSigmasType, default: FinalSigma.zero)
    checker.only(configuration.useExponentialSigmas, .useExponentialSigmas, false)
    checker.only(configuration.useBetaSigmas, .useBetaSigmas, false)
    checker.only(configuration.timestepType, .timestepType, "discrete")
    checker.sigma(configuration.sigmaMin, .sigmaMin)
    checker.sigma(configuration.sigmaMax, .sigmaMax)
    try checker.finish()
    try Timesteps.check(steps: steps, trainSteps: schedule.trainSteps, checker)
    if configuration.rescaleBetasZeroSNR == true { schedule.keepLastSigmaFinite() }

    let takesLogarithms = configuration.useKarrasSigmas == true || interpolation == .logLinear
    let training = try schedule.finiteSigmas(fromZero: !takesLogarithms, configuration)
    var visited = Self.timesteps(spacing, steps: steps, trainSteps: schedule.trainSteps, configuration.stepsOffset ?? 0)
    var reached = visited.map { SigmaSchedule.interpolated(training, at: Double($0)) }
    if interpolation == .logLinear {
      let ends = (Double(log(training[training.count - 1])), Double(log(training[0])))
      reached = NoiseSchedule.linearSpace(ends.0, ends.1, count: visited.count + 1).map { Double(exp($0)) }
    }
    if configuration.useKarrasSigmas == true {
      reached = SigmaSchedule.karras(
        largest: configuration.sigmaMax ?? reached[0], smallest: configuration.sigmaMin ?? reached[reached.count - 1],
        count: visited.count)
      visited = reached.map { Float(SigmaSchedule.timestep(of: $0, training)) }
    }
    timesteps = visited
    sigmas = reached.map(Float.init) + [final == .zero ? 0 : training[0]]
    let largest = sigmas.max() ?? 0
    initialNoiseSigma = spacing == .leading ? (largest * largest + 1).squareRoot() : largest
  }

  /// Descending, and fractions where `linspace` does not meet whole timesteps.
  private static func timesteps(_ spacing: TimestepSpacing, steps: Int, trainSteps: Int, _ offset: Int) -> [Float] {
    switch spacing {
    case .leading: Timesteps.leading(steps: steps, trainSteps: trainSteps, offset: offset).reversed().map(Float.init)
    case .trailing: Timesteps.trailing(steps: steps, trainSteps: trainSteps, last: trainSteps).map(Float.init)
    case .linspace: Timesteps.linspace(last: Double(trainSteps - 1), count: steps).reversed().map(Float.init)
    }
  }

  public func scaledInput(_ latents: Tensor, step: Int) -> Tensor {
    latents / (sigmas[step] * sigmas[step] + 1).squareRoot()
  }

  public func predictedClean(modelOutput: Tensor, step: Int, latents: Tensor) throws(ShapeError) -> Tensor {
    try checkShapes(modelOutput: modelOutput, latents: latents)
    let sigma = sigmas[step]
    let variance = sigma * sigma + 1
    return switch prediction {
    case .epsilon: latents - sigma * modelOutput
    case .velocity: (-sigma / variance.squareRoot()) * modelOutput + latents / variance
    case .sample: modelOutput
    }
  }

  /// `clean + sigma * noise`
  public func noised(_ clean: Tensor, with noise: Tensor, step: Int) -> Tensor? { clean + sigmas[step] * noise }

  public mutating func step(modelOutput: Tensor, step: Int, latents: Tensor) throws(ShapeError) -> Tensor {
    let original = try predictedClean(modelOutput: modelOutput, step: step, latents: latents)
    let sigma = sigmas[step]
    let derivative = (latents - original) / sigma
    return latents + (sigmas[step + 1] - sigma) * derivative
  }
}
