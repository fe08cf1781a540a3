import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

/// The command from outside.
@Suite struct BenchCommandTests {
  private func lines(_ outcome: Program.Outcome) throws -> [[String: Any]] {
    try outcome.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  /// The prediction is diffusers', and recording does not change a bit of it.
  @Test func stepIsTheModels() throws {
    let fixture = try Fixtures.safetensors("unet_step")
    try Program.inFolder { attnlab in
      try SafetensorsWriter.write(
        [
          ("latents", try fixture.tensor(named: "square.latents")),
          ("embeddings", try fixture.tensor(named: "square.context")), ("timestep", try Tensor([501], shape: [1])),
        ], to: attnlab.folder.appending(path: "in.safetensors"))
      var files: [Data] = []
      for (record, maps) in [("none", nil), ("cross", 16), ("all", 32)] as [(String, Int?)] {
        let outcome = try attnlab(
          "bench", "step", "--model", "emoji-scenes-first", "--inputs", "in.safetensors", "--output",
          "\(record).safetensors", "--record", record, "--repeat", "2", "--json")
        #expect(outcome.code == 0, "\(outcome.errors)")
        let objects = try lines(outcome)
        #expect(objects.count == 1)
        let object = try #require(objects.first)
        #expect(object["case"] as? String == "step, emoji-scenes-first, 2x16x16 cells, record \(record)")
        #expect(object["n"] as? Int == 2)
        #expect(object["maps"] as? Int == maps)
        for key in ["median_s", "min_s", "max_s", "gflops", "peak_gflops", "peak_share", "peak_rss_gib"] {
          #expect(try #require(object[key] as? Double) > 0)
        }
        let file = attnlab.folder.appending(path: "\(record).safetensors")
        expectClose(
          try SafetensorsFile(url: file).tensor(named: "prediction"), try fixture.tensor(named: "square.501"),
          tolerance: 5e-5, record)
        files.append(try Data(contentsOf: file))
      }
      #expect(files[0] == files[1] && files[0] == files[2])
    }
  }

  @Test func kernelsAreChecked() throws {
    try Program.inFolder { attnlab in
      for (only, names) in [
        ("layer norm", ["layer norm, 8192x320"]),
        (
          "4096x77",
          ["attention, 2x4096x77, 8 heads of 40", "attention, 2x4096x77, 8 heads of 40, recorded"]
        ),
      ] {
        let outcome = try attnlab("bench", "kernels", "--only", only, "--repeat", "1", "--json")
        #expect(outcome.code == 0, "\(outcome.errors)")
        let objects = try lines(outcome)
        #expect(objects.map { $0["case"] as? String } == names)
        for object in objects {
          let difference = try #require(object["difference"] as? Double)
          let allowed = try #require(object["difference_allowed"] as? Double)
          #expect(difference > 0 && difference <= allowed)
        }
      }
      let engines = try lines(attnlab("bench", "kernels", "--only", "2x8x8x2560", "--repeat", "1", "--json"))
      #expect(engines.count == Engine.Backend.allCases.filter(\.isAvailable).count)
    }
  }

  @Test func decodingAndRecording() throws {
    try Program.inFolder { attnlab in
      let decode = try lines(attnlab("bench", "vae", "--repeat", "1", "--height", "64", "--json"))
      #expect(decode.map { $0["case"] as? String } == ["VAE decode, emoji-scenes, 16x8 cells"])
      let record = try lines(attnlab("bench", "recorder", "--repeat", "2", "--json"))
      #expect(record.count == 3)
      for object in record {
        #expect(object["gflops"] is NSNull)
        #expect(try #require(object["rows_per_s"] as? Double) > 0)
        #expect(try #require(object["mb_per_s"] as? Double) > 0)
      }
      #expect(attnlab.files == [])
    }
  }

  @Test func probes() throws {
    try Program.inFolder { attnlab in
      let scan = try lines(attnlab("bench", "probes", "--places", "1", "--repeat", "1", "--json"))
      #expect(scan.map { $0["case"] as? String } == ["ridge at 1 place, 1344 x 256, 999 permutations"])
      #expect(try #require(scan[0]["difference"] as? Double) < 1e-6)
    }
  }

  /// An edit costs what its source and target cost, and its source is what it would be without.
  @Test func methods() throws {
    try Program.inFolder { attnlab in
      let edits = try lines(
        attnlab("bench", "methods", "--only", "masactrl", "--steps", "4", "--repeat", "1", "--json"))
      #expect(
        edits.map { $0["case"] as? String }
          == ["masactrl-mask", "masactrl"].map { "edit, emoji-scenes, \($0), 4 steps" })
      for edit in edits {
        #expect(try #require(edit["difference"] as? Double) < 1e-4)
        #expect(try #require(edit["median_s"] as? Double) > 0)
      }
    }
  }

  static let wrongUses: [([String], Int32, String)] = [
    (["step", "--repeat", "0"], 2, "error: --repeat: 0 is not allowed; it is 1 to 10000"),
    (["step", "--runs", "0"], 2, "error: --runs: 0 is not allowed; it is 1 to 1000"),
    (
      ["step", "--inputs", "a", "--runs", "2"], 2,
      "error: --inputs: the file's tensors say runs, height and width; leave out --runs, --height and --width"
    ),
    (
      ["step", "--height", "100", "--width", "4"], 2,
      "error: --height: 100 is not a multiple of 8 pixels from 8 to 8192\n"
        + "error: --width: 4 is not a multiple of 8 pixels from 8 to 8192\n"
        + "  See 'attnlab bench step --help' for more information."
    ),
    (["step", "--record", "some"], 2, "error: The value 'some' is invalid for '--record <kinds>'"),
    (["methods", "--steps", "0"], 2, "error: --steps: 0 is not allowed; it is 1 to 1000"),
    (["methods", "--only", "nonsense"], 2, "error: --only: no method's name holds \"nonsense\"; there are fpe-code, "),
    (["probes", "--places", "0"], 2, "error: --places: 0 is not allowed; it is 1 to 100000"),
    (["kernels", "--only", "nonsense"], 2, "error: --only: no case's name holds \"nonsense\"; there are attention, "),
    (
      ["step", "--inputs", "bad.safetensors"], 1,
      "error: bad.safetensors: latents: [3, 4, 16, 16]; expected [2 * runs, 4, height, width]\n"
        + "error: bad.safetensors: embeddings: [2, 77, 100]; expected [the batch of the latents, tokens, 128]\n"
        + "error: bad.safetensors: timestep: [2]; expected one value"
    ),
  ]

  @Test(arguments: wrongUses) func wrongUse(_ arguments: [String], _ code: Int32, _ message: String) throws {
    try Program.inFolder { attnlab in
      try SafetensorsWriter.write(
        [
          ("latents", Tensor(zeros: [3, 4, 16, 16])), ("embeddings", Tensor(zeros: [2, 77, 100])),
          ("timestep", Tensor(zeros: [2])),
        ], to: attnlab.folder.appending(path: "bad.safetensors"))
      let line = arguments.map { "'\($0)'" }.joined(separator: " ")
      let outcome = try attnlab.shell("\"$attnlab\" bench \(line)")
      #expect(outcome.code == code)
      #expect(outcome.output == "")
      #expect(outcome.errors.hasPrefix(message), "\(outcome.errors)")
    }
  }
}
