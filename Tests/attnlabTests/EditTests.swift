import Checkpoints
import ExperimentFiles
import Foundation
import Generation
import Plotting
import Tensors
import TestSupport
import Testing

/// Editing methods on the command line.
@Suite struct EditTests {
  @Test func anEditAndTheFileThatRepeatsIt() throws {
    try Program.inFolder { (attnlab) throws -> Void in
      let outcome = try attnlab(
        "edit", "--method", "fpe", "--source", "a red car", "--target", "a blue car", "--seed", "5", "--steps", "4",
        "--until", "0.5", "--out", "my edit", "--latents-out", "x.safetensors", "--json")
      #expect(outcome.code == 0, "\(outcome.errors)")
      #expect(
        attnlab.files
          == ["my edit"] + ["changed.png", "edit.png", "edit.yaml", "source.png"].map { "my edit/\($0)" }
          + ["x.safetensors"])
      let hashes = try #require(try outcome.json()["content_hashes"] as? [String])
      let file = try SafetensorsFile(url: attnlab.folder.appending(path: "x.safetensors"))
      #expect(file.names == ["edit", "noise", "source"])
      #expect(try file.tensor(named: "edit") != file.tensor(named: "source"))

      // The experiment has the same runs, and leaves the same latents and pictures.
      let text = try String(contentsOf: attnlab.folder.appending(path: "my edit/edit.yaml"), encoding: .utf8)
      #expect(
        text.hasPrefix("# The edit beside this file as an experiment: attnlab run 'my edit/edit.yaml'\n"), "\(text)")
      #expect(text.contains("sites: \"self:4-14\", steps: { fraction: [0.0, 0.5] }"), "\(text)")
      let run = try attnlab("run", "my edit/edit.yaml")
      #expect(run.code == 0, "\(run.errors)")
      let results = try #require(text.firstMatch(of: /\nname: "(edit-[0-9a-f]{8})"\n/)?.1)
      for (name, hash) in zip(["source", "edit"], hashes) {
        let folder = attnlab.folder.appending(path: "Results/\(results)/runs/\(hash.prefix(16))")
        let latents = try SafetensorsFile(url: folder.appending(path: "latents.safetensors"))
        let first = try #require(latents.names.first)
        #expect(try latents.tensor(named: first).values == file.tensor(named: name).values)
        let edited = try PNG.read(attnlab.folder.appending(path: "my edit/\(name).png"))
        #expect(try PNG.read(folder.appending(path: "picture.png")) == edited)
      }
    }
  }

  /// What each option changes stands in the experiment file beside the edit.
  @Test(arguments: [
    ("sdedit --strength 0.25 --guidance 3", ["{ op: noised_source, strength: 0.25 }", "guidance_scale: 3.0"]),
    ("masactrl-mask --object car --guidance 1", ["op: object_mask", "object: [\"car\"]", "guidance_scale: 1.0"]),
    ("p2p --layers 3-5 --until 0.5", ["sites: \"self:3-5\", steps: { fraction: [0.0, 0.25] }"]),
    (
      "regenerate --scheduler euler --negative dog",
      ["scheduler: \"euler\"", "negative_prompt: \"dog\"", "\"regenerate\": []"]
    ),
  ])
  func everyOptionIsTaken(options: String, pieces: [String]) throws {
    try Program.inFolder { (attnlab) throws -> Void in
      let outcome = try attnlab.run(
        ["edit", "--source", "a red car", "--target", "a blue car", "--steps", "4", "--seed", "3", "--method"]
          + options.split(separator: " ").map(String.init))
      #expect(outcome.code == 0, "\(outcome.errors)")
      let text = try String(contentsOf: attnlab.folder.appending(path: "edit/edit.yaml"), encoding: .utf8)
      for piece in pieces { #expect(text.contains(piece), "\(text)") }
      let source = try PNG.read(attnlab.folder.appending(path: "edit/source.png"))
      #expect(try PNG.read(attnlab.folder.appending(path: "edit/edit.png")) != source)
    }
  }

  @Test func whatCannotBeIsSaid() throws {
    try Program.inFolder { (attnlab) throws -> Void in
      func errors(_ arguments: String...) throws -> String {
        let outcome = try attnlab.run(["edit", "--source", "a dog", "--target", "a cat", "--steps", "2"] + arguments)
        #expect(outcome.code == 2 && outcome.output == "", "\(arguments)")
        return outcome.errors
      }
      #expect(
        try errors("--method", "fep").hasPrefix("error: --method: there is no method \"fep\"; did you mean \"fpe\"?"))
      #expect(
        try errors("--method", "fpe", "--strength", "0.5").hasPrefix(
          "error: --strength: fpe-paper has no such dial; it has --layers, --until\n"))
      #expect(
        try errors("--method", "masactrl-mask").hasPrefix(
          "error: --object: masactrl-mask needs the word that names the object, as --object car\n"))
      #expect(
        try errors("--method", "fpe", "--until", "1.5").contains("--until: 1.5 is not allowed; a number from 0 to 1"))
      #expect(try errors("--method", "fpe", "--layers", "4-17").contains("there is no layer 17"))
      #expect(
        try errors("--method", "sdedit", "--scheduler", "dpm++").contains(
          "a step of dpm++ needs earlier ones, so that no run can begin at it; choose scheduler: ddim or euler"))
      #expect(
        try errors("--method", "fpe", "--source", "cat.PNG").contains(
          "--source: \"cat.PNG\" is a picture's name; edit draws its source from a prompt, and edits no picture of yours"
        ))
      #expect(try errors("--method", "masactrl-mask", "--object", "fox").contains("\"fox\" is not in the prompt"))
      #expect(attnlab.files.isEmpty)
    }
  }

  @Test func methodsAreExplained() throws {
    struct Entry: Decodable { let method, source, published, file: String }
    try Program.inFolder { (attnlab) throws -> Void in
      let listed = try attnlab("methods", "--json")
      let entries = try JSONDecoder().decode([Entry].self, from: Data(listed.output.utf8))
      #expect(entries.map(\.method) == EditingMethods.all.map(\.name))
      let one = try attnlab("methods", "pnp")
      #expect(one.code == 0 && one.output.contains("residual:up_blocks.1.resnets.1"))
      #expect(try attnlab("methods").output.contains("fpe-paper, fpe"))
      let unknown = try attnlab("methods", "fep")
      #expect(unknown.code == 2 && unknown.errors.contains("did you mean \"fpe\"?"))
    }
  }

  /// All methods in one experiment: the plan holds, and the report's words of each operation are there.
  @Test func everyMethodRunsInAnExperiment() throws {
    try Program.inFolder { (attnlab) throws -> Void in
      let methods = EditingMethods.all.map { method in
        "  \(method.name): { method: \(method.name)\(method.dials[.object] == nil ? "" : ", object: [car]") }"
      }
      try attnlab.write(
        """
        version: 1
        name: methods
        model: emoji-scenes
        generate: { pairs: [{ source: a red car, target: a blue car }], seeds: [1], num_inference_steps: 3 }
        interventions:
        \(methods.joined(separator: "\n"))
        """, to: "methods.yaml")
      let outcome = try attnlab("run", "methods.yaml")
      #expect(outcome.code == 0, "\(outcome.errors)")
      let report = try String(
        contentsOf: attnlab.folder.appending(path: "Results/methods/report.md"), encoding: .utf8)
      #expect(report.contains("the source's picture with noise added, then the last 50 % of the steps"))
      #expect(report.contains("the object is car"))
    }
  }
}
