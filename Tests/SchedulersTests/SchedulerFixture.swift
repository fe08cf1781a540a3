import Foundation
import Schedulers
import Tensors

/// `Tests/Fixtures/schedulers.json`: what diffusers' schedulers do with a model that is a formula.
struct SchedulerFixture: Decodable {
  /// One walk from `start` through all timesteps.
  struct Walk: Decodable, CustomStringConvertible {
    let className: String
    let configuration: SchedulerConfiguration
    let steps: Int
    let initialNoiseSigma: Float
    let timesteps: [Float]
    let trajectory: [[Float]]

    enum CodingKeys: String, CodingKey {
      case className = "class"
      case configuration = "config"
      case steps, timesteps, trajectory
      case initialNoiseSigma = "init_noise_sigma"
    }

    var description: String { "\(className), \(steps) steps, \(configuration.told)" }

    func makeScheduler() throws -> any Scheduler {
      try SchedulerKind(named: className).make(configuration, steps: steps)
    }
  }

  struct Schedule: Decodable {
    let config: SchedulerConfiguration
    let alphasCumprod: [Float]

    enum CodingKeys: String, CodingKey {
      case config
      case alphasCumprod = "alphas_cumprod"
    }
  }

  struct Pipeline: Decodable {
    let className: String
    let steps: Int
    let timesteps: [Float]
    let clipSample: Bool

    enum CodingKeys: String, CodingKey {
      case className = "class"
      case steps, timesteps
      case clipSample = "clip_sample"
    }
  }

  let start: [Float]
  let forcing: [Float]
  let cases: [Walk]
  let schedules: [Schedule]
  let pipelines: [Pipeline]

  static func read() throws -> SchedulerFixture {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try JSONDecoder().decode(
      SchedulerFixture.self, from: Data(contentsOf: tests.appending(path: "Fixtures/schedulers.json")))
  }

  func startLatents(_ scheduler: any Scheduler) throws -> Tensor {
    try Tensor(start.map { $0 * scheduler.initialNoiseSigma }, shape: [start.count])
  }

  /// The formula that stands for the model: 0.3 * input + forcing rotated by the step.
  func modelOutput(_ scheduler: any Scheduler, step: Int, latents: Tensor) throws -> Tensor {
    let input = scheduler.scaledInput(latents, step: step).values
    return try Tensor(
      input.indices.map { 0.3 * input[$0] + forcing[($0 + step) % forcing.count] }, shape: latents.shape)
  }
}

extension SchedulerConfiguration {
  /// The keys that are set, for messages.
  var told: String {
    Mirror(reflecting: self).children.compactMap { child in
      let optional = Mirror(reflecting: child.value)
      guard optional.displayStyle == .optional, let value = optional.children.first else { return nil }
      return "\(child.label ?? "") \(value.value)"
    }.joined(separator: ", ")
  }
}
