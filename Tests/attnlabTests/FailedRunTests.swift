import Foundation
import StoreTestSupport
import TestSupport
import Testing

/// What the command line says of runs that fail, of limits, and of networks that are not there.
@Suite struct FailedRunTests {
  private let broken = experiment(
    "  swap: [{ op: replace, sites: \"cross:*\" }]\n",
    with: "  broken: ["
      + ["queries", "keys", "scores"].map { "{ op: scale, of: \($0), sites: \"*:1-16\", factor: 1000 }" }.joined(
        separator: ", ")
      + "]\n")

  @Test func failedRunsAreListedAndNotTriedAgain() throws {
    try Program.inFolder { attnlab in
      try attnlab.write(broken, to: "small.yaml")
      let first = try attnlab("run", "small.yaml")
      #expect(first.code == 1)
      #expect(first.output.hasPrefix("made 2 runs in "))
      let line =
        "  a red car -> a blue car, seed 1, broken: step 0: the conditional half's output of the model is not finite "
        + "(1024 of 1024 values): the model's weights overflow, or an intervention broke it"
      let advice = "`attnlab gc small --failed` takes failed runs away, and only then are they tried again\n"
      #expect(first.errors.hasSuffix("error: 1 run of small failed:\n\(line)\n\(advice)"), "\(first.errors)")
      let second = try attnlab("run", "small.yaml", "--json")
      #expect(second.code == 1)
      #expect(
        second.errors.hasSuffix("error: 1 run of small failed:\n\(line) (failed before; not tried again)\n\(advice)"))
      let failed = try #require(try second.json()["failed"] as? [[String: Any]])
      #expect(
        failed.count == 1 && failed[0]["intervention"] as? String == "broken" && failed[0]["is_new"] as? Bool == false)
      #expect(try attnlab("show", "small").output.contains(" failed: step 0: "))
      #expect(
        try attnlab("plan", "small.yaml").output.contains("3: 2 stored, 0 new, 1 failed, which are not tried again\n"))
      let gc = try attnlab("gc", "small", "--failed")
      #expect(gc.code == 0 && gc.output.contains("small: removed 1 run, freed "))
      #expect(try attnlab("run", "small.yaml").errors.hasSuffix("\(line)\n\(advice)"))
    }
  }

  /// A model that cannot read the word "red": a source with it breaks, and targets that take attention from it fail with it.
  /// Those that take none, and the groups of other prompts, are finished.
  @Test func targetsOfABrokenSourceFailWithIt() throws {
    try Program.inFolder { attnlab in
      try breakWord("red", of: try attnlab.copyModel(to: "model"))
      try attnlab.write(
        """
        version: 1
        name: small
        model: model
        generate:
          pairs:
            - { source: a red car, target: a blue car }
            - { source: a white cat, target: a black cat }
          seeds: [1]
          num_inference_steps: 3
          height: 64
          width: 64
        interventions:
          none: []
          late swap: [{ op: replace, sites: "cross:*", steps: [2] }]
          zero: [{ op: zero, sites: "cross:8" }]
        metrics: [psnr]

        """, to: "small.yaml")
      let outcome = try attnlab("run", "small.yaml")
      #expect(outcome.code == 1 && outcome.output.hasPrefix("made 6 runs in "), "\(outcome.output)")
      let cause =
        "step 0: the conditional half's output of the model is not finite (256 of 256 values): the model's weights overflow, "
        + "or an intervention broke it"
      #expect(
        outcome.errors.hasSuffix(
          """
          error: 2 runs of small failed:
            a red car, seed 1, source: \(cause)
            a red car -> a blue car, seed 1, late swap: takes attention from the source "a red car", seed 1, which broke in \(cause)
          `attnlab gc small --failed` takes failed runs away, and only then are they tried again

          """), "\(outcome.errors)")
      let stored = try StoredContents(attnlab.folder.appending(path: "Results/small/small.sqlite"))
      #expect(stored.problems == [] && stored.runs.count { $0.status == .done } == 6)
    }
  }

  /// Gives a word a meaning that is not a number.
  private func breakWord(_ word: String, of model: URL) throws {
    let vocabulary = try JSONSerialization.jsonObject(
      with: Data(contentsOf: model.appending(path: "tokenizer/vocab.json")))
    let token = try #require((vocabulary as? [String: Int])?["\(word)</w>"])
    let file = model.appending(path: "text_encoder/model.safetensors")
    var bytes = try Data(contentsOf: file)
    let length = 8 + bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONSerialization.jsonObject(with: bytes[8..<length]) as? [String: Any]
    let entry = try #require(header?["text_model.embeddings.token_embedding.weight"] as? [String: Any])
    let (shape, place) = (
      try #require(entry["shape"] as? [Int]), try #require(entry["data_offsets"] as? [Int])
    )
    let row = (place[1] - place[0]) / shape[0]
    let start = length + place[0] + token * row
    bytes.replaceSubrange(start..<start + row, with: Data(repeating: 0xFF, count: row))
    try bytes.write(to: file)
  }

  /// A limit of the caller's shell is an error with a name, as a full disk is, and no signal ends the process.
  @Test func aFileSizeLimitIsAnError() throws {
    try Program.inFolder { attnlab in
      try attnlab.write(experiment(), to: "small.yaml")
      for blocks in [8, 64, 256, 700] {
        let outcome = try attnlab.shell("ulimit -f \(blocks); exec $attnlab run small.yaml")
        #expect(outcome.code == 1, "\(blocks): \(outcome.errors)")
        #expect(outcome.errors.contains("error: /"), "\(blocks): \(outcome.errors)")
      }
      let picture = try attnlab.shell(
        "ulimit -f 2; exec $attnlab generate --prompt 'a dog' --steps 1 --latents-out dog.safetensors --out dog.png")
      #expect(picture.code == 1 && picture.errors.contains("cannot be written"), "\(picture.errors)")
      #expect(!attnlab.files.contains { $0.hasPrefix("dog") || $0.hasPrefix(".attnlab") })
      let again = try attnlab("run", "small.yaml")
      #expect(again.code == 0, "\(again.errors)")
      #expect(try StoredContents(attnlab.folder.appending(path: "Results/small/small.sqlite")).problems == [])
    }
  }

  /// Nothing is computed for hours and then refused.
  @Test func networksUnderInstrumentsAreLookedAtFirst() throws {
    try Program.inFolder { attnlab in
      let model = try attnlab.copyModel(to: "model")
      try FileManager.default.removeItem(at: model.appending(path: "clip/vocab.json"))
      try Data("x".utf8).write(to: attnlab.folder.appending(path: "file"))
      let cases = [
        ("clip: nowhere", "instruments.clip: there is no folder "),
        ("scene_reader: file", "instruments.scene_reader: there is no folder "),
        ("lpips: model/clip", "instruments.lpips: "), ("clip: model/clip", "instruments.clip: "),
      ]
      for (instruments, message) in cases {
        try attnlab.write(experiment() + "metrics: [psnr]\ninstruments: { \(instruments) }\n", to: "small.yaml")
        for command in ["validate", "plan", "run"] {
          let outcome = try attnlab(command, "small.yaml")
          #expect(outcome.code == 1 && outcome.output == "", "\(command) \(instruments)")
          #expect(outcome.errors.contains("small.yaml: \(message)"), "\(command) \(instruments): \(outcome.errors)")
        }
      }
      #expect(!attnlab.files.contains("Results"))
      try attnlab.write(experiment() + "metrics: [lpips]\n", to: "small.yaml")
      let outcome = try attnlab("validate", "small.yaml")
      #expect(outcome.errors.contains("no folder is given for lpips"), "\(outcome.errors)")
    }
  }
}
