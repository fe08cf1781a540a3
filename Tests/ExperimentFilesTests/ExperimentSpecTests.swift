import Attention
import ExperimentFiles
import Formatting
import Foundation
import Generation
import Measures
import StrictYAML
import Testing

@Suite struct ExperimentSpecTests {
  static let example = """
    version: 1
    name: first-look
    question: Which attention carries the colour, and which the shape?
    model: emoji-scenes                 # a bundled name or a folder
    generate:
      pairs:                            # or `prompts: [...]`; or a template with named lists:
        - { source: "a red car", target: "a blue car" }
        - { template: "a {animal} in the snow", lists: { animal: [dog, cat] }, source: { animal: dog } }
      seeds: [1, 2]
      num_inference_steps: 30
      guidance_scale: 5.0
      negative_prompt: ""
      scheduler: ddim
    record:
      - { name: words, sites: "cross:*", heads: mean, steps: all, tokens: all, branch: conditional }
      - { name: layout, sites: "self:grid<=1/2", heads: mean, steps: { from: 0, to: 30, every: 10 }, pool: 8, dtype: fp16 }
    interventions:
      none: []
      self 4-14: [{ op: replace, sites: "self:4-14", steps: { fraction: [0, 0.8] } }]
      cross swap: [{ op: replace, sites: "cross:*" }]
    metrics: [psnr, ssim]
    instruments: {}
    figures: [side_by_side, word_heatmaps, layer_step_grid, self_attention]
    budget: { disk: 2 GiB }
    """

  static let expected = ExperimentSpec(
    version: 1, name: "first-look", question: "Which attention carries the colour, and which the shape?",
    model: "emoji-scenes",
    generate: GenerateSpec(
      pairs: [
        PromptPair(source: "a red car", target: "a blue car"),
        PromptPair(source: "a dog in the snow", target: "a cat in the snow"),
      ],
      prompts: [], seeds: [1, 2],
      settings: [GenerationSettings(numInferenceSteps: 30, guidanceScale: 5, scheduler: "ddim")], negativePrompt: "",
      height: nil, width: nil, precision: .fp32),
    record: [
      RecordSpec(
        name: "words", sites: "cross:*", heads: .mean, steps: .all, tokens: .all, branch: .conditional, pool: nil,
        dtype: .float32),
      RecordSpec(
        name: "layout", sites: "self:grid<=1/2", heads: .mean, steps: .range(from: 0, to: 30, every: 10), tokens: .all,
        branch: .conditional, pool: 8, dtype: .float16),
    ],
    interventions: [
      InterventionSpec(name: "none", operations: []),
      InterventionSpec(
        name: "self 4-14",
        operations: [
          OperationSpec(
            op: .replace, sites: "self:4-14", steps: .fraction(from: 0, to: 0.8), branch: .conditional)
        ]),
      InterventionSpec(
        name: "cross swap",
        operations: [OperationSpec(op: .replace, sites: "cross:*", steps: .all, branch: .conditional)]),
    ],
    metrics: [.psnr, .ssim], figures: [.sideBySide, .wordHeatmaps, .layerStepGrid, .selfAttention],
    budget: BudgetSpec(disk: ByteSize(2_147_483_648)))

  @Test func exampleDecodesToItsValues() throws {
    #expect(try decode(Self.example) == Self.expected)
  }

