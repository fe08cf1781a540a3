import AttentionStore
import ExperimentFiles
import Formatting
import Foundation
import Planning
import Probing
import Results

/// The probes of a file, resolved against the results that they read.
package struct ProbePlan {
  /// What holds maps of a control, of one setting.
  struct Bank: Sendable {
    let spec: ProbeBank
    let source: ProbeSource
  }

  let spec: ProbesSpec
  let probes: [PlannedProbe]
  /// By experiment; those that anything is read of have one setting.
  let sources: [String: ProbeSource]
  let banks: [Bank]

  /// - Parameters:
  ///   - plan: whose file has probes.
  ///   - root: the folder that holds a folder for each experiment.
  ///   - store: of the experiment itself, where it makes its own maps; nil before it has any.
  /// - Throws: `ExperimentError` with everything that probes ask for and that is not there, and how to make a control's bank;
  ///   `StoreError`.
  package init?(_ plan: ExperimentPlan, in root: URL, store: AttentionStore?) throws {
    guard let spec = plan.spec.probes else { return nil }
    var faults: [ExperimentFault] = []
    var sources: [String: ProbeSource] = [:]
    func opened(_ name: String, _ place: String) throws -> ProbeSource? {
      if let known = sources[name] { return known }
      do {
        let origin = try RunOrigin(named: name, in: root)
        let plan = try ExperimentPlan.last(of: origin.store)
        let made = try ProbeSource(name: name, plan: plan, store: origin.store, results: origin.results)
        sources[name] = made
        return made
      } catch let error as ResultsError {
        // Its message names the key that asks for an experiment elsewhere.
        faults.append(ExperimentFault("\(error)".replacing("maps_from: ", with: "", maxReplacements: 1), at: place))
        return nil
      }
    }
    func source(_ name: String, _ place: String) throws -> ProbeSource? {
      guard let found = try opened(name, place) else { return nil }
      let advice = "name an experiment that has one of these alone"
      guard let fault = Self.severalSettings(of: found.plan, name, at: place, advice: advice) else { return found }
      faults.append(fault)
      return nil
    }
    let own = plan.spec.mapsFrom ?? plan.spec.name
    if plan.spec.mapsFrom != nil {
      let origin = try RunOrigin(named: own, in: root)
      sources[own] = try ProbeSource(name: own, plan: plan, store: origin.store, results: origin.results)
    } else if let store {
      sources[own] = try ProbeSource(
        name: own, plan: plan, store: store, results: ResultsFolder(root.appending(path: own)))
    }
    let values = try spec.probes.contains { $0.measured != nil } ? store?.metricValues() : nil
    var probes: [PlannedProbe] = []
    let ownFault = Self.severalOwnSettings(of: plan)
    if let ownFault, spec.probes.contains(where: { $0.from == nil }) { faults.append(ownFault) }
    for probe in spec.probes {
      let place = "probes.probes.\(probe.name)"
      do {
        // Before its runs are made there is nothing to read, and the plan says all.
        let from = try probe.from.map { try source($0, "\(place).from") } ?? sources[own]
        let isReadable = probe.from == nil ? ownFault == nil : from != nil
        guard isReadable else { continue }
        let resolver = ProbeResolver(probes: spec, place: place, values: values)
        let planned = try resolver.planned(probe, from?.plan ?? plan)
        faults += Self.problems(ofControls: planned, in: spec)
        // A label that is not measured yet has no pictures to train on.
        if !planned.trained.runs.isEmpty { probes.append(planned) }
      } catch let error as ExperimentError {
        faults += error.faults
      }
      for use in probe.apply {
        guard let other = try source(use.to, "\(place).apply") else { continue }
        guard other.plan.spec.interventions.contains(where: { $0.name == use.intervention }) else {
          let names = other.plan.spec.interventions.map(\.name).joined(separator: ", ")
          faults.append(
            ExperimentFault(
              "\(quoted(use.to)) has no intervention \(quoted(use.intervention))", at: "\(place).apply",
              advice: "it has \(names)"))
          continue
        }
      }
    }
    var banks: [Bank] = []
    for bank in spec.banks {
      guard let source = try source(bank.from, "probes.banks.\(bank.name)") else { continue }
      banks.append(Bank(spec: bank, source: source))
    }
    faults += Self.problems(of: spec) + Self.problems(ofLabels: spec, metrics: plan.spec.metrics.map(\.name))
    if probes.count == spec.probes.count { faults += Self.problems(of: banks, probes: probes, in: spec) }
    faults += try ProbeTestSeeds(spec: spec, plan: plan, probes: probes, banks: banks, sources: sources).faults()
    guard faults.isEmpty else { throw ExperimentError(faults) }
    self.spec = spec
    self.probes = probes
    self.sources = sources
    self.banks = banks
  }

  /// Why the maps of a plan are not read: pictures of one prompt and seed in several settings are no one sample.
  /// - Returns: nil for a plan of one setting.
  private static func severalSettings(
    of plan: ExperimentPlan, _ name: String, at place: String, advice: String
  ) -> ExperimentFault? {
    let labels = plan.settings.map { quoted($0.label) }
    guard labels.count > 1 else { return nil }
    return ExperimentFault(
      "probes read maps of one setting, and those of \(quoted(name)) are of \(labels.count): \(listedNames(labels))",
      at: place, advice: advice)
  }

  /// The same of the maps that a file makes, or asks for with `maps_from`.
  private static func severalOwnSettings(of plan: ExperimentPlan) -> ExperimentFault? {
    let (name, place) = (plan.spec.name, "generate.settings")
    if let other = plan.spec.mapsFrom {
      return severalSettings(
        of: plan, other, at: place, advice: "keep one of these here, and write another file for each of the others")
    }
    return severalSettings(
      of: plan, name, at: place,
      advice: "write the probes into another file, with maps_from: \(name) and one of these in its settings")
  }

  /// What is measured is a metric of the file's own pictures.
  private static func problems(ofLabels spec: ProbesSpec, metrics: [String]) -> [ExperimentFault] {
    spec.probes.flatMap { probe -> [ExperimentFault] in
      guard let label = probe.measured else { return [] }
      let place = "probes.probes.\(probe.name)"
      var faults: [ExperimentFault] = []
      if !metrics.contains(label.metric) {
        faults.append(
          ExperimentFault(
            "\(label.rawValue) is told by \(label.metric), which is not measured", at: "\(place).label",
            advice: "add it to metrics"))
      }
      for (key, isThere) in [
        ("from", probe.from != nil), ("test_where", !probe.testChoice.isEmpty), ("apply", !probe.apply.isEmpty),
      ] where isThere {
        faults.append(
          ExperimentFault(
            "\(label.rawValue) is measured of the pictures that the probe is trained on, and of no others",
            at: "\(place).\(key)", advice: "leave it out, or let a list of words be the label"))
      }
      return faults
    }
  }

  /// What tests ask of their probes that these do not have.
  private static func problems(of spec: ProbesSpec) -> [ExperimentFault] {
    spec.tests.enumerated().flatMap { index, test -> [ExperimentFault] in
      let place = "probes.tests.\(index)"
      let names = [test.probe, test.over ?? ""] + (test.less ?? [])
      let probes = spec.probes.filter { names.contains($0.name) }
      var faults: [ExperimentFault] = []
      if test.at == .registered, let probe = probes.first(where: { $0.registered == nil }) {
        faults.append(
          ExperimentFault(
            "the probe \(quoted(probe.name)) registers no cells", at: "\(place).at", advice: "name them there"))
      }
      if test.measure == .followsWord, let probe = probes.first(where: \.apply.isEmpty) {
        faults.append(
          ExperimentFault(
            "the probe \(quoted(probe.name)) is asked about no other maps", at: "\(place).measure",
            advice: "name them in its apply"))
      }
      if test.measure == .bits, test.at == .best {
        faults.append(
          ExperimentFault("bits are computed at registered cells", at: "\(place).at", advice: "write at: registered"))
      }
      let controls = ProbeControlName.allCases.map(\.rawValue) + spec.banks.map(\.name)
      if test.measure != .accuracy, let over = test.over, controls.contains(over) {
        faults.append(ExperimentFault("controls are compared in accuracy", at: "\(place).measure"))
      }
      if let over = test.over, let control = ProbeControlName(rawValue: over),
        let probe = spec.probes.first(where: { $0.name == test.probe }), probe.controls?.contains(control) == false
      {
        faults.append(
          ExperimentFault(
            "the probe \(quoted(probe.name)) does not have the control \(over)", at: "\(place).over",
            advice: "add it to its controls"))
      }
      return faults
    }
  }

  /// Tests over controls that are not made of their probe: once it is trained, there would be nothing to test it by.
  private static func problems(ofControls probe: PlannedProbe, in spec: ProbesSpec) -> [ExperimentFault] {
    let made = ProbeControlName.allCases.filter(probe.has)
    let others = spec.probes.map(\.name) + spec.banks.map(\.name)
    return spec.tests.enumerated().compactMap { index, test -> ExperimentFault? in
      guard test.probe == probe.spec.name, let over = test.over, let control = ProbeControlName(rawValue: over),
        !others.contains(over)
      else { return nil }
      let lacksIt = control == .mass && test.at == .registered && !probe.registered.allSatisfy(probe.hasMass)
      guard !made.contains(control) || lacksIt else { return nil }
      // That its own list leaves it out is said already.
      guard probe.spec.controls?.contains(control) ?? true else { return nil }
      let place = lacksIt ? " at all its registered cells" : ""
      return ExperimentFault(
        "the probe \(quoted(test.probe)) does not have the control \(over)\(place), \(needs(control))",
        at: "probes.tests.\(index).over",
        advice: "it has \((["chance"] + made.map(\.rawValue)).joined(separator: ", "))")
    }
  }

  /// What a control takes, after its name.
  private static func needs(_ control: ProbeControlName) -> String {
    switch control {
    case .shuffled: "which is made without test_where alone"
    case .mass: "which is taken of words in cross maps of probabilities, and is no control of itself"
    case .permuted: "which takes the cells of a map"
    case .nullCell: "which is a cell of layer 1 at call 0 that nothing of the label can have reached"
    }
  }
}

extension AttentionStore {
  /// Of the runs that are done, by hash and metric.
  fileprivate func metricValues() throws(StoreError) -> [String: [String: Double]] {
    var values: [String: [String: Double]] = [:]
    for run in try runs(RunFilter(status: .done)) { values[run.run.hash] = try metrics(run.id) }
    return values
  }
}
