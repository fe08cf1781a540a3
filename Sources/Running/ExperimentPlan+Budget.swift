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
}
