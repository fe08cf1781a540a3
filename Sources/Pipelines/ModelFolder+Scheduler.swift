import Formatting
import Schedulers

extension ModelFolder {
  /// The scheduler that the folder asks for: of the class that `model_index.json` names, as in diffusers.
  /// - Parameter configuration: the folder's.
  /// - Throws: `SchedulerError` if the index, or the scheduler's own file, names a class that is not computed here. Another
  ///   one, with this one's numbers, is taken only where somebody asks for it.
  public func defaultScheduler(_ configuration: SchedulerConfiguration) throws(SchedulerError) -> SchedulerKind {
    let found = SchedulerKind(className: schedulerClass)
    var problems = found == nil ? [Self.unknown("model_index.json: scheduler", schedulerClass)] : []
    if let own = configuration.className, own != schedulerClass, SchedulerKind(className: own) == nil {
      problems.append(Self.unknown("\(configuration.file): _class_name", own))
    }
    guard let found, problems.isEmpty else { throw SchedulerError(problems) }
    return found
  }

  private static func unknown(_ place: String, _ name: String) -> String {
    "\(place) is \(quoted(name)), which attnlab does not compute; it computes \(SchedulerKind.list): choose one with `--scheduler "
      + "ddim`, or in an experiment file with `scheduler: ddim` under `generate`"
  }

  /// What to say where the scheduler's own file names another class than the index, which decides; nil where it does not.
  public func schedulerRemark(_ configuration: SchedulerConfiguration) -> String? {
    guard let own = configuration.className, own != schedulerClass, let kind = SchedulerKind(className: own) else {
      return nil
    }
    return "model_index.json names \(schedulerClass), which decides as in diffusers, and \(configuration.file) names "
      + "\(own); `scheduler: \(kind.rawValue)` takes that one"
  }

  /// - Throws: `SchedulerError` or `CheckpointError` with what keeps the folder's own scheduler from being made.
  func checkScheduler() throws {
    let configuration = try schedulerConfiguration()
    // So few that no offset leads beyond the last timestep.
    let steps = max(1, min(30, (configuration.numTrainTimesteps ?? 1000) / 2))
    _ = try defaultScheduler(configuration).make(configuration.forStableDiffusionPipeline, steps: steps)
  }
}
