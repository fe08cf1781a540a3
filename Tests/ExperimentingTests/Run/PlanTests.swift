import Experimenting
import Testing

@Suite struct PlanTests {
  @Test func countsAreThoseOfSitesStepsHeadsBranchesAndRuns() throws {
    let plan = try SmallExperiment.plan()
    #expect(plan.groups.count == 1)
    #expect(plan.groups[0].runs.map(\.intervention) == ["source", "none", "cross swap", "zero"])
    #expect(plan.groups[0].runs.map(\.prompt.prompt) == ["a red car", "a blue car", "a blue car", "a blue car"])
    // Cross maps of 16 sites and 3 steps for 4 runs; self maps of 11 sites, 2 steps, 4 heads, both branches.
    #expect(plan.mapCount == 16 * 3 * 4 + 11 * 2 * 4 * 2 * 4)
    let crossCells = 5 * 256 + 5 * 64 + 5 * 16 + 4
    // Grids of 8 and 4 are pooled to 4x4; the middle has 2x2.
    let selfValues = 10 * 16 * 16 + 4 * 4
    #expect(plan.mapBytes == crossCells * 77 * 4 * 3 * 4 + selfValues * 2 * 4 * 2 * 2 * 4)
  }

  @Test func targetsOfOneSourceShareItsGroup() throws {
    let pairs =
      "generate.pairs=[{source: a red car, target: a blue car}, {source: a red car, target: a green car}, "
      + "{source: a dog, target: a cat}]"
    let plan = try SmallExperiment.plan([pairs, "generate.seeds=[1, 2]"])
    #expect(plan.groups.map(\.runs.count) == [7, 7, 4, 4])
    #expect(plan.groups.map(\.settings.seed) == [1, 2, 1, 2])
    #expect(Set(plan.groups.flatMap { $0.runs.map(\.hash) }).count == 22)
  }

  @Test func hashesFollowWhatDecidesTheBits() throws {
    let base = try SmallExperiment.plan().groups.map(\.hash)
    #expect(try SmallExperiment.plan().groups.map(\.hash) == base)
    // What is only said, measured or drawn changes nothing.
    for change in ["question=Another?", "metrics=[psnr]", "figures=[side_by_side]", "budget.disk=1 GiB"] {
      #expect(try SmallExperiment.plan([change]).groups.map(\.hash) == base, "\(change)")
    }
    for change in [
      "generate.seeds=[2]", "generate.guidance_scale=4", "generate.num_inference_steps=4", "generate.height=136",
      "generate.negative_prompt=a dog", "generate.scheduler=euler", "record.0.sites=\"cross:1-15\"",
      "record.0.dtype=fp16", "interventions.zero.0.sites=\"cross:8-9\"", "interventions.zero.0.branch=both",
      "interventions.zero=[]", "generate.pairs.0.target=a green car",
    ] {
      #expect(try SmallExperiment.plan([change]).groups.map(\.hash) != base, "\(change)")
    }
  }

  @Test(arguments: [
    (
      ["interventions.zero.0.sites=\"self:17\""],
      "interventions.zero.0: sites \"self:17\": there is no layer 17; this model has layers 1-16"
    ),
    (
      ["record.0.tokens=[dog]"],
      """
      record.words: tokens: "dog" is not in the prompt "a red car"; its words are "a", "red", "car"
      record.words: tokens: "dog" is not in the prompt "a blue car"; its words are "a", "blue", "car"
      """
    ),
    (
      ["generate.pairs.0.target=a car"],
      "interventions.cross swap: cross-attention of \"a red car\" (3 tokens) cannot replace that of \"a car\" "
        + "(2 tokens): their words stand at different positions; use prompts of equal length, or swap self-attention"
    ),
  ])
  func messages(_ overrides: [String], _ message: String) {
    #expect { _ = try SmallExperiment.plan(overrides) } throws: { "\($0)" == message }
  }

  @Test func unknownModels() {
    #expect {
      _ = try ModelSource.folder(named: "emoji-scene", from: .init(filePath: "/work"))
    } throws: {
      "\($0)"
        == "model \"emoji-scene\" is neither a bundled model nor a folder; did you mean \"emoji-scenes\"? bundled: "
        + "emoji-scenes; a folder in the diffusers layout is given by its path, looked for at /work/emoji-scene"
    }
  }
}
