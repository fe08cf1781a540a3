import Attention
import ExperimentFiles
import Generation
import Schedulers
import Tensors
import Testing

@Suite struct SweepTests {
  private func interventions(_ lines: String) throws -> [InterventionSpec] {
    let yaml = minimal(
      "interventions:\n" + lines, generate: "pairs: [{ source: a, target: b }], seeds: [1], num_inference_steps: 10")
    return try decode(yaml).interventions
  }

  private func problem(_ lines: String) -> String {
    problems(
      minimal(
        "interventions:\n" + lines, generate: "pairs: [{ source: a, target: b }], seeds: [1], num_inference_steps: 10"))
  }

  // MARK: - Interventions

  @Test func layersTakeThePlaceOfTheStar() throws {
    let made = try interventions(
      """
        none: []
        self:
          sweep: { layers: [1-16, 4-14, 7, "2,3"] }
          operations: [{ op: replace, sites: "self:*" }, { op: zero, sites: "cross:*" }]
      """)
    #expect(made.map(\.name) == ["none", "self layers=1-16", "self layers=4-14", "self layers=7", "self layers=2,3"])
    #expect(made[2].operations.map(\.sites) == ["self:4-14", "cross:4-14"])
    #expect(made[3].operations.map(\.sites) == ["self:7", "cross:7"])
  }

