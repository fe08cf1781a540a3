import Foundation
import Testing

/// Experiment files that cannot be run: the whole message, exit code 1, and nothing left behind.
@Suite struct BadExperimentTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let line: String
    let replacement: String
    let problems: [String]

    init(_ description: String, _ line: String, _ replacement: String, _ problems: String...) {
      testDescription = description
      self.line = line
      self.replacement = replacement
      self.problems = problems
    }
  }

  static let cases = [
    Case(
      "unknown key", "seeds: [1]", "seed: [1]",
      ":5:3: the key \"seeds\" is missing in generate",
      ":6:3: unknown key \"seed\" in generate; did you mean \"seeds\"? allowed: pairs, prompts, seeds, "
        + "num_inference_steps, guidance_scale, scheduler, scheduler_settings, sweep, settings, negative_prompt, height, "
        + "width, precision, batch, stop_after_calls"),
    Case(
      "wrong type", "num_inference_steps: 2", "num_inference_steps: many",
      ":7:24: generate.num_inference_steps: expected a whole number, found the text \"many\""),
    Case(
      "unknown model", "model: emoji-scenes", "model: emoji-scene",
      ": model \"emoji-scene\" is neither a bundled model nor a folder; did you mean \"emoji-scenes\"? bundled: "
        + "emoji-scenes, emoji-scenes-first; a folder in the diffusers layout is given by its path, looked for at FOLDER/emoji-scene"
    ),
    Case(
      "layer 17", "sites: \"cross:*\" }\n", "sites: \"cross:17\" }\n",
      ": record.words: sites \"cross:17\": there is no layer 17; this model has layers 1-16"),
    Case(
      "step beyond the end", "name: words,", "name: words, steps: [2],",
      ": record.words: steps: 2 is not a step; the run has 2, numbered 0 to 1"),
    Case(
      "word that is not in the prompt", "name: words,", "name: words, tokens: [dog],",
      ": record.words: tokens: \"dog\" is not in the prompt \"a red car\"; its words are \"a\", \"red\", \"car\"",
      ": record.words: tokens: \"dog\" is not in the prompt \"a blue car\"; its words are \"a\", \"blue\", \"car\""),
    Case(
      "bad size", "seeds: [1]", "seeds: [1]\n  height: 100",
      ":7:11: generate.height: 100 is not allowed; a multiple of 8 pixels, as 96 or 104"),
    Case(
      "unknown scheduler", "seeds: [1]", "seeds: [1]\n  scheduler: dimm",
      ":7:14: generate.scheduler: \"dimm\" is not known; there are ddim (DDIMScheduler), pndm (PNDMScheduler), euler "
        + "(EulerDiscreteScheduler), dpm++ (DPMSolverMultistepScheduler)"),
    Case(
      "budget exceeded", "name: small", "name: small\nbudget: { disk: 2 MiB }",
      ": budget.disk: the plan needs about 7.28 MiB and the budget is 2 MiB: 96 maps of 2.97 MiB for 3 runs; record "
        + "fewer sites, steps or tokens, reduce with `heads: mean`, `pool` or `dtype: fp16`, or raise budget.disk"),
  ]

  @Test(arguments: cases) func leavesNothing(_ test: Case) throws {
    try Program.inFolder { attnlab in
      try attnlab.write(experiment(test.line, with: test.replacement), to: "small.yaml")
      let count = test.problems.count == 1 ? "1 problem" : "\(test.problems.count) problems"
      let lines = ["error: small.yaml: \(count)"] + test.problems.map { "small.yaml\($0)" }
      let expected = lines.joined(separator: "\n").replacingOccurrences(of: "FOLDER", with: attnlab.folder.path) + "\n"

      let run = try attnlab("run", "small.yaml", "--results", "Out")
      #expect(run.errors == expected)
      #expect(run.code == 1)
      #expect(run.output == "")
      #expect(attnlab.files == ["small.yaml"])

      let validation = try attnlab("validate", "small.yaml", "--json")
      #expect(validation.errors == expected)
      #expect(validation.code == 1)
      let json = try validation.json()
      #expect(json["valid"] as? Bool == false)
      #expect((json["problems"] as? [Any])?.count == test.problems.count)
    }
  }

  @Test func overridesAreNamed() throws {
    try Program.inFolder { attnlab in
      try attnlab.write(experiment(), to: "small.yaml")
      let outcome = try attnlab("validate", "small.yaml", "--set", "generate.seeds=[-1]", "--set", "record.7.name=x")
      #expect(outcome.code == 1)
      #expect(
        outcome.errors == """
          error: small.yaml: 2 problems
          --set record.7.name: "7" is no entry of the list record; it has the entries 0 to 0
          --set generate.seeds: generate.seeds.0: -1 is not allowed; a whole number from 0 to 18446744073709551615

          """)
    }
  }

  @Test func missingFile() throws {
    try Program.inFolder { attnlab in
      for command in ["validate", "plan", "run"] {
        let outcome = try attnlab(command, "nowhere.yaml")
        #expect(outcome.code == 1)
        #expect(outcome.errors == "error: nowhere.yaml: 1 problem\nnowhere.yaml: there is no such file\n")
      }
      #expect(attnlab.files == [])
    }
  }

  @Test(arguments: ["/proc/results", "small.yaml/results"]) func unwritableResults(_ results: String) throws {
    try Program.inFolder { attnlab in
      try attnlab.write(experiment(), to: "small.yaml")
      let outcome = try attnlab("run", "small.yaml", "--results", results)
      let file = attnlab.folder.appending(path: "small.yaml").path
      let expected =
        results.hasPrefix("/")
        ? "/proc takes no new files (No such file or directory)" : "\(file) is not a folder"
      #expect(outcome.errors == "error: --results: \(expected); name another place\n")
      #expect(outcome.code == 1)
      #expect(attnlab.files == ["small.yaml"])
    }
  }

  @Test func modelsAreFoundFromTheFileOrTheCommandLine() throws {
    try Program.inFolder { attnlab in
      _ = try attnlab.copyModel(to: "own-model")
      try FileManager.default.createDirectory(
        at: attnlab.folder.appending(path: "experiments"), withIntermediateDirectories: false)
      try attnlab.write(experiment("model: emoji-scenes", with: "model: ../own-model"), to: "experiments/a.yaml")
      try attnlab.write(experiment(), to: "experiments/b.yaml")
      #expect(try attnlab("validate", "experiments/a.yaml").code == 0)
      #expect(try attnlab("validate", "experiments/b.yaml", "--set", "model=own-model").code == 0)
      #expect(try attnlab("validate", "experiments/b.yaml", "--set", "model=../own-model").code == 1)
    }
  }
}
