import Foundation
import Tensors
import Testing

@testable import Schedulers

@Suite struct SchedulerTests {
  @Test(arguments: SchedulerKind.allCases) func isFoundByBothNames(kind: SchedulerKind) throws {
    #expect(try SchedulerKind(named: kind.rawValue) == kind)
    #expect(try SchedulerKind(named: kind.className) == kind)
  }

  @Test func anUnknownNameListsTheKnown() {
    let error = #expect(throws: SchedulerError.self) { try SchedulerKind(named: "ddpm") }
    #expect(
      error?.description
        == "scheduler: \"ddpm\" is not known; there are ddim (DDIMScheduler), pndm (PNDMScheduler), "
        + "euler (EulerDiscreteScheduler), dpm++ (DPMSolverMultistepScheduler)")
  }

  /// Stopped before each step, written down, and taken up by a scheduler made alike: the same bits.
  @Test func goesOnFromAWrittenState() throws {
    let fixture = try SchedulerFixture.read()
    for walk in fixture.cases where walk.steps <= 5 {
      var whole = try walk.makeScheduler()
      var latents = try fixture.startLatents(whole)
      for step in whole.timesteps.indices {
        let written = try JSONEncoder().encode(whole.state)
        var resumed = try walk.makeScheduler()
        try resumed.restore(JSONDecoder().decode(SchedulerState.self, from: written))

        let output = try fixture.modelOutput(whole, step: step, latents: latents)
        let next = try whole.step(modelOutput: output, step: step, latents: latents)
        #expect(try resumed.step(modelOutput: output, step: step, latents: latents) == next, "\(walk), step \(step)")
        #expect(resumed.state == whole.state, "\(walk), step \(step)")
        latents = next
      }
    }
  }

  /// Latents made of a known clean sample and known noise, and the output of a model that knows both.
  @Test(arguments: SchedulerKind.allCases, [PredictionType.epsilon, .velocity])
  func predictedCleanIsTheSampleThatTheModelMeans(kind: SchedulerKind, prediction: PredictionType) throws {
    var configuration = SchedulerConfiguration()
    configuration.betaSchedule = "scaled_linear"
    (configuration.betaStart, configuration.betaEnd) = (0.00085, 0.012)
    configuration.predictionType = prediction.rawValue
    configuration.skipPRKSteps = true
    configuration.clipSample = false
    configuration.timestepSpacing = "leading"
    let scheduler = try kind.make(configuration, steps: 10)
    let betas = (0..<1000).map { i in
      let root = 0.00085.squareRoot() + (0.012.squareRoot() - 0.00085.squareRoot()) * Double(i) / 999
      return root * root
    }
    var alphas: [Double] = []
    for beta in betas { alphas.append((alphas.last ?? 1) * (1 - beta)) }
    let (clean, noise) = ([0.5, -1.25, 2], [1.5, 0.25, -0.75])
    for (step, timestep) in scheduler.timesteps.enumerated() {
      let alpha = alphas[Int(timestep)]
      let (signal, sigma) = (alpha.squareRoot(), (1 - alpha).squareRoot())
      // Euler's latents have the sample at scale 1.
      let scale = kind == .euler ? signal : 1
      let latents = zip(clean, noise).map { Float((signal * $0 + sigma * $1) / scale) }
      let output = zip(clean, noise).map { Float(prediction == .epsilon ? $1 : signal * $1 - sigma * $0) }
      let found = try scheduler.predictedClean(
        modelOutput: Tensor(output, shape: [3]), step: step, latents: Tensor(latents, shape: [3]))
      for (a, b) in zip(found.values, clean) {
        #expect(abs(Double(a) - b) < 2e-4, "\(kind), \(prediction), step \(step): \(found.values)")
      }
    }
  }

  @Test func refusesAnotherSchedulersState() throws {
    var configuration = SchedulerConfiguration()
    configuration.skipPRKSteps = true
    let latents = try Tensor([1, 2], shape: [2])
    var pndm = try SchedulerKind.pndm.make(configuration, steps: 5)
    _ = try pndm.step(modelOutput: latents, step: 0, latents: latents)
    for kind in [SchedulerKind.ddim, .euler, .dpmPlusPlus] {
      var other = try kind.make(configuration, steps: 5)
      #expect(throws: SchedulerError.self) { try other.restore(pndm.state) }
    }
    var ddim = try SchedulerKind.ddim.make(configuration, steps: 5)
    let error = #expect(throws: SchedulerError.self) { try ddim.restore(pndm.state) }
    #expect(
      error?.description
        == "DDIMScheduler: cannot go on from a state of 1 calls, 1 predictions and [sample]; expected no history; "
        + "it was left by another scheduler or another number of steps")
  }

  /// The product of the last but one overflowed once.
  @Test(arguments: ["[2]", "[0]", "[-1, -1]", "[4294967296, 4294967296]", "[9223372036854775807, 0]"])
  func aStateWhoseBytesDoNotFillItsShapeIsRefused(shape: String) {
    let lying = #"{"calls": 1, "history": [{"shape": \#(shape), "bytes": "AAAAAA=="}], "pending": {}}"#
    #expect(throws: ShapeError("SchedulerState", expected: "4 bytes for each value of \(shape)", found: "4")) {
      try JSONDecoder().decode(SchedulerState.self, from: Data(lying.utf8))
    }
  }

  @Test(arguments: SchedulerKind.allCases) func takesAnyShape(kind: SchedulerKind) throws {
    var configuration = SchedulerConfiguration()
    configuration.skipPRKSteps = true
    for shape in [[0], [1], [], [3, 0, 2], [1, 5, 7, 4]] {
      var scheduler = try kind.make(configuration, steps: 3)
      var latents = Tensor(zeros: shape)
      for step in scheduler.timesteps.indices {
        latents = try scheduler.step(modelOutput: latents, step: step, latents: latents)
      }
      #expect(latents == Tensor(zeros: shape))
    }
  }

  /// A value's path does not depend on what stands beside it, so pictures may share a batch.
  @Test(arguments: SchedulerKind.allCases) func eachValueGoesItsOwnWay(kind: SchedulerKind) throws {
    let fixture = try SchedulerFixture.read()
    var together = try kind.make(SchedulerConfiguration(), steps: 6)
    var alone = try kind.make(SchedulerConfiguration(), steps: 6)
    var pair = try Tensor([0.5, -1.5], shape: [2])
    var single = try Tensor([0.5], shape: [1])
    for step in together.timesteps.indices {
      pair = try together.step(
        modelOutput: fixture.modelOutput(together, step: step, latents: pair), step: step, latents: pair)
      single = try alone.step(
        modelOutput: fixture.modelOutput(alone, step: step, latents: single), step: step, latents: single)
      #expect(pair.values[0] == single.values[0])
    }
  }

  @Test func shapesThatDifferAreNamed() throws {
    var scheduler = try SchedulerKind.dpmPlusPlus.make(SchedulerConfiguration(), steps: 3)
    let expected = ShapeError(
      "DPMSolverMultistepScheduler.step", expected: "the latents' shape [2]", found: "[3]")
    #expect(throws: expected) {
      try scheduler.step(modelOutput: Tensor(zeros: [3]), step: 0, latents: Tensor(zeros: [2]))
    }
    _ = try scheduler.step(modelOutput: Tensor(zeros: [3]), step: 0, latents: Tensor(zeros: [3]))
    #expect(throws: expected) {
      try scheduler.step(modelOutput: Tensor(zeros: [2]), step: 1, latents: Tensor(zeros: [2]))
    }
  }

  /// Every number of steps: as many timesteps as steps, descending, within training's. diffusers makes one too many of
  /// `trailing` for 62 of them.
  @Test(arguments: TimestepSpacing.allCases) func everyNumberOfStepsHasItsTimesteps(spacing: TimestepSpacing) throws {
    var configuration = SchedulerConfiguration()
    configuration.timestepSpacing = spacing.rawValue
    for steps in 1...1000 {
      let timesteps = try DDIMScheduler(configuration, steps: steps).timesteps
      #expect(timesteps.count == steps)
      #expect(zip(timesteps, timesteps.dropFirst()).allSatisfy { $0 > $1 }, "\(spacing), \(steps) steps")
      #expect(timesteps[0] < 1000 && timesteps[steps - 1] >= 0, "\(spacing), \(steps) steps")
    }
  }

  /// DPM-Solver++ divides by one more than the steps: of as many as there were in training two would have one timestep.
  @Test func stepsOfOneTimestepAreRefused() throws {
    var configuration = SchedulerConfiguration()
    for spacing in TimestepSpacing.allCases {
      configuration.timestepSpacing = spacing.rawValue
      for steps in 1...1000 {
        let isRefused = steps == 1000 && spacing != .trailing
        do {
          let timesteps = try DPMSolverMultistepScheduler(configuration, steps: steps).timesteps
          #expect(!isRefused && zip(timesteps, timesteps.dropFirst()).allSatisfy { $0 > $1 }, "\(spacing), \(steps)")
        } catch {
          #expect(isRefused && "\(error)".hasPrefix("steps: 1000 is not allowed; with timestep_spacing \(spacing) "))
        }
      }
    }
  }

  /// For 48 of 1,000 steps and fifty other numbers half a timestep decides, and with it how numpy rounds the distance.
  ///
  /// The sum over all numbers of steps is that of `numpy.round(numpy.arange(1000, 0, -1000 / n)) - 1`, numpy 2.4.
  @Test func trailingTimestepsAreThoseOfNumpy() throws {
    var configuration = SchedulerConfiguration()
    configuration.timestepSpacing = "trailing"
    #expect(try DDIMScheduler(configuration, steps: 48).timesteps.prefix(4) == [999, 978, 957, 936])
    var sum = 0
    for steps in 1...1000 {
      for timestep in try DDIMScheduler(configuration, steps: steps).timesteps {
        sum = (sum * 31 + Int(timestep) + 1) % 1_000_000_007
      }
    }
    #expect(sum == 558_692_947)
  }

  @Test func callsOfTheModel() throws {
    var configuration = SchedulerConfiguration()
    #expect(try SchedulerKind.pndm.make(configuration, steps: 30).timesteps.count == 39)
    configuration.skipPRKSteps = true
    #expect(try SchedulerKind.pndm.make(configuration, steps: 30).timesteps.count == 31)
    #expect(try SchedulerKind.pndm.make(configuration, steps: 1).timesteps.count == 1)
    for kind in [SchedulerKind.ddim, .euler, .dpmPlusPlus] {
      #expect(try kind.make(configuration, steps: 30).timesteps.count == 30)
    }
  }
}
