import GRDB
import Testing

@testable import AttentionStore

/// What is kept of probes.
@Suite("Probes")
struct ProbeTests {
  let fixture: Fixture
  var store: AttentionStore { fixture.store }

  init() throws { fixture = try Fixture() }

  @Test("a probe is kept, takes the place of what had its name, and is forgotten")
  func keeping() throws {
    let other = StoredProbe(
      name: "other", source: "1", label: "thing", samples: 1, best: "self:1 call 0", accuracy: 1, chance: 1,
      result: "{}", sha256: "0")
    try store.setProbe(Samples.probe)
    try store.setProbe(other)
    #expect(try store.probes() == ["color of words": Samples.probe, "other": other])
    #expect(Samples.probe.path == "probes/color of words.json")
    let anew = StoredProbe(
      name: "other", source: "2", label: "color", samples: 2, best: "self:1 call 0", accuracy: 0, chance: 0.5,
      result: "[]", sha256: "1")
    try store.setProbe(anew)
    #expect(try store.probes()["other"] == anew)
    try store.removeProbes(["color of words", "what was never there"])
    #expect(try store.probes() == ["other": anew])
  }

  @Test(
    "what cannot be is refused with its column",
    arguments: [
      ("accuracy = 1.5", "probe_result: accuracy is 1.5, expected 0 to 1"),
      ("chance = -0.5", "probe_result: chance is -0.5, expected 0 to 1"),
      (
        "path = '../../etc/passwd'",
        "probe_result: path is \"../../etc/passwd\", expected \"probes/color of words.json\""
      ),
      ("sha256 = 'A B'", "probe_result: sha256 is \"A B\", expected 1 to 64 signs of a-z and 0-9"),
      ("samples = 9223372036854775807", "probe_result: samples is 9223372036854775807, expected 1 to 2147483647"),
    ])
  func hostile(change: String, message: String) throws {
    try store.setProbe(Samples.probe)
    try store.queue.write { try $0.execute(sql: "UPDATE probe_result SET \(change)") }
    let error = #expect(throws: StoreError.self) { _ = try store.probes() }
    #expect(error.map { "\($0)" }?.contains(message) == true, "\(error as Any)")
  }
}
