import ExperimentFiles
import Formatting
import Foundation
import Planning
import Probing
import Tensors

/// Whether tests have seeds enough: turning the signs of a few gives no small p, whatever was measured.
struct ProbeTestSeeds {
  let spec: ProbesSpec
  /// Of the file: probes whose labels are not measured yet have at most its seeds.
  let plan: ExperimentPlan
  let probes: [PlannedProbe]
  let banks: [ProbePlan.Bank]
  /// By experiment.
  let sources: [String: ProbeSource]

  /// Tests that could be decided by no result, each with the number of seeds that it takes.
  /// - Throws: ``ProbingError``.
  func faults() throws -> [ExperimentFault] {
    let level = (1 - spec.confidence) / Double(max(1, spec.tests.count))
    let contrasts = try ProbeContrasts()
    return spec.tests.enumerated().compactMap { index, test in
      guard let found = seeds(of: test) else { return nil }
      let tests = counted(spec.tests.count, "test")
      let place = "probes.tests.\(index)"
      let wanted = String(format: "%.3g", level)
      guard let needed = contrasts.fewestSeeds(level: level) else {
        return ExperimentFault(
          "no number of seeds gives a p of \(wanted), which \(tests) need", at: place, advice: "state fewer tests")
      }
      guard found.count < needed else { return nil }
      // Of n seeds two of 2^n signs are as extreme as can be.
      let least = String(format: "%.3g", found.count < 2 ? 1 : 2 / pow(2, Double(found.count)))
      return ExperimentFault(
        "\(counted(found.count, "seed")) of \(quoted(found.of)) \(found.count == 1 ? "gives" : "give") no p below \(least) by "
          + "turning signs, and \(tests) at a confidence of \(spec.confidence) \(spec.tests.count == 1 ? "needs" : "need") \(wanted)",
        at: place, advice: "give it \(needed) seeds or more, or state fewer tests")
    }
  }

  /// The fewest seeds that a test's sides have, and where; nil if no probe of it could be planned.
  private func seeds(of test: ProbeTestSpec) -> (count: Int, of: String)? {
    let names = [test.probe, test.over ?? ""] + (test.less ?? [])
    var sides = probes.filter { names.contains($0.spec.name) }.compactMap { probe -> (count: Int, of: String)? in
      if test.measure == .followsWord { return applied(probe) }
      let own = (Set(probe.judged.samples.map(\.seed)).count, probe.plan.spec.mapsFrom ?? probe.plan.spec.name)
      guard let bank = banks.first(where: { $0.spec.name == test.over }) else { return own }
      return (bank.seeds(in: probe.trained).count, bank.source.name)
    }
    if spec.probes.contains(where: { names.contains($0.name) && $0.measured != nil }) {
      sides.append((Set(plan.groups.flatMap(\.runs).map(\.key.seed)).count, plan.spec.mapsFrom ?? plan.spec.name))
    }
    return sides.min { $0.count < $1.count }
  }

  /// Of the maps that a probe is asked about.
  private func applied(_ probe: PlannedProbe) -> (count: Int, of: String)? {
    guard let use = probe.spec.apply.first, let plan = sources[use.to]?.plan else { return nil }
    let runs = plan.groups.flatMap(\.runs).filter { $0.intervention == use.intervention }
    return (Set(runs.map(\.key.seed)).count, use.to)
  }
}

extension ProbePlan.Bank {
  /// Those of the bank's pictures that a probe has too.
  fileprivate func seeds(in set: ProbeSet) -> Set<Seed> {
    let own = Set(set.samples.map(\.key))
    let runs = source.plan.groups.flatMap(\.runs).filter { $0.intervention == spec.intervention }
    let common = runs.filter { own.contains(ProbeSample.Key(prompt: $0.prompt.prompt, seed: $0.key.seed)) }
    return Set(common.map(\.key.seed))
  }
}
