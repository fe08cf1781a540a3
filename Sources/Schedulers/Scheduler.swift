import Tensors

/// Turns start noise into latents, one prediction of the model after the other.
///
/// The loop is the same for every kind:
///
///     var latents = noise * scheduler.initialNoiseSigma
///     for step in scheduler.timesteps.indices {
///       let input = scheduler.scaledInput(latents, step: step)
///       let output = <the model's output for input at scheduler.timesteps[step]>
///       latents = try scheduler.step(modelOutput: output, step: step, latents: latents)
///     }
///
/// A value is made for a fixed number of steps by ``SchedulerKind/make(_:steps:)``. Tensors may have any shape. The
/// arithmetic is float32 in the order of diffusers' operations.
public protocol Scheduler: Sendable {
  /// What the model is told at each call, from noisy to clean. Whole numbers, except in `EulerDiscreteScheduler`.
  /// One call of the model each: for n steps there are n, except in `PNDMScheduler`.
  var timesteps: [Float] { get }

  /// The standard deviation of the latents that the first step starts from: noise is multiplied by it.
  var initialNoiseSigma: Float { get }

  /// What the model is given for latents at a step.
  /// - Parameter step: An index of `timesteps`.
  func scaledInput(_ latents: Tensor, step: Int) -> Tensor

  /// The clean latents that the model expects at a step: what noise would be taken to be none, were this the last one.
  /// - Parameters: as of ``step(modelOutput:step:latents:)``.
  /// - Throws: `ShapeError` if the shapes differ.
  func predictedClean(modelOutput: Tensor, step: Int, latents: Tensor) throws(ShapeError) -> Tensor

  /// The latents after a step.
  /// - Parameters:
  ///   - modelOutput: The guided output of the model for `scaledInput(latents, step: step)`.
  ///   - step: An index of `timesteps`. Steps are taken in order; the first may be a later one than 0.
  ///   - latents: Before the step, not scaled.
  /// - Throws: `ShapeError` if the shapes differ from one another or from those of the steps before.
  mutating func step(modelOutput: Tensor, step: Int, latents: Tensor) throws(ShapeError) -> Tensor

  /// Clean latents with as much noise as a step begins with.
  /// - Parameters:
  ///   - clean: finished latents.
  ///   - noise: standard normal, of the same shape.
  ///   - step: an index of `timesteps`; the next step taken is this one.
  /// - Returns: nil for the kinds whose steps need earlier ones: they cannot begin in the middle of others.
  func noised(_ clean: Tensor, with noise: Tensor, step: Int) -> Tensor?

  /// What earlier steps left for later ones. A scheduler made alike and given this goes on with the same bits.
  var state: SchedulerState { get }

  /// Takes up a state that `state` gave.
  /// - Throws: `SchedulerError` if it is another kind's state; the scheduler is then unchanged.
  mutating func restore(_ state: SchedulerState) throws(SchedulerError)
}

extension Scheduler {
  public var initialNoiseSigma: Float { 1 }

  public func scaledInput(_ latents: Tensor, step: Int) -> Tensor { latents }

  public func noised(_ clean: Tensor, with noise: Tensor, step: Int) -> Tensor? { nil }

  /// Nothing: the kinds that look at one step alone need none.
  public var state: SchedulerState { SchedulerState() }

  public mutating func restore(_ state: SchedulerState) throws(SchedulerError) {
    guard state == SchedulerState() else { throw state.mismatch(with: "\(Self.self)", expected: "no history") }
  }

  /// - Throws: `ShapeError` unless the model's output, the latents and what is kept have one shape.
  func checkShapes(modelOutput: Tensor, latents: Tensor, kept: [Tensor] = []) throws(ShapeError) {
    for other in [modelOutput] + kept where other.shape != latents.shape {
      throw ShapeError("\(Self.self).step", expected: "the latents' shape \(latents.shape)", found: other.shape)
    }
  }
}
