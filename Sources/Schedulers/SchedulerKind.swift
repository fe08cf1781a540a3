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

  /// Finds a scheduler by its class in diffusers; nil if it is not computed here.
  public init?(className: String) {
    guard let kind = Self.allCases.first(where: { $0.className == className }) else { return nil }
    self = kind
  }

  /// Finds a scheduler by its name here or by its class in diffusers.
  /// - Throws: `SchedulerError` that lists the names.
  public init(named name: String) throws(SchedulerError) {
    guard let kind = Self(rawValue: name) ?? Self(className: name) else {
      throw SchedulerError("scheduler: \"\(name)\" is not known; there are \(Self.list)")
    }
    self = kind
  }

  /// `ddim (DDIMScheduler), pndm (PNDMScheduler), ...`: all of them, for messages.
  public static let list = allCases.map { "\($0.rawValue) (\($0.className))" }.joined(separator: ", ")

  /// The most calls of the model that a run of so many steps makes, whatever the configuration: one a step, and nine more
  /// for the Runge-Kutta start of PNDM.
  public func mostCalls(steps: Int) -> Int { self == .pndm ? steps + 9 : steps }

  /// Whether each step looks at its own latents alone, so that a run may begin at any of them.
  public var beginsAnywhere: Bool { self == .ddim || self == .euler }

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
