import ExperimentFiles
import ExperimentSupport
import Running
import Testing

@Suite struct PlanMemoryTests {
  @Test func moreMemoryThanThereIsIsRefused() throws {
    let plan = try SmallExperiment.plan()
    let group = try #require(plan.largestGroup)
    let attention = try plan.attention(of: group)
    let needed = plan.peakBytes(of: group, attention)
    // A batch of eight elements and its maps: some megabytes.
    #expect((1 << 20...1 << 28).contains(needed))
    try plan.checkMemory(of: group, attention, available: needed)
    try plan.checkMemory(of: group, attention, available: nil)
    let error = #expect(throws: ExperimentError.self) {
      try plan.checkMemory(of: group, attention, available: needed - 1)
    }
    #expect(
      error?.description.hasPrefix("memory: 4 runs in one batch of 128 x 128 pixels need about ") == true
        && error?.description.contains("lower generate.batch (here 24) or the pictures' size") == true)
    let large = try SmallExperiment.plan([
      "generate.height=8192", "generate.width=8192", "record=[]", "budget.disk=9 TiB",
    ])
    #expect(throws: ExperimentError.self) {
      let group = try #require(large.largestGroup)
      try large.checkMemory(of: group, large.attention(of: group), available: 16 << 30)
    }
  }
}
