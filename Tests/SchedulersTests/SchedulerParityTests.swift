import Foundation
import Tensors
import TestSupport
import Testing

@testable import Schedulers

@Suite struct SchedulerParityTests {
  /// Largest difference over largest value of a trajectory.
  private let tolerance = 1e-6

  @Test func walksAsDiffusersDoes() throws {
    let fixture = try SchedulerFixture.read()
    var largest: [String: Double] = [:]
    for walk in fixture.cases {
      var scheduler = try walk.makeScheduler()
      #expect(scheduler.timesteps.count == walk.timesteps.count, "\(walk)")
      for (found, expected) in zip(scheduler.timesteps, walk.timesteps) {
        #expect(abs(found - expected) <= 1e-6 * max(1, expected), "\(walk): timestep \(found), expected \(expected)")
      }
      let sigma = scheduler.initialNoiseSigma
      #expect(abs(sigma - walk.initialNoiseSigma) <= 2e-7 * walk.initialNoiseSigma, "\(walk): initial sigma \(sigma)")

      // With rescaled betas Euler's first step goes from sigma 4096 to about 14: one rounding of the start is 300 times
      // as large beside the result. PyTorch's own square root is not correctly rounded there, so roundings differ.
      let conditioning =
        scheduler is EulerDiscreteScheduler && walk.configuration.rescaleBetasZeroSNR == true
        ? Double(sigma) / 14 : 1
      var latents = try fixture.startLatents(scheduler)
      for step in scheduler.timesteps.indices {
        let output = try fixture.modelOutput(scheduler, step: step, latents: latents)
        latents = try scheduler.step(modelOutput: output, step: step, latents: latents)
        let expected = try Tensor(walk.trajectory[step], shape: latents.shape)
        expectClose(latents, expected, tolerance: tolerance * conditioning, "\(walk), after step \(step)")
        largest[walk.className, default: 0] = max(
          largest[walk.className, default: 0],
          (Difference(latents, expected)?.relative ?? .infinity) / conditioning)
      }
    }
    #expect(largest.count == SchedulerKind.allCases.count)
    for (name, difference) in largest.sorted(by: { $0.key < $1.key }) {
      print("\(name): largest relative difference from diffusers \(difference)")
    }
  }

  /// The walks can tell a wrong step: another weight, scheduler or order of steps moves them beyond the tolerance.
  @Test func walksBite() throws {
    let fixture = try SchedulerFixture.read()
    for walk in fixture.cases where walk.steps == 5 {
      var scheduler = try walk.makeScheduler()
      let latents = try fixture.startLatents(scheduler)
      let output = try fixture.modelOutput(scheduler, step: 0, latents: latents)
      let wrong = try scheduler.step(modelOutput: 1.001 * output, step: 0, latents: latents)
      let expected = try Tensor(walk.trajectory[0], shape: latents.shape)
      // Where the first step's sample is clipped whole, as at these defaults, nothing moves at all.
      if walk.configuration.clipSample != false, walk.className == "DDIMScheduler" { continue }
      #expect(try #require(Difference(wrong, expected)).relative > 10 * tolerance, "\(walk)")
    }
  }

  /// To the bit, except where PyTorch takes vectorised square roots, which are not correctly rounded.
  @Test func alphasAreTorchs() throws {
    for schedule in try SchedulerFixture.read().schedules {
      let bound: Float = schedule.config.rescaleBetasZeroSNR == true ? 1e-6 : 0
      var checker = ConfigurationChecker(schedule.config, .ddim)
      let found = NoiseSchedule(&checker).alphasCumprod
      #expect(checker.problems.isEmpty)
      #expect(found.count == schedule.alphasCumprod.count)
      for (t, pair) in zip(found, schedule.alphasCumprod).enumerated() where abs(pair.0 - pair.1) > bound {
        Issue.record("\(schedule.config.told): alphasCumprod[\(t)] is \(pair.0), torch has \(pair.1)")
        break
      }
    }
  }

  @Test func aStableDiffusionPipelineOverridesTwoKeys() throws {
    for expected in try SchedulerFixture.read().pipelines {
      let configuration = SchedulerConfiguration().forStableDiffusionPipeline
      #expect(configuration.clipSample == expected.clipSample)
      let scheduler = try SchedulerKind(named: expected.className).make(configuration, steps: expected.steps)
      #expect(scheduler.timesteps == expected.timesteps, "\(expected.className)")
    }
  }
}
