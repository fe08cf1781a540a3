import Foundation
import Tensors
import Testing

@testable import Schedulers

@Suite struct SchedulerConfigurationTests {
  private func read(_ json: String) throws(SchedulerError) -> SchedulerConfiguration {
    try SchedulerConfiguration(json: Data(json.utf8))
  }

  @Test func readsTheFileOfStableDiffusion15() throws {
    let configuration = try read(
      """
      {"_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", "beta_end": 0.012, "beta_schedule": "scaled_linear",
       "beta_start": 0.00085, "num_train_timesteps": 1000, "set_alpha_to_one": false, "skip_prk_steps": true,
       "steps_offset": 1, "trained_betas": null, "clip_sample": false}
      """)
    #expect(configuration.className == "PNDMScheduler")
    #expect(configuration.betaStart == 0.00085)
    #expect(configuration.skipPRKSteps == true)
    #expect(configuration.stepsOffset == 1)
    #expect(configuration.trainedBetas == nil)
    #expect(configuration.timestepSpacing == nil)
  }

  @Test func everyKeyIsRead() throws {
    let keys = SchedulerConfiguration.CodingKeys.self
    let integers: [SchedulerConfiguration.CodingKeys] = [.numTrainTimesteps, .stepsOffset, .solverOrder]
    let numbers: [SchedulerConfiguration.CodingKeys] = [
      .betaStart, .betaEnd, .clipSampleRange, .sigmaMin, .sigmaMax, .lambdaMinClipped,
    ]
    let flags: [SchedulerConfiguration.CodingKeys] = [
      .rescaleBetasZeroSNR, .setAlphaToOne, .clipSample, .thresholding, .skipPRKSteps, .useKarrasSigmas,
      .useExponentialSigmas, .useBetaSigmas, .lowerOrderFinal, .eulerAtFinal, .useLuLambdas, .useFlowSigmas,
    ]
    let pairs = keys.allCases.map { key in
      let value =
        key == .trainedBetas
        ? "[0.5]"
        : integers.contains(key) ? "7" : numbers.contains(key) ? "0.25" : flags.contains(key) ? "true" : "\"text\""
      return "\"\(key.rawValue)\": \(value)"
    }
    let configuration = try read("{\(pairs.joined(separator: ", "))}")
    let set = Mirror(reflecting: configuration).children.filter {
      Mirror(reflecting: $0.value).displayStyle == .optional && !Mirror(reflecting: $0.value).children.isEmpty
    }
    #expect(set.count == keys.allCases.count)
  }

  @Test func acceptsTheInfinityThatDiffusersWrites() throws {
    #expect(try read(#"{"lambda_min_clipped": -Infinity}"#).lambdaMinClipped == -.infinity)
  }

  @Test func ignoresUnknownKeysAndNull() throws {
    #expect(try read(#"{"skip_prk_steps": null, "no_such_key": [1, {"a": 2}]}"#) == SchedulerConfiguration())
  }

