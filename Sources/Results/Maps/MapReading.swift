import Attention
import AttentionStore

extension StoredResults {
  package func sites(of kind: AttentionKind) -> Set<SiteID> {
    Set(siteOfID.filter { $0.value.kind == kind }.keys)
  }

  /// The name of the first record of the model's probabilities that has maps of a kind in the conditional half.
  package func firstRecord(of kind: AttentionKind) throws -> String? {
    let runs = Set(present.filter(\.isDone).map(\.stored.id))
    return try spec.record.filter(\.isOfOwnProbabilities).map(\.name).first { name in
      try store.mapCount(
        MapFilter(runs: runs, records: [name], sites: sites(of: kind), branch: .conditional)) > 0
    }
  }
}

/// The steps of which a run has maps in a record.
package func recordedSteps(
  _ store: AttentionStore, run: StoredRun, record: String, sites: Set<SiteID>, branch: GuidanceBranch = .conditional
) throws -> [Int] {
  try store.steps(MapFilter(runs: [run.id], records: [record], sites: sites, branch: branch))
}
