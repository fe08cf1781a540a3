import Tensors

/// Denoising diffusion implicit models, without added noise (eta 0).
///
/// With `alpha` for the paper's alpha at the timestep and `alphaPrevious` for the one at the next, less noisy timestep,
///
///     original = (latents - sqrt(1 - alpha) * noise) / sqrt(alpha)
///     next     = sqrt(alphaPrevious) * original + sqrt(1 - alphaPrevious) * noise
///
/// where `noise` is the model's output, e_theta in the paper.
/// - Source: Song, Meng and Ermon 2021, eq. 12, as in diffusers' `DDIMScheduler`. Dynamic thresholding is not supported.
public struct DDIMScheduler: Scheduler {
  public let timesteps: [Float]

  /// alphaCumprod at each step and at the one after.
  private let alphas: [(now: Float, next: Float)]
  private let prediction: PredictionType
  private let clip: Float?

  /// - Throws: `SchedulerError` with every problem of the configuration, or if it does not allow that many steps.
  public init(_ configuration: SchedulerConfiguration, steps: Int) throws(SchedulerError) {
    var checker = ConfigurationChecker(configuration, .ddim)
    let schedule = NoiseSchedule(&checker)
    prediction = checker.choice(configuration.predictionType, .predictionType, default: .epsilon)
    let spacing = checker.choice(configuration.timestepSpacing, .timestepSpacing, default: TimestepSpacing.leading)
    checker.only(configuration.thresholding, .thresholding, false)
    try checker.finish()
    try Timesteps.check(steps: steps, trainSteps: schedule.trainSteps, checker)

    clip = configuration.clipSample ?? true ? Float(configuration.clipSampleRange ?? 1) : nil
    let whole = try Timesteps.whole(spacing, steps: steps, trainSteps: schedule.trainSteps, checker)
    let alphasCumprod = schedule.alphasCumprod
    let final = configuration.setAlphaToOne ?? true ? 1 : alphasCumprod[0]
    let distance = schedule.trainSteps / steps
    alphas = whole.map { timestep in
      let next = timestep - distance
      return (alphasCumprod[timestep], next >= 0 ? alphasCumprod[next] : final)
    }
    timesteps = whole.map(Float.init)
    guard prediction != .epsilon || alphas.allSatisfy({ $0.now > 0 }) else {
      throw SchedulerError(
        "\(configuration.file): prediction_type is \"epsilon\", but at timestep \(whole[0]) nothing of the sample is left "
          + "(rescale_betas_zero_snr); for ddim it is then v_prediction or sample")
    }
  }

  public func predictedClean(modelOutput: Tensor, step: Int, latents: Tensor) throws(ShapeError) -> Tensor {
    try checkShapes(modelOutput: modelOutput, latents: latents)
    let (signal, sigma) = (alphas[step].now.squareRoot(), (1 - alphas[step].now).squareRoot())
    let original: Tensor =
      switch prediction {
      case .epsilon: (latents - sigma * modelOutput) / signal
      case .sample: modelOutput
      case .velocity: signal * latents - sigma * modelOutput
      }
    return clip.map(original.clamped) ?? original
  }

  /// `sqrt(alpha) * clean + sqrt(1 - alpha) * noise`
  public func noised(_ clean: Tensor, with noise: Tensor, step: Int) -> Tensor? {
    let scaled = (1 - alphas[step].now).squareRoot() * noise
    return alphas[step].now.squareRoot() * clean + scaled
  }

  public mutating func step(modelOutput: Tensor, step: Int, latents: Tensor) throws(ShapeError) -> Tensor {
    let original = try predictedClean(modelOutput: modelOutput, step: step, latents: latents)
    let (alpha, alphaNext) = alphas[step]
    let (signal, sigma) = (alpha.squareRoot(), (1 - alpha).squareRoot())
    let noise: Tensor =
      switch prediction {
      case .epsilon: modelOutput
      case .sample: (latents - signal * modelOutput) / sigma
      case .velocity: signal * modelOutput + sigma * latents
      }
    let direction = (1 - alphaNext).squareRoot() * noise
    return alphaNext.squareRoot() * original + direction
  }
}
