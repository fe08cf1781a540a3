import Checkpoints
import Foundation
import Plotting
import Tensors
import TestSupport
import Testing

/// Single pictures: what the files hold.
@Suite struct PictureTests {
  @Test func generateWritesPictureAndLatents() throws {
    try Program.inFolder { attnlab in
      let outcome = try attnlab(
        "generate", "--prompt", "a red car", "--seed", "42", "--steps", "2", "--height", "120", "--width", "136",
        "--scheduler", "euler", "--out", "car.png", "--latents-out", "car.safetensors", "--json")
      #expect(outcome.code == 0, "\(outcome.errors)")
      #expect(attnlab.files == ["car.png", "car.safetensors"])
      let settings = try #require(try outcome.json()["settings"] as? [String: Any])
      #expect(settings["seed"] as? Int == 42)
      #expect(settings["scheduler"] as? String == "euler")
      #expect(settings["guidance_scale"] as? Double == 7.5)

      let png = attnlab.folder.appending(path: "car.png")
      let picture = try PNG.read(png)
      #expect((picture.width, picture.height) == (136, 120))
      let texts = Dictionary(uniqueKeysWithValues: try PNG.texts(png).map { ($0.key, $0.value) })
      #expect(texts["Prompt"] == "a red car")
      #expect(texts["Seed"] == "42")
      #expect(texts["Content-Hash"] == settings["content_hash"] as? String)

      let file = try SafetensorsFile(url: attnlab.folder.appending(path: "car.safetensors"))
      #expect(file.names == ["latents", "noise"])
      var generator = TorchGenerator(seed: 42)
      #expect(try file.tensor(named: "noise") == generator.randn([1, 4, 15, 17]))
      let latents = try file.tensor(named: "latents")
      #expect(latents.shape == [1, 4, 15, 17])
      #expect(latents.values.allSatisfy { $0.isFinite })
    }
  }

  /// Against diffusers: the same prompt and seed as a case of `Tests/Fixtures/generations.json`.
  @Test func latentsAreThoseOfDiffusers() throws {
    struct Generation: Decodable {
      let name, prompt, negativePrompt, scheduler: String
      let seed, steps, height, width: Int
      let guidanceScale: Double
    }
    let test = try #require(try Fixtures.json("generations", as: [Generation].self).first { $0.name == "negative-3" })
    try Program.inFolder { attnlab in
      let outcome = try attnlab(
        "generate", "--model", "emoji-scenes-first", "--prompt", test.prompt, "--negative", test.negativePrompt,
        "--seed", "\(test.seed)", "--steps", "\(test.steps)", "--guidance", "\(test.guidanceScale)", "--scheduler",
        test.scheduler, "--height", "\(test.height)", "--width", "\(test.width)", "--latents-out", "x.safetensors")
      #expect(outcome.code == 0, "\(outcome.errors)")
      let file = try SafetensorsFile(url: attnlab.folder.appending(path: "x.safetensors"))
      let expected = try Fixtures.safetensors("generations")
      for name in ["noise", "latents"] {
        expectClose(
          try file.tensor(named: name), try expected.tensor(named: "\(test.name).\(name)"), tolerance: 1e-3, name)
      }
    }
  }

  @Test func emptyPromptAndDefaults() throws {
    try Program.inFolder { attnlab in
      let outcome = try attnlab("generate", "--prompt", "", "--steps", "1")
      #expect(outcome.code == 0)
      #expect(attnlab.files == ["picture.png"])
      #expect(outcome.output.hasPrefix("wrote picture.png (128 x 128 pixels, content hash "))
      #expect(outcome.errors == "1/1 steps: \"\", seed 0\n")
    }
  }

  @Test func repeatedPicturesAreEqual() throws {
    try Program.inFolder { attnlab in
      for name in ["a", "b"] {
        #expect(try attnlab("generate", "--prompt", "a dog", "--steps", "2", "--out", "\(name).png").code == 0)
      }
      let bytes = try ["a", "b"].map { try Data(contentsOf: attnlab.folder.appending(path: "\($0).png")) }
      #expect(bytes[0] == bytes[1])
    }
  }