  @Test func rulesMakeSingleLayersWindowsHeadsAndSteps() throws {
    let single = try interventions(
      "  s: { sweep: { layers: { single: 1-16 } }, operations: [{ op: zero, sites: \"self:*\" }] }")
    #expect(single.map { $0.operations[0].sites } == (1...16).map { "self:\($0)" })
    let windows = try interventions(
      "  s: { sweep: { layers: { window: 3, of: 1-8, every: 2 } }, operations: [{ op: zero, sites: \"self:*\" }] }")
    #expect(windows.map(\.name) == ["s layers=1-3", "s layers=3-5", "s layers=5-7"])
    let heads = try interventions(
      "  s: { sweep: { heads: { window: 2, of: 0-3 } }, operations: [{ op: zero, sites: \"self:*\" }] }")
    #expect(heads.map { $0.operations[0].heads } == [[0, 1], [1, 2], [2, 3]])
    let steps = try interventions(
      "  s: { sweep: { steps: { window: 5, of: 0-9, every: 5 } }, operations: [{ op: zero, sites: \"self:*\" }] }")
    #expect(steps.map(\.name) == ["s steps=0-4", "s steps=5-9"])
    #expect(
      steps.map { $0.operations[0].steps } == [.range(from: 0, to: 5, every: 1), .range(from: 5, to: 10, every: 1)])
  }

  @Test func severalKeysAreCombinedTheFirstSlowest() throws {
    let made = try interventions(
      """
        mix:
          sweep:
            layers: [4-14, 3-13]
            strength: [0, 0.5]
          operations: [{ op: mix, sites: "self:*" }]
      """)
    #expect(
      made.map(\.name) == [
        "mix layers=4-14, strength=0", "mix layers=4-14, strength=0.5", "mix layers=3-13, strength=0",
        "mix layers=3-13, strength=0.5",
      ])
    #expect(made[3].operations == [OperationSpec(op: .mix, values: ["strength": 0.5], sites: "self:3-13")])
  }

  @Test func aNumberedKeyIsOfOneOperationAlone() throws {
    let made = try interventions(
      """
        s:
          sweep: { 1.factor: [2, 3] }
          operations: [{ op: replace, sites: "self:*" }, { op: scale, sites: "cross:*" }]
      """)
    #expect(made.map(\.name) == ["s factor=2", "s factor=3"])
    #expect(
      made.map { $0.operations[1].change }
        == [AttentionChange(.scale, ["factor": 2.0]), AttentionChange(.scale, ["factor": 3.0])])
    #expect(made.allSatisfy { $0.operations[0].change == AttentionChange(.replace) })
  }

  @Test func valuesMayBeNamed() throws {
    let made = try interventions(
      """
        s:
          sweep:
            sites: { paper: "self:4-14", code: "self:grid<=1/2" }
            steps: [{ fraction: [0, 0.5] }, [0, 3], { from: 2, to: 3 }, { from: 0, to: 8, every: 2 }]
          operations: [{ op: replace }]
      """)
    #expect(
      made.map(\.name)
        == ["paper", "code"].flatMap { name in
          ["0-0.5", "0+3", "2", "0-7 every 2"].map { "s sites=\(name), steps=\($0)" }
        })
    #expect(made[4].operations[0].sites == "self:grid<=1/2")
  }

  @Test func whatIsResolvedIsWrittenOut() throws {
    let yaml = minimal(
      "interventions: { s: { sweep: { layers: { single: 1-3 } }, operations: [{ op: zero, sites: \"self:*\" }] } }")
    let spec = try decode(yaml)
    #expect(try decode(spec.resolvedYAML()) == spec)
    #expect(spec.resolvedYAML().contains("\"s layers=2\""))
  }

  @Test(arguments: [
    (
      "  s: { sweep: { layer: [1] }, operations: [{ op: zero, sites: \"self:*\" }] }",
      "e.yaml:6:17: interventions.s.sweep.layer: an operation has no key \"layer\"; did you mean \"layers\"?"
    ),
    (
      "  s: { sweep: { layers: [1] }, operations: [{ op: zero, sites: \"self:4\" }] }",
      "e.yaml:6:45: interventions.s.operations.0: layers are swept, and take the place of * in sites"
    ),
    (
      "  s: { sweep: { strength: [0.5] }, operations: [{ op: zero, sites: \"self:*\" }] }",
      "e.yaml:6:17: unknown key \"strength\" in interventions.s.operations.0"
    ),
    (
      "  s: { sweep: { strength: [0.5, 2] }, operations: [{ op: mix, sites: \"self:*\" }] }",
      "e.yaml:6:33: interventions.s.operations.0.strength: 2 is not allowed; a number from 0 to 1"
    ),
    (
      "  s: { sweep: { strength: [1] }, operations: [{ op: mix, sites: \"self:*\", strength: 1 }] }",
      "e.yaml:6:47: interventions.s.operations.0: strength is swept, and stands in the operation too"
    ),
    ("  s: { sweep: {}, operations: [] }", "e.yaml:6:15: interventions.s.sweep: there are no keys"),
    ("  s: { sweep: { heads: [] }, operations: [] }", "e.yaml:6:24: interventions.s.sweep.heads: the list is empty"),
    ("  s: { sweep: { heads: 3 }, operations: [] }", "e.yaml:6:24: interventions.s.sweep.heads: expected a list"),
    (
      "  s: { sweep: { sites: [\"self:grid<=1/2\"] }, operations: [{ op: zero }] }",
      "e.yaml:6:25: interventions.s.sweep.sites.0: the value cannot be part of a name"
    ),
    (
      "  s: { sweep: { heads: [1, [1]] }, operations: [{ op: zero, sites: \"self:*\" }] }",
      "e.yaml:6:24: interventions.s.sweep.heads: two values are called \"1\""
    ),
    (
      "  s: { sweep: { 2.heads: [[1]] }, operations: [{ op: zero, sites: \"self:*\" }] }",
      "e.yaml:6:17: interventions.s.sweep.\"2.heads\": \"2\" is no operation; there are 1"
    ),
    (
      "  s: { sweep: { 00.heads: [[1]] }, operations: [{ op: zero, sites: \"self:*\" }] }",
      "e.yaml:6:17: interventions.s.sweep.\"00.heads\": \"00\" is no operation; there are 1, numbered from 0"
    ),
    (
      "  s: { sweep: { +0.heads: [[1]] }, operations: [{ op: zero, sites: \"self:*\" }] }",
      "e.yaml:6:17: interventions.s.sweep.\"+0.heads\": \"+0\" is no operation; there are 1, numbered from 0"
    ),
    (
      "  s: { sweep: { layers: { window: 4, of: 1-3 } }, operations: [] }",
      "e.yaml:6:35: interventions.s.sweep.layers.window: 4 is more than the 3 of 1...3"
    ),
    (
      "  s: { sweep: { layers: { single: 3-1 } }, operations: [] }",
      "e.yaml:6:35: interventions.s.sweep.layers.single: \"3-1\" is no range"
    ),
    (
      "  s: { sweep: { layers: { single: 1-3, of: 1-3 } }, operations: [] }",
      "e.yaml:6:25: interventions.s.sweep.layers: expected { single: 1-16 } or { window: 3, of: 1-16 }"
    ),
    (
      "  s: { sweep: { factor: { single: 1-3 } }, operations: [] }",
      "e.yaml:6:25: interventions.s.sweep.factor: a rule makes layers, heads or steps"
    ),
    (
      "  s: { sweep: { layers: { single: 1-900 }, heads: { single: 0-7 } }, operations: [] }",
      "e.yaml:6:15: interventions.s.sweep: more than 1000 combinations"
    ),
    (
      "  s: { sweep: { heads: [[1]] } }", "e.yaml:6:6: the key \"operations\" is missing in interventions.s"
    ),
    (
      "  s heads=1: []\n  s: { sweep: { heads: [[1]] }, operations: [{ op: zero, sites: \"self:*\" }] }",
      "e.yaml:7:6: interventions.s: \"s heads=1\" is an intervention of \"s heads=1\" already"
    ),
  ])
  func messages(_ lines: String, _ beginning: String) {
    let found = problem(lines)
    #expect(found.hasPrefix(beginning) && !found.contains("\n"), "\(found)")
  }

  // MARK: - Settings

  @Test func settingsAreCombinedAndNamed() throws {
    let spec = try decode(
      minimal(
        generate: """
          prompts: [x], seeds: [1], scheduler: euler,
            sweep: { guidance_scale: [1, 7.5], num_inference_steps: [5, 10] }
          """))
    #expect(
      spec.generate.settings == [
        GenerationSettings(
          numInferenceSteps: 5, guidanceScale: 1, scheduler: "euler", label: "guidance_scale=1, num_inference_steps=5"),
        GenerationSettings(
          numInferenceSteps: 10, guidanceScale: 1, scheduler: "euler", label: "guidance_scale=1, num_inference_steps=10"
        ),
        GenerationSettings(
          numInferenceSteps: 5, guidanceScale: 7.5, scheduler: "euler",
          label: "guidance_scale=7.5, num_inference_steps=5"),
        GenerationSettings(
          numInferenceSteps: 10, guidanceScale: 7.5, scheduler: "euler",
          label: "guidance_scale=7.5, num_inference_steps=10"),
      ])
    #expect(try decode(spec.resolvedYAML()) == spec)
  }

  @Test func schedulersAndTheirSettingsAreSwept() throws {
    let spec = try decode(
      minimal(
        generate: """
          prompts: [x], seeds: [1],
            sweep: { scheduler: [ddim, EulerDiscreteScheduler],
                     scheduler_settings: { leading: { timestep_spacing: leading }, trailing: { timestep_spacing: trailing } } }
          """))
    #expect(
      spec.generate.settings.map(\.label) == [
        "scheduler=ddim, scheduler_settings=leading", "scheduler=ddim, scheduler_settings=trailing",
        "scheduler=EulerDiscreteScheduler, scheduler_settings=leading",
        "scheduler=EulerDiscreteScheduler, scheduler_settings=trailing",
      ])
    #expect(spec.generate.settings[2].scheduler == "euler")
    #expect(spec.generate.settings[1].schedulerSettings.values == ["timestep_spacing": .text("trailing")])
    #expect(try decode(spec.resolvedYAML()) == spec)
  }

  @Test(arguments: [
    ("sweep: { seeds: [1] }", "e.yaml:4:56: generate.sweep.seeds: generate has no sweep over \"seeds\""),
    (
      "guidance_scale: 3, sweep: { guidance_scale: [3, 5] }",
      "e.yaml:4:63: generate.guidance_scale: is swept too; leave it out here"
    ),
    (
      "sweep: { guidance_scale: [3, 500] }",
      "e.yaml:4:76: generate.guidance_scale: 500 is not allowed; a number from 0 to 100"
    ),
    ("sweep: { scheduler: [ddpm] }", "e.yaml:4:68: generate.scheduler: \"ddpm\" is not known; there are ddim"),
    (
      "scheduler_settings: { spacing: leading }",
      "e.yaml:4:69: unknown key \"spacing\" in generate.scheduler_settings; did you mean \"timestep_spacing\"?"
    ),
    (
      "settings: [{ name: a }, { name: a }]",
      "e.yaml:4:79: generate.settings.1.name: \"a\" is the name at generate.settings.0.name already"
    ),
    ("settings: []", "e.yaml:4:57: generate.settings: the list is empty"),
    (
      "settings: [{ name: a }], guidance_scale: 3", "e.yaml:4:88: generate.guidance_scale: stands beside settings"
    ),
    (
      "sweep: { guidance_scale: { a-name-that-is-longer-than-a-column-of-any-table-should-be: 3 } }",
      "e.yaml:4:54: generate.sweep: \"guidance_scale=a-name-that"
    ),
    ("batch: 1", "e.yaml:4:54: generate.batch: 1 is not allowed; a whole number from 2 to 1024"),
  ])
  func settingsMessages(_ text: String, _ beginning: String) {
    let found = problems(minimal(generate: "prompts: [a red car], seeds: [1], " + text))
    #expect(found.hasPrefix(beginning) && !found.contains("\n"), "\(found)")
  }

  @Test func stepsOfInterventionsFitTheShortestRun() {
    let found = problems(
      minimal(
        "interventions: { z: [{ op: zero, sites: \"self:*\", steps: [7] }] }",
        generate: "prompts: [x], seeds: [1], scheduler: ddim, sweep: { num_inference_steps: [5, 10] }"))
    #expect(found == "e.yaml:5:58: interventions.z.0.steps: 7 is not a step; the run has 5, numbered 0 to 4")
  }
}
