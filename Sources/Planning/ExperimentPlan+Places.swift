import Attention

extension ExperimentPlan {
  /// Where the operations of an intervention act on attention, all together, in the first settings.
  /// - Returns: Sites in the order of the forward pass, and calls of the model from 0; none of an intervention that does nothing or that
  ///   the plan does not have.
  package func places(of intervention: String) -> (sites: [AttentionSite], calls: [Int]) {
    let operations = settings.first?.operations[intervention] ?? []
    return (
      Set(operations.flatMap(\.sites)).sorted().compactMap { sites.indices.contains($0) ? sites[$0] : nil },
      Set(operations.flatMap(\.steps)).sorted()
    )
  }
}