  @Test func wrongTypesAreReportedTogether() {
    let error = #expect(throws: SchedulerError.self) {
      try read(
        #"{"steps_offset": "1", "clip_sample": 0, "beta_start": [], "trained_betas": "linear", "beta_schedule": true, "#
          + #""num_train_timesteps": 10.5, "sigma_min": {}}"#)
    }
    #expect(
      error?.problems == [
        "scheduler/scheduler_config.json: num_train_timesteps is 10.5, expected a whole number",
        "scheduler/scheduler_config.json: beta_start is a list, expected a number",
        "scheduler/scheduler_config.json: beta_schedule is true, expected a string",
        "scheduler/scheduler_config.json: trained_betas is \"linear\", expected a list of numbers",
        "scheduler/scheduler_config.json: steps_offset is \"1\", expected a whole number",
        "scheduler/scheduler_config.json: clip_sample is 0, expected true or false",
        "scheduler/scheduler_config.json: sigma_min is an object, expected a number",
      ])
  }

  /// Invalid UTF-8 in a key ended the process in Foundation's JSON5 reader (Swift 6.3).
  @Test(arguments: [
    ("", "line 1, column 1 is the end of the text, expected a value"),
    ("[]", "text is [], expected an object, { ... }"), ("3", "text is 3, expected an object, { ... }"),
    ("{", "line 1, column 2 is the end of the text, expected a key in quotation marks"),
    (#"{"beta_end": 0.0"#, "line 1, column 17 is the end of the text, expected ',' or '}'"),
    (#"{"beta_end": 0.1, "beta_end": 0.2}"#, "beta_end is given twice, expected it once"),
    ("{\"a\": 1, \u{FF} \"b\": 2}", "line 1, column 10 is byte 0xFF, expected a key in quotation marks"),
  ])
  func whatIsNoObjectIsRefused(json: String, message: String) {
    // Each sign is one byte, so that 0xFF stands for itself.
    let bytes = Data(json.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
    let error = #expect(throws: SchedulerError.self) { try SchedulerConfiguration(json: bytes) }
    #expect(error?.description == "scheduler/scheduler_config.json: " + message)
  }

  /// Kind, file, steps, and what is said; problems of one file come together.
  @Test(arguments: [
    (
      SchedulerKind.ddim, #"{"timestep_spacing": "even", "prediction_type": "flow", "thresholding": true}"#, 5,
      [
        "prediction_type is \"flow\"; for ddim it is one of epsilon, v_prediction, sample",
        "timestep_spacing is \"even\"; for ddim it is one of leading, linspace, trailing",
        "thresholding is true; for ddim only false is supported",
      ]
    ),
    (.ddim, #"{"num_train_timesteps": 100001}"#, 5, ["num_train_timesteps is 100001; for ddim it is 1 to 100000"]),
    (
      .euler, #"{"steps_offset": 9223372036854775807}"#, 5,
      ["steps_offset is 9223372036854775807; for euler it is 0 to 999, below num_train_timesteps"]
    ),
    (
      .dpmPlusPlus, #"{"steps_offset": -1}"#, 5,
      ["steps_offset is -1; for dpm++ it is 0 to 999, below num_train_timesteps"]
    ),
    (
      .dpmPlusPlus, #"{"sigma_min": 0, "sigma_max": -1}"#, 5,
      [
        "sigma_min is 0.0; for dpm++ it is a finite number over 0",
        "sigma_max is -1.0; for dpm++ it is a finite number over 0",
      ]
    ),
    (
      .euler, #"{"use_karras_sigmas": true, "sigma_min": -1, "sigma_max": Infinity}"#, 5,
      [
        "sigma_min is -1.0; for euler it is a finite number over 0",
        "sigma_max is inf; for euler it is a finite number over 0",
      ]
    ),
    (
      .dpmPlusPlus, #"{"use_karras_sigmas": true, "beta_start": 0, "beta_end": 0}"#, 5,
      [
        "the betas lead to sigmas from 0.0 to 0.0; they are finite, and over 0 for use_karras_sigmas and log_linear: "
          + "check beta_start and beta_end"
      ]
    ),
    (
      .euler, #"{"beta_start": 0.99, "beta_end": 0.99}"#, 5,
      ["the betas lead to sigmas from 9.94988 to inf; they are finite: check beta_start and beta_end"]
    ),
    (
      .ddim, #"{"num_train_timesteps": 0, "beta_schedule": "sigmoid"}"#, 5,
      ["num_train_timesteps is 0; for ddim it is 1 to 100000"]
    ),
    (
      .ddim, #"{"beta_start": -1, "beta_end": 1, "beta_schedule": "sigmoid"}"#, 5,
      [
        "beta_start is -1.0; for ddim it lies from 0 to below 1", "beta_end is 1.0; for ddim it lies from 0 to below 1",
        "beta_schedule is \"sigmoid\"; for ddim it is one of linear, scaled_linear, squaredcos_cap_v2",
      ]
    ),
    (
      .ddim, #"{"trained_betas": [0.1, 0.2], "num_train_timesteps": 3}"#, 2,
      ["trained_betas is a list of 2; for ddim it has num_train_timesteps values, 3"]
    ),
    (
      .ddim, #"{"trained_betas": [0.1, 2], "num_train_timesteps": 2}"#, 2,
      ["trained_betas is a list with 2.0; for ddim each lies from 0 to below 1"]
    ),
    (
      .ddim, #"{"steps_offset": 1}"#, 1000,
      ["steps_offset is 1; with 1000 steps it leads to timestep 1000, and the model knows 0 to 999"]
    ),
    (
      .ddim, #"{"rescale_betas_zero_snr": true, "timestep_spacing": "trailing"}"#, 5,
      [
        "prediction_type is \"epsilon\", but at timestep 999 nothing of the sample is left (rescale_betas_zero_snr); "
          + "for ddim it is then v_prediction or sample"
      ]
    ),
    (
      .pndm, #"{"prediction_type": "sample"}"#, 5,
      ["prediction_type is \"sample\"; for pndm it is one of epsilon, v_prediction"]
    ),
    (
      .euler, #"{"use_beta_sigmas": true, "use_exponential_sigmas": true, "timestep_type": "continuous"}"#, 5,
      [
        "use_exponential_sigmas is true; for euler only false is supported",
        "use_beta_sigmas is true; for euler only false is supported",
        "timestep_type is continuous; for euler only discrete is supported",
      ]
    ),
    (
      .dpmPlusPlus, #"{"solver_order": 3, "algorithm_type": "sde-dpmsolver++", "variance_type": "learned"}"#, 5,
      [
        "solver_order is 3; for dpm++ 1 and 2 are supported",
        "algorithm_type is sde-dpmsolver++; for dpm++ only dpmsolver++ is supported",
        "variance_type is \"learned\"; for dpm++ the model must predict no variance of its own",
      ]
    ),
    (
      .dpmPlusPlus, #"{"algorithm_type": "logrho", "solver_type": "deis", "variance_type": "learned_range"}"#, 5,
      [
        "solver_type is \"deis\"; for dpm++ it is one of midpoint, heun",
        "algorithm_type is logrho; for dpm++ only dpmsolver++ is supported",
        "variance_type is \"learned_range\"; for dpm++ the model must predict no variance of its own",
      ]
    ),
    (
      .dpmPlusPlus, #"{"lambda_min_clipped": 100}"#, 5,
      [
        "lambda_min_clipped is 100.0, which leaves no timestep; it lies below the largest lambda of the noise schedule"
      ]
    ),
  ])
  func valuesThatAreNotSupportedAreNamed(kind: SchedulerKind, json: String, steps: Int, problems: [String]) throws {
    let configuration = try read(json)
    let error = #expect(throws: SchedulerError.self) { try kind.make(configuration, steps: steps) }
    #expect(error?.problems == problems.map { "scheduler/scheduler_config.json: \($0)" })
  }

  /// The latents after three steps of DPM-Solver++, of which the second depends on the solver.
  private func latents(_ json: String) throws -> [Float] {
    var scheduler = try SchedulerKind.dpmPlusPlus.make(read(json), steps: 5)
    var latents = try Tensor([1, -0.5], shape: [2])
    for step in 0..<3 {
      let output = try Tensor([0.5, Float(step)], shape: [2])
      latents = try scheduler.step(modelOutput: output, step: step, latents: latents)
    }
    return latents.values
  }

  /// As `DPMSolverMultistepScheduler.from_config` of diffusers 0.42 takes the files of DEIS, UniPC and DDPM.
  @Test(arguments: [
    #"{"_class_name": "DEISMultistepScheduler", "algorithm_type": "deis", "solver_type": "logrho"}"#,
    #"{"_class_name": "UniPCMultistepScheduler", "predict_x0": true, "solver_type": "bh1"}"#,
    #"{"_class_name": "UniPCMultistepScheduler", "predict_x0": true, "solver_type": "bh2"}"#,
    #"{"_class_name": "DDPMScheduler", "variance_type": "fixed_small"}"#,
    #"{"_class_name": "DDPMScheduler", "variance_type": "fixed_large_log"}"#,
  ])
  func filesOfOtherSolversBecomeTheMidpoint(json: String) throws {
    let midpoint = try latents(#"{"algorithm_type": "dpmsolver++", "solver_type": "midpoint"}"#)
    #expect(try latents(json) == midpoint)
    #expect(try latents(#"{"solver_type": "heun"}"#) != midpoint)
  }

  @Test(arguments: SchedulerKind.allCases) func stepsLieWithinThoseOfTraining(kind: SchedulerKind) {
    for (steps, message) in [
      (0, "steps: 0 is not allowed; it is 1 or more"), (-3, "steps: -3 is not allowed; it is 1 or more"),
      (1001, "steps: 1001 is not allowed; scheduler/scheduler_config.json has num_train_timesteps 1000"),
    ] {
      let error = #expect(throws: SchedulerError.self) { try kind.make(SchedulerConfiguration(), steps: steps) }
      #expect(error?.description == message)
    }
  }

  @Test func rungeKuttaWantsFourSteps() {
    let error = #expect(throws: SchedulerError.self) { try SchedulerKind.pndm.make(SchedulerConfiguration(), steps: 3) }
    #expect(
      error?.description
        == "steps: 3 is not allowed; pndm takes 4 or more unless skip_prk_steps is true in "
        + "scheduler/scheduler_config.json")
  }

  /// Two timesteps of one sigma have no distance to divide by.
  @Test func equalSigmasOfKarras() throws {
    let configuration = try read(#"{"num_train_timesteps": 2, "trained_betas": [0.5, 0], "use_karras_sigmas": true}"#)
    for kind in [SchedulerKind.dpmPlusPlus, .euler] {
      let timesteps = try kind.make(configuration, steps: 1).timesteps
      #expect(timesteps.allSatisfy { $0.isFinite }, "\(kind): \(timesteps)")
    }
  }

  @Test func textsOfAFileAreQuoted() {
    let error = #expect(throws: SchedulerError.self) { try read("{\"num_train_timesteps\": \"\\u001b[2J\"}") }
    #expect(error.map { "\($0)".contains("\\u001b[2J") && !"\($0)".contains("\u{1B}") } ?? false)
  }
}