  @Test func heatMapWritesItsFigures() throws {
    try Program.inFolder { attnlab in
      let outcome = try attnlab("heatmap", "a car, a dog", "--steps", "2", "--out", "maps", "--json")
      #expect(outcome.code == 0, "\(outcome.errors)")
      let names = [
        "picture.png", "words.png", "grid-1-a.png", "grid-2-car.png", "grid-3.png", "grid-4-dog.png",
      ]
      let json = try outcome.json()
      #expect(json["files"] as? [String] == names)
      #expect(json["words"] as? [String] == ["a", "car", ",", "dog"])
      #expect(attnlab.files == (["maps"] + names.map { "maps/\($0)" }).sorted())
      for name in names {
        let png = attnlab.folder.appending(path: "maps/\(name)")
        #expect(try PNG.texts(png).contains(PNG.Text("Prompt", "a car, a dog")))
        #expect((try PNG.read(png).width > 600) == (name != "picture.png"))
      }
      // The figures' picture is the one that `generate` makes: observing changes nothing.
      #expect(try attnlab("generate", "--prompt", "a car, a dog", "--steps", "2").code == 0)
      let pictures = try ["maps/picture.png", "picture.png"].map {
        try PNG.read(attnlab.folder.appending(path: $0))
      }
      #expect(pictures[0] == pictures[1])
    }
  }

  @Test func tokens() throws {
    try Program.inFolder { attnlab in
      let table = try attnlab("tokens", "a red car")
      #expect(
        table.output == """
          position   id  piece            word  role
                 0  758  <|startoftext|>        start
                 1  320  a</w>            a     word
                 2  559  red</w>          red   word
                 3  719  car</w>          car   word
                 4  759  <|endoftext|>          end
              5-76  759  <|endoftext|>          padding

          3 of the 75 tokens that a prompt may have

          """)
      let long = (0..<80).map { $0 < 75 ? "car" : "dog" }.joined(separator: " ")
      #expect(try attnlab("tokens", long).output.hasSuffix("so the model never sees: dog dog dog dog dog\n"))
      let json = try attnlab("tokens", long, "--json").json()
      #expect((json["tokens"] as? [Any])?.count == 77)
      #expect(json["truncated_words"] as? [String] == Array(repeating: "dog", count: 5))
    }
  }

  @Test func modelReport() throws {
    try Program.inFolder { attnlab in
      let outcome = try attnlab("models", "emoji-scenes", "--json")
      #expect(outcome.code == 0)
      let sites = try #require(try outcome.json()["sites"] as? [[String: Any]])
      #expect(sites.count == 32)
      #expect(sites.map { $0["layer"] as? Int } == (2..<34).map { $0 / 2 })
      #expect(sites[12]["path"] as? String == "mid_block.attentions.0.transformer_blocks.0.attn1")
      #expect(sites[12]["height"] as? Int == 2)
      #expect(try attnlab("models").output.contains("emoji-scenes"))
    }
  }

  @Test func planReport() throws {
    try Program.inFolder { attnlab in
      try attnlab.write(experiment(), to: "small.yaml")
      let outcome = try attnlab("plan", "small.yaml", "--json")
      #expect(outcome.code == 0, "\(outcome.errors)")
      let json = try outcome.json()
      #expect(json["runs"] as? Int == 3)
      #expect(json["maps"] as? Int == 3 * 16 * 2)
      // 16x16, 8x8, 4x4 and 2x2 cells of 5, 5, 5 and 1 layers, 77 keys of 4 bytes, 2 steps, 3 runs.
      #expect(json["map_bytes"] as? Int == (5 * (256 + 64 + 16) + 4) * 77 * 4 * 2 * 3)
      #expect(json["fits_budget"] as? Bool == true)
      #expect(json["estimated_seconds"] == nil, "no weight is read")
      // The weights alone take more; the pictures are small.
      let memory = try #require(json["memory_bytes"] as? Int)
      #expect(memory > 10 << 20 && memory < 1 << 30)
      let text = try attnlab("plan", "small.yaml").output
      #expect(text.contains("GiB; ") && text.contains(" are free\n") && text.contains(" that are available\n"))
      let timed = try attnlab("plan", "small.yaml", "--json", "--time").json()
      let seconds = try #require(timed["estimated_seconds"] as? Double)
      #expect(seconds > 0)
      #expect(attnlab.files == ["small.yaml"])
    }
  }
}
