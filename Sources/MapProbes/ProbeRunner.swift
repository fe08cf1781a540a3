import AttentionStore
import ExperimentFiles
import Files
import Foundation
import Planning
import Probing
import Results

/// Trains the probes of an experiment that are not stored yet, and keeps them.
///
/// A probe is one transaction: one that was stopped is trained anew, and those that are stored stay until their question, or
/// what they read, is another.
public struct ProbeRunner {
  private let plan: ExperimentPlan
  private let results: ResultsFolder
  private let advanced: (_ done: Int, _ total: Int, _ work: String) -> Void
  private let isStopped: () -> Bool

  /// - Parameters:
  ///   - advanced: told after each pair of places; the total is of one probe.
  ///   - isStopped: asked as often.
  public init(
    plan: ExperimentPlan, results: ResultsFolder,
    advanced: @escaping (_ done: Int, _ total: Int, _ work: String) -> Void = { _, _, _ in },
    isStopped: @escaping () -> Bool = { false }
  ) {
    self.plan = plan
    self.results = results
    self.advanced = advanced
    self.isStopped = isStopped
  }

  /// - Parameter store: of the results, opened for writing.
  /// - Returns: the names of the probes that were trained.
  /// - Throws: `ExperimentError`, `MapProbeError`, `ProbingError`, `StoreError`, `FileError`, `LinearAlgebraError`.
  @discardableResult
  public func run(_ store: AttentionStore) throws -> [String] {
    guard let probes = try ProbePlan(plan, in: results.url.deletingLastPathComponent(), store: store) else {
      try remove(Array(store.probes().values), from: store)
      return []
    }
    let stored = try store.probes()
    let names = probes.probes.map(\.spec.name)
    try remove(stored.values.filter { !names.contains($0.name) }, from: store)
    let folder = try results.openForWriting()
    var made: [String] = []
    for (index, probe) in probes.probes.enumerated() {
      guard let source = probes.sources[probe.spec.from ?? plan.spec.mapsFrom ?? plan.spec.name] else { continue }
      let hash = try probes.hash(of: probe)
      if let known = stored[probe.spec.name], known.source == hash,
        let data = try? folder.file(known.path).data(limit: SavedProbe.mostBytes), sha256(data) == known.sha256
      {
        continue
      }
      let trainer = try ProbeTrainer(probes, probe, source)
      let places = probe.trainedPlaces
      let work = "probe \(index + 1) of \(names.count), \(probe.spec.name)"
      var found: [ProbeTrainer.Found] = []
      // Two at a time: each holds the maps of a place.
      for start in stride(from: 0, to: places.count, by: 2) {
        if isStopped() { throw MapProbeError.interrupted(done: index, total: names.count) }
        let pair = places[start..<min(start + 2, places.count)].map { $0 }
        found += try Parallel.map(pair.count) { try trainer(pair[$0]) }
        advanced(found.count, places.count, work)
      }
      let (result, saved) = try trainer.result(found)
      let data = try saved.data()
      let row = StoredProbe(
        name: probe.spec.name, source: hash, label: probe.spec.label, samples: result.samples,
        best: result.cells[result.best].name, accuracy: result.cells[result.best].accuracy.mean, chance: result.chance,
        result: try result.json(), sha256: sha256(data))
      try folder.write(data, to: row.path, making: true)
      try store.setProbe(row)
      made.append(row.name)
    }
    return made
  }

  /// Forgets probes with their files. These go first: nothing would lead to a file that is left without its row.
  private func remove(_ probes: [StoredProbe], from store: AttentionStore) throws {
    guard !probes.isEmpty else { return }
    let folder = try results.openForWriting()
    for probe in probes where try folder.kind(of: probe.path) == .file { try folder.removeFile(probe.path) }
    try store.removeProbes(probes.map(\.name))
  }
}

extension ProbePlan {
  /// One more whenever a probe of the same maps finds something else, so that it is trained anew. 2: templates by whole words,
  /// mass of words alone, null cells of equal tokens.
  private static let revision = 2

  /// A hash of all that decides what a probe finds.
  fileprivate func hash(of probe: PlannedProbe) throws -> String {
    struct Question: Encodable {
      let format: Int
      let revision: Int
      let probe: ProbeSpec
      let lists: [ProbeList]
      let banks: [ProbeBank]
      let permutations: Int
      let confidence: Double
      let record: RecordSpec
      let runs: [String]
      let others: [String]
      /// Of each run, where they are measured.
      let labels: [Int]?
    }
    let question = Question(
      format: ProbeResult.currentFormat, revision: Self.revision, probe: probe.spec, lists: spec.lists,
      banks: spec.banks, permutations: spec.permutations, confidence: spec.confidence, record: probe.record,
      runs: (probe.trained.runs + (probe.tested?.runs ?? [])).map(\.hash),
      others: banks.map(\.source.plan.hash) + probe.spec.apply.compactMap { sources[$0.to]?.plan.hash },
      labels: probe.spec.measured.map { _ in probe.trained.labels.values })
    return sha256(try ProbeResult.encoder.encode(question))
  }
}
