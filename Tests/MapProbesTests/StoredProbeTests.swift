import Foundation
import TestSupport
import Testing

@testable import MapProbes

/// What probes found is read by later versions of attnlab.
@Suite struct StoredProbeTests {
  /// A result of format 2, the colors of Experiments/cross-read.
  @Test func aResultOfFormat2IsReadAndWrittenAsItWas() throws {
    let json = try String(contentsOf: Fixtures.folder.appending(path: "probe-result-2.json"), encoding: .utf8)
    let result = try ProbeResult(reading: json, named: "color")
    #expect(result.cells.count == 9 && result.samples == 1344 && result.seeds.count == 16)
    #expect(result.cells[result.best].name == "cross:12 call 10")
    #expect(result.applied.map(\.samples) == [336])
    #expect(try result.json() == json)
  }
}
