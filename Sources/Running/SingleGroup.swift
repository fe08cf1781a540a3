import Attention
import Checkpoints
import ExperimentFiles
import Pipelines
import Planning
import Tensors

/// The one group of a small experiment, made in memory: it has the same bits and the same content hashes as in an experiment.
struct SingleGroup {
  let plan: ExperimentPlan
  let model: StableDiffusion
  let group: PlannedGroup
  private let attention: AttentionPlan

  /// - Parameters:
  ///   - folder: the model's.
  ///   - height, width: in pixels; nil: the model's own.
  ///   - loaded: the folder's model, where another group has it already.
  ///   - spec: of one group of runs, for a model.
  /// - Throws: `SizeError` for sizes that the model cannot make; `ExperimentError` for what cannot be planned, or
  ///   needs more memory than there is; what loading throws.
  init(
    _ folder: ModelFolder, height: Int?, width: Int?, loaded: StableDiffusion? = nil,
    _ spec: (ModelDescription) -> ExperimentSpec
  ) throws {
    let description = try ModelDescription(folder)
    try description.checkSize(height: height ?? description.scale, width: width ?? description.scale)
    plan = try ExperimentPlan(
      spec(description), model: PlanModel(description, hash: folder.contentHash(cache: .user())))
    guard let group = plan.groups.first else { throw ExperimentError("the plan of one group is empty") }
    attention = try plan.attention(of: group)
    try plan.checkMemory(
      of: group, attention, available: loaded == nil ? plan.availableBesideModel : AvailableMemory.bytes)
    self.group = group
    model = try loaded ?? StableDiffusion(description)
  }

  /// Denoises, and gives each step's maps to `observe`.
  /// - Parameter work: what is said to be made.
  /// - Returns: The final latents of all runs, `[runs, height, width, channels]`.
  func denoise(
    work: String, progress: some RunProgress, observe: (Int, StepProbe) throws -> Void = { _, _ in }
  ) throws -> Tensor {
    defer { progress.finished() }
    var denoising = try group.denoising(model)
    while !denoising.isDone {
      let step = denoising.step
      let probe = attention.probe(step: step)
      if let broken = try denoising.advance(probe: probe).first { throw broken }
      try observe(step, probe)
      progress.advanced(done: denoising.step, total: denoising.callCount, of: .steps, work: work)
    }
    return denoising.latents
  }
}
