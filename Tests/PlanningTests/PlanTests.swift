import ExperimentFiles
import ExperimentSupport
import Foundation
import Planning
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

  /// 8192 pixels a side, all heads of all sites at 999 steps: its bytes are more than a whole number holds.
  @Test func moreMapsThanMayBeAreRefusedByTheirNumber() throws {
    let words = (0..<16).map { "w\($0)" }.joined(separator: ", ")
    let overrides = [
      "generate={ prompts: [{ template: \"{a} {b}\", lists: { a: [\(words)], b: [\(words)] } }], seeds: [1, 2, 3, 4], "
        + "num_inference_steps: 999, height: 8192, width: 8192, batch: 2 }",
      "record=[{ name: a, sites: \"*\", heads: all, branch: both }]", "interventions={ none: [] }", "metrics=[]",
    ]
    let error = #expect(throws: ExperimentError.self) { try SmallExperiment.plan(overrides) }
    // 32 sites of 4 heads.
    #expect(
      error?.description.hasPrefix(
        "record: up to 255,744 maps (sites x heads x steps x guidance halves) of each of 1,024 runs are 261,881,856 maps; "
          + "at most 100,000,000: record fewer sites or steps") == true, "\(error?.description ?? "")")
  }

  /// One file serves all pairs: a run that has none of the words has no such key, and the plan says so.
  @Test func wordsOfAnEditAreThoseOfEachPair() throws {
    let pairs =
      "generate.pairs=[{source: a red car, target: a blue car}, {source: a red car, target: a red bus}, "
      + "{source: a dog, target: a red dog}]"
    let record = "record=[{ name: edit, sites: \"cross:7\", tokens: [<edited>, <kept>] }]"
    let plan = try SmallExperiment.plan([pairs, record, "interventions={ none: [] }", "generate.prompts=[a cup]"])
    // Two keys of each run but the dog's source, which has one, and the single prompt, which has none.
    #expect(plan.mapCount == 3 * (3 + 2) && plan.mapBytes == 3 * (3 * 2 + 1 + 2) * 4 * 4)
    #expect(
      plan.remarks == [
        "record.edit: the targets of \"a red car\" change different words; of the source <edited> is what any of them changes, "
          + "and <kept> what all keep",
        "record.edit: \"a dog\" has no <edited>, since its pair changes no word",
        "record.edit: prompts without a source have no <edited>",
        "record.edit: prompts without a source have no <kept>",
      ])
    // An operation that would change nothing is a fault.
    let scale = "interventions={ weak: [{ op: scale, factor: 0, sites: \"cross:7\", words: [<edited>] }] }"
    #expect(try SmallExperiment.plan([pairs, scale, "record=[]"]).runCount == 5)
    #expect {
      _ = try SmallExperiment.plan([pairs, scale, "record=[]", "generate.prompts=[a cup]"])
    } throws: {
      "\($0)"
        == "interventions.weak.0: tokens \"<edited>\": the prompt \"a cup\" has no source here; write its words, or make it "
        + "the target of a pair"
    }
  }

  /// A prompt that fills all tokens has no padding: a record goes without, and an operation on it alone would change nothing.
  @Test func aFullPromptHasNoPadding() throws {
    let full = "a red car" + String(repeating: " car", count: 80)
    let prompts = "generate={ prompts: [\(full)], seeds: [1], num_inference_steps: 3 }"
    let record = "record=[{ name: tail, sites: \"cross:7\", tokens: [<start>, <padding>] }]"
    let plan = try SmallExperiment.plan([prompts, record, "interventions={ none: [] }", "metrics=[]"])
    #expect(plan.mapCount == 3 && plan.mapBytes == 3 * 4 * 4)
    #expect(plan.remarks.contains("record.tail: \"\(full)\" has no <padding>, since it fills all 77 tokens"))
    func zero(_ words: String) -> [String] {
      [
        prompts, "record=[]", "metrics=[]",
        "interventions={ a: [{ op: zero, sites: \"cross:7\", words: [\(words)] }] }",
      ]
    }
    let error = #expect(throws: ExperimentError.self) { try SmallExperiment.plan(zero("<padding>")) }
    #expect(error?.problems == ["interventions.a.0: \"\(full)\" fills all 77 tokens and has no <padding>"])
    #expect(try SmallExperiment.plan(zero("<end>, <padding>")).runCount == 1)
  }

  /// Whether a model was taught a word is known where its tokenizer is.
  @Test func wordsInAngleBracketsAreLookedForInThePrompt() throws {
    let error = #expect(throws: ExperimentError.self) {
      try SmallExperiment.portablePlan([
        "record=[]", "interventions={ a: [{ op: zero, sites: \"cross:7\", words: [<cat-toy>] }] }",
      ])
    }
    #expect(
      error?.problems == [
        "interventions.a.0: tokens: \"<cat-toy>\" is not in the prompt \"a blue car\"; its words are \"a\", \"blue\", "
          + "\"car\"; other tokens are <start>, <end>, <padding>, <edited>, <kept>, <earlier>, <next>, <later>, "
          + "<after word>"
      ])
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

  /// A pair's own seeds are its alone: neither the targets of its source nor the shared seeds are made with it.
  @Test func pairsWithSeedsOfTheirOwnHaveGroupsOfTheirOwn() throws {
    let pairs =
      "generate.pairs=[{source: a dog, target: a cat, seeds: [5]}, {source: a dog, target: a bus, seeds: [6, 7]}, "
      + "{source: a dog, target: a car}]"
    let plan = try SmallExperiment.plan([pairs, "generate.seeds=[1, 2]"])
    #expect(plan.groups.map(\.settings.seed) == [5, 6, 7, 1, 2])
    #expect(plan.groups.map { $0.runs[1].prompt.prompt } == ["a cat", "a bus", "a bus", "a car", "a car"])
    #expect(plan.groups.allSatisfy { $0.runs.count == 4 })
    #expect(plan.groups.flatMap { $0.runs.map(\.key) } == plan.spec.runKeys)
    // A run is the same however its file came to its seed.
    let shared = try SmallExperiment.plan(["generate.pairs=[{source: a dog, target: a cat}]", "generate.seeds=[5]"])
    #expect(shared.groups[0].hash == plan.groups[0].hash)
    let again = try JSONDecoder().decode(ExperimentPlan.self, from: JSONEncoder().encode(plan))
    #expect(again.hash == plan.hash && again.spec == plan.spec)
  }

  @Test func moreTargetsThanABatchAreSplitWithTheSourceInEach() throws {
    let sweep =
      "interventions.zero={ sweep: { layers: { single: 1-5 } }, operations: [{ op: zero, sites: \"self:*\" }] }"
    // none, cross swap and five of the sweep: seven targets.
    let whole = try SmallExperiment.plan([sweep])
    #expect(whole.groups.map(\.runs.count) == [8])
    let split = try SmallExperiment.plan([sweep, "generate.batch=4"])
    #expect(split.groups.map(\.runs.count) == [4, 4, 2])
    #expect(split.groups.allSatisfy { $0.runs[0].intervention == "source" && $0.runs[0].source == nil })
    #expect(
      split.groups.flatMap { $0.runs.dropFirst().map(\.intervention) }
        == whole.groups[0].runs.dropFirst().map(\.intervention))
  }

  @Test func singlePromptsShareGroupsAndPairsHaveTheirOwn() throws {
    let plan = try SmallExperiment.plan([
      "generate.prompts=[a dog, a cat, a bus]", "generate.batch=4", "generate.seeds=[1, 2]",
      "interventions={ none: [], zero: [{ op: zero, sites: \"cross:8-10\" }] }",
    ])
    #expect(plan.groups.map(\.runs.count) == [3, 3, 4, 4, 2, 2])
    #expect(plan.groups.map(\.settings.seed) == [1, 2, 1, 2, 1, 2])
    let singles = plan.groups.dropFirst(2).filter { $0.settings.seed == 1 }.flatMap(\.runs)
    #expect(singles.map(\.prompt.prompt) == ["a dog", "a dog", "a cat", "a cat", "a bus", "a bus"])
    #expect(singles.map(\.intervention) == ["none", "zero", "none", "zero", "none", "zero"])
    #expect(singles.allSatisfy { $0.source == nil })
    #expect(
      plan.groups.filter { $0.settings.seed == 1 }.map(\.promptSummary)
        == ["a red car -> a blue car", "a dog and a cat", "a bus"])
  }

  @Test func settingsOfASweepHaveGroupsOfTheirOwn() throws {
    let plan = try SmallExperiment.plan([
      "generate={ pairs: [{ source: a red car, target: a blue car }], seeds: [1, 2], "
        + "sweep: { num_inference_steps: [3, 5], guidance_scale: [1, 5] } }"
    ])
    #expect(plan.groups.count == 8)
    #expect(
      plan.groups.map(\.settingsLabel).filter { $0 == "num_inference_steps=5, guidance_scale=1.0" }.isEmpty
        && plan.groups.count { $0.settingsLabel == "num_inference_steps=5, guidance_scale=1" } == 2)
    // PNDM, the model's own, calls it once more.
    #expect(Set(plan.groups.map(\.stepCount)) == [plan.groups[0].stepCount, plan.groups[0].stepCount + 2])
    #expect(Set(plan.groups.map(\.settings.isGuided)) == [true, false])
    #expect(Set(plan.groups.flatMap { $0.runs.map(\.hash) }).count == plan.runCount)
  }

  /// PNDM makes one call more than steps, or nine with its Runge-Kutta start: each can be recorded and changed.
  @Test(arguments: [("skip_prk_steps: true", 6), ("skip_prk_steps: false", 14)])
  func stepsAreCalls(settings: String, calls: Int) throws {
    let last =
      "record=[{ name: every, sites: \"cross:7\" }, { name: last, sites: \"cross:7\", steps: [\(calls - 1)] }]"
    let pndm = [
      "generate.scheduler=pndm", "generate.num_inference_steps=5", "generate.scheduler_settings={ \(settings) }", last,
    ]
    let plan = try SmallExperiment.plan(
      pndm + ["interventions.zero=[{ op: zero, sites: \"cross:8\", steps: { from: \(calls - 1), to: \(calls) } }]"])
    #expect(plan.groups.map(\.stepCount) == [calls])
    #expect(plan.mapCount == (calls + 1) * 4)
    let attention = try plan.attention(of: plan.groups[0])
    #expect(attention.maps(step: calls - 1).count == 8)
    #expect {
      _ = try SmallExperiment.plan(pndm + ["record.1.steps=[\(calls)]"])
    } throws: {
      "\($0)" == "record.last: steps: \(calls) is not a step; the run has \(calls), numbered 0 to \(calls - 1)"
    }
  }

  /// What is kept of a call needs a call to be kept of, and an attention.
  @Test func cachesBeginAfterACall() throws {
    func operation(_ rest: String) -> String { "interventions.zero=[{ op: cache, of: output, \(rest) }]" }
    let plan = try SmallExperiment.plan([operation("sites: \"cross:*\", steps: [1], branch: both, halves: mean")])
    #expect(try plan.attention(of: plan.groups[0]).heldBytes == 0)
    for (rest, problem) in [
      (
        "sites: \"cross:*\"",
        "cache takes from the call before the first of its steps, and before step 0 there is none; write steps that begin later, "
          + "as { fraction: [0.4, 1] }"
      ),
      ("sites: \"residual:up_blocks.1.resnets.1\", steps: [1]", "cache is of attentions, and not of residual features"),
    ] {
      #expect {
        _ = try SmallExperiment.plan([operation(rest)])
      } throws: {
        "\($0)" == "interventions.zero.0: \(problem)"
      }
    }
    // Maps are large: those that are kept count beside those of a step.
    let maps = try SmallExperiment.plan([
      "interventions.zero=[{ op: cache, sites: \"self:7\", steps: [1], halves: mean }]"
    ])
    let attention = try maps.attention(of: maps.groups[0])
    let site = try #require(maps.sites.first { $0.kind == .selfAttention && $0.layer == 7 })
    #expect(attention.heldBytes == 2 * 4 * site.heads * site.queries.count * site.keys.count)
  }

  /// Guidance of 1 or less has one half: asking for the other alone is an error, for both a remark.
  @Test func noUnconditionalHalfWithoutGuidance() throws {
    let one = ["generate.guidance_scale=1", "generate.negative_prompt=a dog"]
    let remarks = [
      "record.layout: at guidance_scale 1.0 there is no unconditional half; `branch: both` is the conditional one alone",
      "generate.negative_prompt is not used at guidance_scale 1.0: it is of the unconditional half",
    ]
    #expect(try SmallExperiment.plan(one).remarks == remarks)
    #expect {
      _ = try SmallExperiment.plan(
        one + ["record.0.branch=unconditional", "interventions.zero.0.branch=unconditional"])
    } throws: { error in
      let rest =
        ": branch is unconditional, and at guidance_scale 1.0 there is no unconditional half: guidance begins above 1; raise "
        + "guidance_scale, or write `branch: conditional`"
      return "\(error)" == "interventions.zero.0\(rest)\nrecord.words\(rest)"
    }
    // Of a sweep, the settings without guidance count.
    #expect {
      _ = try SmallExperiment.plan([
        "generate={ prompts: [a], seeds: [1], sweep: { guidance_scale: [0.5, 5] } }", "interventions={ none: [] }",
        "record.0.branch=unconditional",
      ])
    } throws: { "\($0)".hasPrefix("record.words: branch is unconditional, and at guidance_scale 0.5 there is no") }
    #expect(try SmallExperiment.plan(["record.0.branch=unconditional"]).remarks == [])
  }

  /// Each run of a group that stood in the plan twice would count twice.
  @Test func settingsThatComeToTheSameAreRefused() {
    #expect {
      _ = try SmallExperiment.plan([
        "generate={ prompts: [a], seeds: [1], num_inference_steps: 3, sweep: { guidance_scale: [3, 3.0] } }",
        "interventions={ none: [] }",
      ])
    } throws: {
      "\($0)".contains("generate.settings: \"guidance_scale=3.0\" comes to the same as \"guidance_scale=3\"")
    }
  }

  @Test func schedulerSettingsDecideTheBits() throws {
    let plain = try SmallExperiment.plan()
    let trailing = try SmallExperiment.plan(["generate.scheduler_settings={ timestep_spacing: trailing }"])
    #expect(plain.groups[0].hash != trailing.groups[0].hash)
    #expect(trailing.groups[0].schedulerText == "ddim, timestep_spacing trailing")
    #expect {
      _ = try SmallExperiment.plan(["generate.scheduler_settings={ timestep_spacing: 3 }"])
    } throws: {
      "\($0)".contains("scheduler_settings: timestep_spacing is 3, expected a string")
    }
  }

  @Test func datasetsRunBesideTheGroupAndAreNotRecorded() throws {
    let mean =
      "interventions.zero=[{ op: dataset_mean, sites: \"self:4\", prompts: [a red car, a green dog], seeds: [1, 2] }]"
    let plan = try SmallExperiment.plan([mean])
    #expect(plan.groups[0].references.map(\.seed) == [1, 2, 1, 2])
    #expect(plan.groups[0].laneCount == 16)
    #expect(plan.mapCount == (try SmallExperiment.plan().mapCount))
    #expect(
      plan.remarks == [
        "interventions.zero.0: 4 runs are denoised beside each group for their mean, token by token position"
      ])
    let ownSet = try SmallExperiment.plan(["interventions.zero=[{ op: dataset_mean, sites: \"self:4\" }]"])
    #expect(ownSet.groups[0].references.map(\.prompt.prompt) == ["a red car"])
    let seeds = "[" + (0..<257).map(String.init).joined(separator: ", ") + "]"
    #expect {
      _ = try SmallExperiment.plan([
        "interventions.zero=[{ op: dataset_mean, sites: \"self:4\", seeds: \(seeds) }]"
      ])
    } throws: {
      "\($0)"
        == "interventions.zero.0: the mean of 257 runs; at most 256, since they run beside each group: name fewer prompts "
        + "or seeds"
    }
  }

  @Test func aSourceOfAnotherSeedRunsBesideTheGroup() throws {
    let plan = try SmallExperiment.plan(["interventions.zero=[{ op: replace, sites: \"self:4\", source_seed: 9 }]"])
    #expect(plan.groups[0].references.map { "\($0.prompt.prompt) \($0.seed)" } == ["a red car 9"])
    #expect(
      plan.groups[0].hash
        != (try SmallExperiment.plan(["interventions.zero=[{ op: replace, sites: \"self:4\" }]"])).groups[0].hash)
  }

  /// A noise that is told from the run's own seed is another one for each, and the same as one that is named.
  @Test func aSourceOfTheOwnSeedAndANumberRunsBesideTheGroup() throws {
    func plan(_ key: String) throws -> ExperimentPlan {
      try SmallExperiment.plan([
        "interventions.zero=[{ op: replace, sites: \"self:4\", \(key) }]", "generate.seeds=[2, 18446744073709551615]",
      ])
    }
    let added = try plan("source_seed_added: 7")
    #expect(
      added.groups.map { $0.references.map { "\($0.prompt.prompt) \($0.seed)" } } == [["a red car 9"], ["a red car 6"]])
    let coded = try JSONDecoder().decode(ExperimentPlan.self, from: JSONEncoder().encode(added))
    #expect(coded.groups.map(\.references) == added.groups.map(\.references))
    #expect(coded.groups.map(\.hash) == added.groups.map(\.hash))
    // What makes the same pictures is another run all the same: its file says another thing.
    let named = try plan("source_seed: 9")
    #expect(named.groups[0].references == added.groups[0].references && named.groups[0].hash != added.groups[0].hash)
    #expect(throws: (any Error).self) { _ = try plan("source_seed: 9, source_seed_added: 7") }
    #expect(throws: (any Error).self) { _ = try plan("source_seed_added: 0") }
  }

  @Test func swapsBetweenPromptsOfOtherTokensSayHowTheyAreAligned() throws {
    let plan = try SmallExperiment.plan(["generate.pairs.0.target=a car"])
    #expect(
      plan.remarks == [
        "\"a red car\" -> \"a car\": aligned by words: the source's \"red\" not taken; words, end token and padding "
          + "move to the target's positions"
      ])
    #expect(try SmallExperiment.plan(["generate.pairs.0.target=a car", "interventions.cross swap=[]"]).remarks == [])
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
        + "emoji-scenes, emoji-scenes-first; a folder in the diffusers layout is given by its path, looked for at /work/emoji-scene"
    }
  }
}
