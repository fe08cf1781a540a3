import Attention
import ExperimentFiles
import Formatting
import Planning

extension ProbePlan.Bank {
  /// What a probe is shown of a bank in place of its own maps.
  enum Reading {
    case latents
    case maps(RecordSpec, AttentionSite)
  }

  /// What there is of a probe at a place; nil where the bank kept nothing.
  func reading(of probe: PlannedProbe, at place: ProbePlace) -> Reading? {
    guard probe.tested == nil else { return nil }
    let plan = source.plan
    if spec.reads == .latents { return latentCalls.contains(place.call) ? .latents : nil }
    guard let name = spec.record(for: probe.record.name),
      let index = plan.spec.record.firstIndex(where: { $0.name == name }),
      let resolved = plan.settings.first?.records[index], resolved.steps.contains(place.call),
      let site = plan.sites.first(where: { $0.path == place.site.path }), resolved.sites.contains(site.index)
    else { return nil }
    return .maps(plan.spec.record[index], site)
  }

  /// The calls whose latents it keeps.
  fileprivate var latentCalls: [Int] { source.plan.groups.first?.inputLatentSteps ?? [] }
}

extension ProbePlan {
  /// Banks that no probe finds anything in, and tests over a bank that has nothing of their probe: both would be left out of a
  /// report without a word.
  static func problems(of banks: [Bank], probes: [PlannedProbe], tests: [ProbeTestSpec]) -> [ExperimentFault] {
    var faults: [ExperimentFault] = []
    for bank in banks {
      let place = "probes.banks.\(bank.spec.name)"
      let asking = probes.filter { probe in probe.places.contains { bank.reading(of: probe, at: $0) != nil } }
      if asking.isEmpty {
        faults.append(
          ExperimentFault(
            "\(quoted(bank.source.name)) keeps nothing that a probe reads", at: place,
            advice: bank.spec.reads == .latents
              ? "\(listed(bank.latentCalls)); give its file `input_latents` with a call of the probes"
              : "its `record` has \(bank.source.plan.spec.record.map { quoted($0.name) }.joined(separator: ", ")); name them "
                + "in `records`, at sites and calls of the probes"))
      }
      for probe in asking {
        // A probe of all heads apart or together needs what the bank keeps of each.
        let isMean = probe.spec.features.heads == .mean || probe.record.heads == .mean
        guard case .maps(let record, _) = probe.places.lazy.compactMap({ bank.reading(of: probe, at: $0) }).first,
          record.heads == .mean, !isMean
        else { continue }
        faults.append(
          ExperimentFault(
            "\(quoted(record.name)) of \(quoted(bank.source.name)) keeps the mean over heads, and the probe "
              + "\(quoted(probe.spec.name)) reads heads", at: place,
            advice: "record it with heads: all, or write heads: mean for the probe"))
      }
      for (index, test) in tests.enumerated() where test.over == bank.spec.name && !asking.isEmpty {
        guard let probe = probes.first(where: { $0.spec.name == test.probe }) else { continue }
        let places = test.at == .registered ? probe.places.filter(probe.registered.contains) : probe.places
        guard !places.contains(where: { bank.reading(of: probe, at: $0) != nil }) else { continue }
        faults.append(
          ExperimentFault(
            "\(quoted(bank.source.name)) keeps nothing of the probe \(quoted(probe.spec.name))"
              + (test.at == .registered ? " at its registered cells" : ""), at: "probes.tests.\(index).over",
            advice: "record it there, or compare the probe with another control"))
      }
    }
    return faults
  }

  private static func listed(_ calls: [Int]) -> String {
    calls.isEmpty
      ? "it keeps no latents" : "it keeps latents of calls \(calls.map(String.init).joined(separator: ", "))"
  }
}
