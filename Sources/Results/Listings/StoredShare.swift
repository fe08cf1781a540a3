import AttentionStore
import Foundation
import Planning

/// How much of a plan is stored already.
package struct StoredShare: Encodable {
  package let done, failed, unfinished, new, otherRuns: Int

  /// - Throws: `StoreError` for a database that cannot be read.
  package init(_ plan: ExperimentPlan, _ results: ResultsFolder) throws {
    let hashes = Set(plan.groups.flatMap { $0.runs.map(\.hash) })
    var statuses: [String: RunStatus] = [:]
    if FileManager.default.fileExists(atPath: results.database.path) {
      let store = try AttentionStore.open(results.database, mode: .readOnly)
      defer { try? store.close() }
      statuses = try store.statusOfRuns()
    }
    let own = statuses.filter { hashes.contains($0.key) }
    done = own.values.count { $0 == .done }
    failed = own.values.count { $0 == .failed }
    unfinished = own.count - done - failed
    new = hashes.count - own.count
    otherRuns = statuses.count - own.count
  }

  /// `12 stored, 3 new`
  package var text: String {
    var parts = ["\(done) stored", "\(new) new"]
    if failed > 0 { parts.append("\(failed) failed, which are not tried again") }
    if unfinished > 0 { parts.append("\(unfinished) begun") }
    return parts.joined(separator: ", ")
  }
}