  @Test func resolvedExampleIsWrittenOut() {
    #expect(
      Self.expected.resolvedYAML() == """
        version: 1
        name: "first-look"
        question: "Which attention carries the colour, and which the shape?"
        model: "emoji-scenes"
        generate:
          pairs:
            - { source: "a red car", target: "a blue car" }
            - { source: "a dog in the snow", target: "a cat in the snow" }
          prompts: []
          seeds: [1, 2]
          num_inference_steps: 30
          guidance_scale: 5.0
          scheduler: "ddim"
          negative_prompt: ""
          height: null
          width: null
          precision: fp32
          batch: 24
        record:
          - { name: "words", sites: "cross:*", heads: mean, steps: all, tokens: all, branch: conditional, pool: null, \
        dtype: fp32 }
          - { name: "layout", sites: "self:grid<=1/2", heads: mean, steps: { from: 0, to: 30, every: 10 }, \
        tokens: all, branch: conditional, pool: 8, dtype: fp16 }
        predicted_clean: null
        interventions:
          "none": []
          "self 4-14":
            - { op: replace, of: probabilities, sites: "self:4-14", steps: { fraction: [0.0, 0.8] }, branch: conditional, part: all }
          "cross swap":
            - { op: replace, of: probabilities, sites: "cross:*", steps: all, branch: conditional, part: all }
        metrics: [psnr, ssim]
        instruments: {}
        tables: []
        figures: [side_by_side, word_heatmaps, layer_step_grid, self_attention]
        budget: { disk: 2 GiB }

        """)
  }

  @Test func absentKeysTakeTheDocumentedDefaults() throws {
    let spec = try decode(minimal("record: [{ name: w, sites: 'cross:*' }]\n"))
    let expected = ExperimentSpec(
      version: 1, name: "small", question: "", model: "emoji-scenes",
      generate: GenerateSpec(
        pairs: [], prompts: ["a red car"], seeds: [1],
        settings: [GenerationSettings(numInferenceSteps: 30, guidanceScale: 7.5)], negativePrompt: "",
        height: nil, width: nil, precision: .fp32),
      record: [
        RecordSpec(
          name: "w", sites: "cross:*", heads: .mean, steps: .all, tokens: .all, branch: .conditional, pool: nil,
          dtype: .float32)
      ],
      interventions: [InterventionSpec(name: "none", operations: [])], metrics: [], figures: [],
      budget: BudgetSpec(disk: ByteSize(10_737_418_240)))
    #expect(spec == expected)
  }

  @Test func interventionsKeepTheOrderOfTheFile() throws {
    let spec = try decode(minimal("interventions: { z: [], a: [], m 2: [], '10': [], 9: [] }"))
    #expect(spec.interventions.map(\.name) == ["z", "a", "m 2", "10", "9"])
  }

  @Test func everyFormOfStepsAndTokens() throws {
    let spec = try decode(
      minimal(
        """
        record:
          - { name: a, sites: s, steps: [0, 29, 3], tokens: words, branch: both, heads: all }
          - { name: b, sites: s, steps: { from: 1, to: 3 }, tokens: [car, "car#2", <start>, <end>, <padding>, 0, "7"] }
          - { name: c, sites: s, steps: { fraction: [0.5, 1] }, branch: unconditional, pool: null }
        """))
    #expect(
      spec.record.map(\.steps) == [.list([0, 29, 3]), .range(from: 1, to: 3, every: 1), .fraction(from: 0.5, to: 1)])
    #expect(
      spec.record.map(\.tokens) == [
        .words,
        .names([
          .word("car", occurrence: 1), .word("car", occurrence: 2), .start, .end, .padding, .position(0),
          .word("7", occurrence: 1),
        ]),
        .all,
      ])
    #expect(spec.record.map(\.branch) == [.both, .conditional, .unconditional])
    #expect(spec.record.map(\.heads) == [.all, .mean, .mean])
    #expect(
      BranchChoice.allCases.map(\.branches) == [[.conditional], [.unconditional], [.conditional, .unconditional]])
  }

  /// As textual inversions are called.
  @Test func wordsInAngleBracketsThatAreNoNames() throws {
    let spec = try decode(
      minimal(
        """
        record: [{ name: r, sites: s, tokens: [<cat-toy>, "<Cat-Toy>#2", <after <cat>>, a <cat-toy>] }]
        interventions: { a: [{ op: zero, sites: s, words: ["<cat-toy>"] }] }
        """))
    #expect(
      spec.record.map(\.tokens) == [
        .names([
          .word("<cat-toy>", occurrence: 1), .word("<cat-toy>", occurrence: 2), .after("<cat>", occurrence: 1),
          .word("a <cat-toy>", occurrence: 1),
        ])
      ])
    #expect(spec.interventions[0].operations[0].words == [.word("<cat-toy>", occurrence: 1)])
    #expect(try decode(spec.resolvedYAML()) == spec)
  }

  @Test func wholeRangeOfSeedsIsTaken() throws {
    let spec = try decode(minimal(generate: "prompts: [''], seeds: [0, 18446744073709551615]"))
    #expect(spec.generate.seeds == [0, .max])
  }

  @Test(
    arguments: [
      ("1", 1), ("9007199254740992", 1 << 53), ("1 B", 1), ("500 MB", 500_000_000), ("2 GiB", 2_147_483_648),
      ("2GiB", 2_147_483_648), ("1.5 KiB", 1536), ("0.3 kB", 300), ("1 TB", 1_000_000_000_000), ("4 MiB", 4_194_304),
      ("1 TiB", 1_099_511_627_776), ("3 GB", 3_000_000_000),
    ] as [(String, Int64)])
  func diskSizes(text: String, bytes: Int64) throws {
    let spec = try decode(minimal("budget: { disk: \(text) }"))
    #expect(spec.budget.disk.bytes == bytes)
    #expect(ByteSize(spec.budget.disk.description) == spec.budget.disk)
  }

  @Test func siteTextsArePassedToTheCheck() {
    struct Wrong: Error, CustomStringConvertible { let description: String }
    let yaml = minimal("record: [{ name: w, sites: self:99 }]\ninterventions: { i: [{ op: zero, sites: self:4 }] }")
    #expect(
      throws: SpecError(
        file: "e.yaml",
        problems: [
          SpecProblem(
            file: "e.yaml", line: 5, column: 28, path: "record.0.sites", message: "record.0.sites: no layer in self:99")
        ])
    ) {
      try ExperimentSpec(yaml: yaml, file: "e.yaml") { text in
        if text != "self:4" { throw Wrong(description: "no layer in \(text)") }
      }
    }
  }

  @Test func errorCountsItsProblems() {
    let one = SpecError(file: "e.yaml", problems: [SpecProblem(file: "e.yaml", line: 2, column: 3, message: "x")])
    #expect(one.description == "e.yaml: 1 problem\ne.yaml:2:3: x")
    let two = SpecError(file: "e.yaml", problems: one.problems + [SpecProblem(file: "--set a", message: "y")])
    #expect(two.description == "e.yaml: 2 problems\ne.yaml:2:3: x\n--set a: y")
  }
}
