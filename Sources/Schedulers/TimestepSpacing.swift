/// Where the steps lie among the timesteps of training (Lin et al. 2024, table 2).
enum TimestepSpacing: String, CaseIterable {
  /// Whole multiples of a whole distance, and the offset: what Stable Diffusion is published with.
  case leading
  /// From the first timestep to the last in equal distances.
  case linspace
  /// From the last timestep down in equal distances.
  case trailing
}

/// The timesteps of training that n steps visit.
enum Timesteps {
  /// Checks the number of steps, which must lie within those of training.
  static func check(steps: Int, trainSteps: Int, _ checker: ConfigurationChecker) throws(SchedulerError) {
    guard steps >= 1 else { throw SchedulerError("steps: \(steps) is not allowed; it is 1 or more") }
    guard steps <= trainSteps else {
      throw SchedulerError(
        "steps: \(steps) is not allowed; \(checker.configuration.file) has num_train_timesteps \(trainSteps)")
    }
  }

  /// i * (trainSteps / steps, cut) + offset, ascending.
  static func leading(steps: Int, trainSteps: Int, offset: Int) -> [Int] {
    (0..<steps).map { $0 * (trainSteps / steps) + offset }
  }

  /// From `last` down in distances of trainSteps / steps, rounded to even, less 1; descending.
  ///
  /// For some numbers of steps (61 of 1000) the distances do not quite add up and diffusers goes one step further, to
  /// timestep -1, which Python takes for the noisiest one. That step is left out here. For others (48 of 1000) a timestep
  /// lies between two whole ones, and the rounding of the distance, which is taken as `numpy.arange` takes it, decides.
  static func trailing(steps: Int, trainSteps: Int, last: Int) -> [Int] {
    let distance = Double(trainSteps) / Double(steps)
    let count = Int((Double(last) / distance).rounded(.up))
    let step = (Double(last) - distance) - Double(last)
    return (0..<count).map { Int((Double(last) + Double($0) * step).rounded(.toNearestOrEven)) - 1 }
      .filter { $0 >= 0 }
  }

  /// `count` values from 0 to `last` in equal distances, ascending, as `numpy.linspace` has them.
  static func linspace(last: Double, count: Int) -> [Double] {
    guard count > 1 else { return [0] }
    let distance = last / Double(count - 1)
    return (0..<count).map { $0 == count - 1 ? last : Double($0) * distance }
  }

  /// The whole timesteps of DDIM and PNDM, descending.
  /// - Throws: `SchedulerError` if the offset leads beyond the last timestep of training.
  static func whole(
    _ spacing: TimestepSpacing, steps: Int, trainSteps: Int, _ checker: ConfigurationChecker
  ) throws(SchedulerError) -> [Int] {
    let offset = checker.configuration.stepsOffset ?? 0
    let timesteps: [Int] =
      switch spacing {
      case .leading: leading(steps: steps, trainSteps: trainSteps, offset: offset).reversed()
      case .trailing: trailing(steps: steps, trainSteps: trainSteps, last: trainSteps)
      case .linspace:
        linspace(last: Double(trainSteps - 1), count: steps).reversed().map { Int($0.rounded(.toNearestOrEven)) }
      }
    guard let first = timesteps.first, let last = timesteps.last, first < trainSteps, last >= 0 else {
      throw SchedulerError(
        "\(checker.configuration.file): steps_offset is \(offset); with \(steps) steps it leads to timestep "
          + "\(timesteps.first ?? 0), and the model knows 0 to \(trainSteps - 1)")
    }
    return timesteps
  }
}
