import Foundation

extension ExperimentPlan {
  /// Why the plan may not be carried out within the file's `budget`: both sizes, and what to reduce. nil if it may.
  public var budgetProblem: String? {
    let budget = spec.budget.disk
    guard diskBytes > budget.bytes else { return nil }
    return "budget.disk: the plan needs about \(mebibytes(diskBytes)) and the budget is \(budget): \(mapCount) maps of "
      + "\(mebibytes(mapBytes)) for \(runCount) runs; record fewer sites, steps or tokens, reduce with `heads: mean`, "
      + "`pool` or `dtype: fp16`, or raise budget.disk"
  }

  private func mebibytes(_ bytes: Int) -> String {
    let value = Double(bytes) / 1_048_576
    return value < 1024 ? String(format: "%.1f MiB", value) : String(format: "%.1f GiB", value / 1024)
  }
}
