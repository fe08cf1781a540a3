import Foundation
import Planning
import TestSupport
import Testing

@testable import Running

/// Plans that are stored outlive the attnlab that wrote them.
@Suite struct StoredPlanTests {
  /// A database's plan of format 1: operations and records of most kinds, two settings. It is read, its runs are known by the
  /// hashes that they had, and it is written as it was.
  @Test func aPlanOfFormat1IsReadAndWrittenAsItWas() throws {
    let json = try String(contentsOf: Fixtures.folder.appending(path: "plan-1.json"), encoding: .utf8)
    let plan = try JSONDecoder().decode(ExperimentPlan.self, from: Data(json.utf8))
    #expect(plan.runCount == 20 && plan.groups.count == 2 && plan.mapCount == 380)
    #expect(plan.hash == "012045196ee946ed672f9c36acba609df418eb9dd0fa2f6bcb5901d7c28382b3")
    let again = try plan.described()
    #expect(again.hash == plan.hash && again.json == json)
    // All that a run takes from it can be worked out.
    for group in plan.groups { #expect(try plan.attention(of: group).stepCount == 3) }
  }
}
