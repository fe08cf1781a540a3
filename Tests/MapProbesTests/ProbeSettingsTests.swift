import AttentionStore
import ExperimentFiles
import ExperimentSupport
import Foundation
import Planning
import Results
import TestSupport
import Testing

@testable import MapProbes

/// Probes, banks and applications read maps of one setting, and say so of experiments that have several.
@Suite struct ProbeSettingsTests {
  private static let sweep = "sweep: { guidance_scale: [3, 5] }"

  private static func found(of name: String) -> String {
    "probes read maps of one setting, and those of \"\(name)\" are of 2: \"guidance_scale=3\", \"guidance_scale=5\""
  }

  private func spec(
    _ name: String, probe: String? = nil, more: String = "", settings: String? = nil, mapsFrom: String? = nil
  ) throws -> ExperimentSpec {
    let probes = probe.map {
      """
      probes:
        lists: { color: [red, blue, green], thing: [car, boat] }
        probes: [{ name: p, says: is it, label: color, \($0)features: { record: words } }]
      \(more)
      """
    }
    var yaml = PlantedMaps.yaml(probes: probes ?? "").replacing("name: small", with: "name: \(name)")
    if let settings { yaml = yaml.replacing("guidance_scale: 5.0", with: settings) }
    if let mapsFrom {
      yaml = yaml.replacing(
        #"record: [{ name: words, sites: "cross:*", heads: all, tokens: words }]"#, with: "maps_from: \(mapsFrom)")
    }
    return try ExperimentSpec(yaml: yaml, file: "e.yaml")
  }

  private func plan(_ spec: ExperimentSpec) throws -> ExperimentPlan {
    try SyntheticResults.plan(spec, sites: SyntheticResults.sites, size: .init(height: 16, width: 24))
  }

  /// Results of an experiment of which there is the plan alone.
  private func begin(_ spec: ExperimentSpec, in folder: URL) throws {
    let results = ResultsFolder(folder.appending(path: spec.name))
    try FileManager.default.createDirectory(at: results.url, withIntermediateDirectories: true)
    let store = try AttentionStore.open(results.database, mode: .create)
    try SyntheticResults.begin(plan(spec), store)
    try store.close()
  }

  /// What planning the probes of a file comes to.
  private func message(_ plan: ExperimentPlan, in folder: URL) -> String {
    do {
      _ = try ProbePlan(plan, in: folder, store: nil)
      return "no error"
    } catch { return "\(error)" }
  }

  @Test func ownMapsOfSeveralSettings() throws {
    try Fixtures.withTemporaryFolder { folder in
      let one = try plan(spec("small", probe: ""))
      #expect(message(one, in: folder) == "no error")
      let several = try plan(spec("small", probe: "", settings: Self.sweep))
      #expect(
        message(several, in: folder)
          == "generate.settings: \(Self.found(of: "small")); write the probes into another file, with maps_from: small "
          + "and one of these in its settings")
    }
  }

  /// The key that names the other experiment is named, once for each.
  @Test(arguments: [
    ("from: OTHER, ", "", "probes.probes.p.from"),
    ("apply: [{ to: OTHER, intervention: none }], ", "", "probes.probes.p.apply"),
    ("", "  banks: [{ name: b, says: a control, from: OTHER }]", "probes.banks.b"),
  ])
  func mapsElsewhereOfSeveralSettings(probe: String, more: String, place: String) throws {
    try Fixtures.withTemporaryFolder { folder in
      try begin(spec("one"), in: folder)
      try begin(spec("several", settings: Self.sweep), in: folder)
      func asking(_ other: String) throws -> String {
        let named = (probe.replacing("OTHER", with: other), more.replacing("OTHER", with: other))
        return try message(plan(spec("asking", probe: named.0, more: named.1)), in: folder)
      }
      #expect(try asking("one") == "no error")
      #expect(
        try asking("several")
          == "\(place): \(Self.found(of: "several")); name an experiment that has one of these alone")
    }
  }

  /// A file whose probes all read another experiment may make what it likes.
  @Test func settingsThatNoProbeReads() throws {
    try Fixtures.withTemporaryFolder { folder in
      try begin(spec("one"), in: folder)
      let asking = try spec("asking", probe: "from: one, ", settings: Self.sweep)
      #expect(try message(plan(asking), in: folder) == "no error")
    }
  }

  /// With `maps_from` a file chooses one of the settings, and probes and banks of its maps are of that alone.
  @Test func aFileChoosesOneOfTheSettings() throws {
    try Fixtures.withTemporaryFolder { folder in
      try begin(spec("several", settings: Self.sweep), in: folder)
      func reading(_ settings: String) throws -> ExperimentPlan {
        let bank = "  banks: [{ name: b, says: the same, from: several }]"
        let spec = try spec("asking", probe: "", more: bank, settings: settings, mapsFrom: "several")
        return try ExperimentPlan.reading(spec, from: "several", modelHash: "30de1", in: folder)
      }
      for scale in ["3", "5"] {
        let plan = try reading("sweep: { guidance_scale: [\(scale)] }")
        let probes = try #require(try ProbePlan(plan, in: folder, store: nil))
        let probe = try #require(probes.probes.first)
        #expect(probe.trained.runs.count == 54)
        #expect(probe.trained.runs.allSatisfy { $0.key.settings == "guidance_scale=\(scale)" })
        let shared = try #require(try probes.banks.first?.shared(with: probe))
        #expect(shared.runs == probe.trained.runs)
      }
      let said = try message(reading(Self.sweep), in: folder).split(separator: "\n").map(String.init)
      #expect(
        said.first
          == "generate.settings: \(Self.found(of: "several")); keep one of these here, and write another file for "
          + "each of the others")
    }
  }
}
