import Attention
import Schedulers
import Tensors

/// The runs of a denoising that start from their source's finished latents.
///
/// A group goes through the steps together, and its source is not finished when such a run begins. So the source is denoised
/// once more, alone, when the first of them needs it. The noise is the run's own start noise, so that at strength 1 hardly
/// more than the prompt decides the picture, as in a run without a start.
struct NoisedStarts {
  private let starts: [NoisedStart]
  private let steps: Int
  /// By source: its prompt before the first step, alone in its batch.
  private let sources: [Int: Unfinished]
  /// By run: standard normal noise, `[1, height, width, channels]`.
  private let noises: [Int: Tensor]
  private var finished: [Int: Tensor] = [:]

  /// Makes a denoising that is not begun; as a closure, since a value cannot hold one of its own type.
  private typealias Unfinished = () throws -> Denoising

  /// - Throws: `SelectionError` for a scheduler whose steps need earlier ones; as `Denoising`.
  init(
    _ starts: [NoisedStart], _ model: StableDiffusion, prompts: [PromptTokens], seeds: [Seed]?,
    _ settings: DenoisingSettings
  ) throws {
    if !starts.isEmpty { try NoisedStart.check(settings.scheduler) }
    self.starts = starts
    steps = settings.steps
    func seed(_ run: Int) -> Seed { seeds?[run] ?? settings.seed }
    sources = Dictionary(
      starts.map(\.source).map { source in
        (source, { try Denoising(model, prompts: [prompts[source]], seeds: [seed(source)], settings: settings) })
      }, uniquingKeysWith: { first, _ in first })
    noises = Dictionary(
      try starts.map(\.run).map { run in
        (run, try model.noise(seed: seed(run), height: settings.height, width: settings.width))
      }, uniquingKeysWith: { first, _ in first })
  }

  /// Gives the runs whose first step this is their start.
  /// - Parameters:
  ///   - latents: of all runs, `[runs, height, width, channels]`.
  ///   - step: before it is taken; the number of steps after the last.
  mutating func apply(to latents: inout Tensor, step: Int, _ scheduler: any Scheduler) throws {
    for start in starts where start.firstStep(of: steps) == step {
      var clean = try finished(start.source)
      if step < steps, let noise = noises[start.run], let noised = scheduler.noised(clean, with: noise, step: step) {
        clean = noised
      }
      latents.withUnsafeMutableValues { all in
        clean.withUnsafeValues { values in
          for i in values.indices { all[start.run * values.count + i] = values[i] }
        }
      }
    }
  }

  private mutating func finished(_ source: Int) throws -> Tensor {
    if let known = finished[source] { return known }
    guard var denoising = try sources[source]?() else { preconditionFailure("a start without a source") }
    while !denoising.isDone { try denoising.advance() }
    finished[source] = denoising.latents
    return denoising.latents
  }
}

extension NoisedStart {
  /// - Throws: `SelectionError` for a scheduler whose steps need earlier ones.
  public static func check(_ scheduler: SchedulerKind) throws(SelectionError) {
    guard !scheduler.beginsAnywhere else { return }
    let possible = SchedulerKind.allCases.filter(\.beginsAnywhere).map(\.rawValue).joined(separator: " or ")
    throw SelectionError(
      "noised_source", problem: "a step of \(scheduler.rawValue) needs earlier ones, so that no run can begin at it",
      hint: "choose scheduler: \(possible)")
  }
}
