/// The schedulers there are. The raw value is the name in experiment files and on the command line.
public enum SchedulerKind: String, CaseIterable, Codable, Hashable, Sendable {
  case ddim
  case pndm
  case euler
  case dpmPlusPlus = "dpm++"

  /// The class of diffusers, as `model_index.json` and `scheduler_config.json` name it.
  public var className: String {
    switch self {
    case .ddim: "DDIMScheduler"
    case .pndm: "PNDMScheduler"
    case .euler: "EulerDiscreteScheduler"
    case .dpmPlusPlus: "DPMSolverMultistepScheduler"
    }
  }

  /// Finds a scheduler by its name here or by its class in diffusers.
  /// - Throws: `SchedulerError` that lists the names.
  public init(named name: String) throws(SchedulerError) {
    guard let kind = Self.allCases.first(where: { $0.rawValue == name || $0.className == name }) else {
      let known = Self.allCases.map { "\($0.rawValue) (\($0.className))" }.joined(separator: ", ")
      throw SchedulerError("scheduler: \"\(name)\" is not known; there are \(known)")
    }
    self = kind
  }

  /// A scheduler of this kind that stands before its first step.
  ///
  /// The configuration may be another kind's: keys that this kind does not have are ignored and its own missing ones
  /// have its defaults, as with `from_config` of diffusers.
  /// - Parameter steps: The number of denoising steps, 1 or more. The number of calls of the model is the count of the
  ///   scheduler's `timesteps`, which PNDM makes larger.
  /// - Throws: `SchedulerError` with every problem of the configuration, or if it does not allow that many steps.
  public func make(_ configuration: SchedulerConfiguration, steps: Int) throws(SchedulerError) -> any Scheduler {
    switch self {
    case .ddim: try DDIMScheduler(configuration, steps: steps)
    case .pndm: try PNDMScheduler(configuration, steps: steps)
    case .euler: try EulerDiscreteScheduler(configuration, steps: steps)
    case .dpmPlusPlus: try DPMSolverMultistepScheduler(configuration, steps: steps)
    }
  }
}
