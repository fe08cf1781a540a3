import Attention
import AttentionStore
import ExperimentFiles
import Formatting
import Foundation
import Planning
import Results

/// The gain of another experiment's probe over chance or a control, cell by cell.
struct ProbeGains: Sendable {
  typealias Region = (sites: [AttentionSite], calls: [Int])

  /// A site at one call, with all its heads.
  private struct Cell: Sendable {
    let kind: String
    let layer: Int
    let call: Int
    let gain: Double
  }

  private let cells: [Cell]

  /// - Throws: for a probe or control that is not there or cannot be read.
  init(_ spec: KnowsAgainstDoesSpec, in root: URL) throws(MissingGains) {
    let stored: [String: StoredProbe]
    // What was found stands in reports, which name no folder.
    do { stored = try RunOrigin(named: spec.from, in: root).store.probes() } catch ResultsError.noMapsFrom {
      throw MissingGains(
        "from", "there are no results of \(quoted(spec.from))",
        "run the file with that `name` first, or name the folder that holds them with --results")
    } catch {
      throw MissingGains("from", "the results of \(quoted(spec.from)) cannot be read", "\(error)")
    }
    guard let row = stored[spec.probe] else {
      let known = stored.keys.sorted().map { quoted($0) }.joined(separator: ", ")
      throw MissingGains(
        "probe", "\(quoted(spec.from)) has no trained probe \(quoted(spec.probe))",
        known.isEmpty ? "run the file with that `name` first" : "it has \(known)")
    }
    let result: ProbeResult
    do { result = try ProbeResult(reading: row.result, named: spec.probe) } catch {
      throw MissingGains(
        "probe", "the probe \(quoted(spec.probe)) of \(quoted(spec.from)) cannot be read", "\(error)")
    }
    try self.init(spec, result)
  }

  /// - Throws: ``MissingGains`` for a control that the probe does not have.
  init(_ spec: KnowsAgainstDoesSpec, _ probe: ProbeResult) throws(MissingGains) {
    let gains: [(cell: Int, gain: Double)]
    if spec.over == KnowsAgainstDoesSpec.chance {
      gains = probe.cells.indices.map { ($0, probe.cells[$0].accuracy.mean - probe.chance) }
    } else if let control = probe.controls.first(where: { $0.name == spec.over }) {
      gains = control.cells.filter { probe.cells.indices.contains($0.cell) }.map { ($0.cell, $0.gain.mean) }
    } else {
      let known = [KnowsAgainstDoesSpec.chance] + probe.controls.map(\.name)
      throw MissingGains(
        "over", "the probe \(quoted(probe.name)) has no control \(quoted(spec.over))",
        "it has \(known.joined(separator: ", "))")
    }
    cells = gains.compactMap { number, gain in
      let cell = probe.cells[number]
      return cell.head == nil ? Cell(kind: cell.kind, layer: cell.layer, call: cell.call, gain: gain) : nil
    }
  }

  /// The gains at the layers and calls of a region: of its own kind of attention, where the probe has cells of that kind.
  func cells(in region: Region) -> [Double] {
    let layers = Set(region.sites.map(\.layer))
    let kinds = Set(region.sites.map(\.kind.rawValue))
    let there = cells.filter { layers.contains($0.layer) && region.calls.contains($0.call) }
    let own = there.filter { kinds.contains($0.kind) }
    return (own.isEmpty ? there : own).map(\.gain)
  }
}

/// A probe or a control that a file names and that is not there.
struct MissingGains: Error {
  /// Below the question's place in the file.
  let key: String
  let found: String
  let advice: String?

  init(_ key: String, _ found: String, _ advice: String? = nil) {
    self.key = key
    self.found = found
    self.advice = advice
  }

  func fault(at place: String) -> ExperimentFault { ExperimentFault(found, at: "\(place).\(key)", advice: advice) }
}

extension ExperimentPlan {
  /// Refuses what is asked of probes and cannot be answered, before any run is made.
  /// - Parameter root: the folder that holds a folder for each experiment.
  /// - Throws: `ExperimentError`, `MapProbeError`, `StoreError`.
  package func checkProbes(in root: URL) throws {
    _ = try ProbePlan(self, in: root, store: nil)
    try KnowsAgainstDoes.check(self, in: root)
  }
}

extension KnowsAgainstDoes {
  /// Refuses questions whose answer would be empty.
  /// - Throws: every probe, control and place that is not there.
  static func check(_ plan: ExperimentPlan, in root: URL) throws(ExperimentError) {
    var faults: [ExperimentFault] = []
    for (index, spec) in (plan.spec.knowsAgainstDoes ?? []).enumerated() {
      let place = "knows_against_does.\(index)"
      do throws(MissingGains) {
        let gains = try ProbeGains(spec, in: root)
        let names = spec.interventions(among: plan.spec.interventions.map(\.name))
        let regions = names.map { plan.places(of: $0) }.filter { !gains.cells(in: $0).isEmpty }
        let windows = Dictionary(grouping: regions, by: \.calls)
        guard !windows.values.contains(where: { $0.count >= fewest }) else { continue }
        faults.append(
          ExperimentFault(
            "the probe \(quoted(spec.probe)) was trained at \(regions.count) of the \(counted(names.count, "place")) of "
              + "\(quoted(spec.sweep)), and \(fewest) with the same calls are needed", at: "\(place).sweep",
            advice: "sweep over layers and calls of the probe"))
      } catch { faults.append(error.fault(at: place)) }
    }
    guard faults.isEmpty else { throw ExperimentError(faults) }
  }

  /// Of fewer places there is no correlation.
  private static let fewest = 3
}
