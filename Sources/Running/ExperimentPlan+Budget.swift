import ExperimentFiles
import Formatting
import Planning

extension ExperimentPlan {
  /// Why the plan may not be carried out within the file's `budget`: both sizes, and what to reduce. nil if it may.
  public var budgetFault: ExperimentFault? {
    let budget = spec.budget.disk
    guard diskBytes > budget.bytes else { return nil }
    let maps = "\(mapCount) maps of \(Readable.bytes(mapBytes)) for \(runCount) runs"
    let advice =
      mapBytes > (diskBytes - Self.emptyBytes) / 2
      ? "record fewer sites, steps or tokens, reduce with `heads: mean`, `pool` or `dtype: fp16`, or raise budget.disk"
      : "make fewer runs, or raise budget.disk"
    return ExperimentFault(
      "the plan needs about \(Readable.bytes(diskBytes)) and the budget is \(budget): \(maps)", at: "budget.disk",
      advice: advice)
  }

  /// What to say where the disk may have too little room for the runs that are still to be made; nil where it has
  /// enough, or where that is not known.
  /// - Parameters:
  ///   - runs: of the plan, still to be made.
  ///   - free: bytes where the results are.
  package func diskRemark(runs: Int, free: Int?) -> String? {
    guard let free, runs > 0, runCount > 0 else { return nil }
    // Sizes of a plan that can never be carried out end at the largest number.
    let share = Double(diskBytes) * min(1, Double(runs) / Double(runCount))
    let needed = Int(exactly: share.rounded()) ?? .max
    guard needed > free else { return nil }
    return "what is still to be made needs about \(Readable.bytes(needed)) of the disk, and \(Readable.bytes(free)) "
      + "are free: make room, or name another folder with --results"
  }
}
