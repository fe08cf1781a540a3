import AttentionStore
import ExperimentFiles
import ExperimentSupport
import Foundation
import Results
import Running
import TestSupport
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

  @Test func aDiskWithTooLittleRoomIsSaid() throws {
    let plan = try SmallExperiment.plan()
    let (runs, bytes) = (plan.runCount, plan.diskBytes)
    #expect(plan.diskRemark(runs: runs, free: nil) == nil)
    #expect(plan.diskRemark(runs: runs, free: bytes) == nil)
    #expect(plan.diskRemark(runs: 0, free: 0) == nil)
    #expect(plan.diskRemark(runs: .max, free: bytes) == nil)
    let remark = try #require(plan.diskRemark(runs: runs, free: bytes - 1))
    #expect(remark.hasPrefix("what is still to be made needs about ") && remark.contains("--results"))
    // Half of the runs are there.
    #expect(plan.diskRemark(runs: runs / 2, free: bytes / 2 + 1) == nil)
  }

  /// The first group fits, and the second does not: nothing is made, and a plan says it too.
  @Test func aLargerGroupBehindIsFoundBeforeTheFirstStep() throws {
    let prompts = (0..<12).map { "a red car and \($0)" }.joined(separator: ", ")
    let plan = try SmallExperiment.plan(["generate.prompts=[\(prompts)]", "interventions={ none: [] }"])
    try #require(plan.groups.count == 2 && plan.groups[0].laneCount < plan.groups[1].laneCount)
    let enough = try plan.peakBytes(of: plan.groups[1], plan.attention(of: plan.groups[1]))
    try plan.checkMemory(available: enough)
    try plan.checkMemory(available: nil)
    #expect(throws: ExperimentError.self) { try plan.checkMemory(available: enough - 1) }
    try Fixtures.withTemporaryFolder { folder in
      let results = ResultsFolder(folder.appending(path: "small"))
      func run(_ available: Int) throws -> RunSummary {
        try ExperimentRunner(
          plan: plan, model: SmallExperiment.model(), results: results, progress: SilentProgress(),
          available: { available }
        ).run()
      }
      let error = #expect(throws: ExperimentError.self) { try run(enough - 1) }
      #expect(error?.description.hasPrefix("memory: 12 runs in one batch of ") == true, "\(error?.description ?? "")")
      #expect(!FileManager.default.fileExists(atPath: results.runs.path))
      #expect(try run(enough).runsMade == plan.runCount)
      // What is finished needs no memory; a lost file is made again, which does.
      #expect(try run(0).runsKept == plan.runCount)
      let lost = results.url.appending(path: RunFile.latents.path(of: plan.groups[1].runs[0].hash))
      try FileManager.default.removeItem(at: lost)
      #expect(throws: ExperimentError.self) { try run(enough - 1) }
      #expect(!FileManager.default.fileExists(atPath: lost.path))
      #expect(try run(enough).filesMade == 1)
    }
  }
}
