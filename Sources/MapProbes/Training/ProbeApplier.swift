import AttentionStore
import ExperimentFiles
import Files
import Foundation
import Planning
import Results

/// Asks trained probes about other maps.
package struct ProbeApplier {
  private let results: ResultsFolder
  private let store: AttentionStore

  package init(results: ResultsFolder, store: AttentionStore) {
    self.results = results
    self.store = store
  }

  /// - Throws: `MapProbeError` for a probe that is not there, or whose file is not the one that was kept; `ExperimentError`
  ///   for what the other experiment does not have; `StoreError`, `FileError`.
  package func apply(_ name: String, to other: String, intervention: String) throws -> ProbeApplication {
    let stored = try store.probes()
    guard let row = stored[name] else { throw MapProbeError.noProbe(asked: name, known: stored.keys.sorted()) }
    let data = try results.open().file(row.path).data(limit: SavedProbe.mostBytes)
    guard sha256(data) == row.sha256 else {
      throw MapProbeError.unreadable(row.path, reason: "it is not the file that was kept")
    }
    let saved = try SavedProbe(reading: data, named: name)
    let result = try ProbeResult(reading: row.result, named: name)
    var spec = try ExperimentPlan.last(of: store)
    spec = spec.applying(name, to: ProbeApplySpec(to: other, intervention: intervention))
    guard let plan = try ProbePlan(spec, in: results.url.deletingLastPathComponent(), store: store),
      let probe = plan.probes.first(where: { $0.spec.name == name }),
      let source = plan.sources[probe.spec.from ?? spec.spec.mapsFrom ?? spec.spec.name],
      let target = plan.sources[other]
    else { throw MapProbeError.noProbe(asked: name, known: stored.keys.sorted()) }
    let trainer = try ProbeTrainer(plan, probe, source)
    return try trainer.application(
      saved, trainer.block(of: saved), to: target, intervention: intervention, cell: result.best)
  }
}
