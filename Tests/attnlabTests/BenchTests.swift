import Checkpoints
import DiffusionModels
import Foundation
import Pipelines
import Tensors
import TestSupport
import Testing

@testable import attnlab

/// What the benchmarks count and check; how fast anything is, no test can say.
@Suite struct BenchTests {
  @Test func medians() {
    #expect(BenchResult.median([3]) == 3)
    #expect(BenchResult.median([9, 1, 2]) == 2)
    #expect(BenchResult.median([4, 1, 9, 2]) == 3)
    #expect(BenchResult.median([]).isNaN)
  }

  @Test func differenceBites() {
    let expected = (0..<100).map { Double($0) - 50 }
    let found = expected.map(Float.init)
    #expect(Agreement.difference(found, expected) == 0)
    let scaled = Agreement.difference(found.map { $0 * 1.001 }, expected)
    #expect(abs(scaled - 0.001) < 1e-6)
    #expect(Agreement.difference(found.reversed(), expected) > 1.9)
    #expect(Agreement.difference(found.dropLast(), expected) == .infinity)
    #expect(Agreement.difference(found.dropLast() + [.nan], expected) == .infinity)
    #expect(Agreement.difference(found, expected.dropLast() + [.infinity]) == .infinity)
    #expect(Agreement.difference([Float](), [Double]()) == 0)
  }

  @Test func turnsAlternate() throws {
    var order = ""
    func candidate(_ name: String) -> BenchCandidate { BenchCandidate(name: name) { order += name } }
    let results = try Contest(repeats: 3, peak: candidate("p")).run([candidate("a"), candidate("b")])
    #expect(order == "abp" + "abp" + "pba" + "abp")
    #expect(results.map(\.case) == ["a", "b"])
    for result in results {
      #expect(result.n == 3)
      #expect(result.timesS.count == 3)
      #expect(result.minS <= result.medianS && result.medianS <= result.maxS)
      #expect(result.gflops.value == nil)
    }
  }

  @Test func wrongResultsAreNotTimed() throws {
    var calls = 0
    func candidate(_ name: String, difference: Double) -> BenchCandidate {
      BenchCandidate(
        name: name, check: { Agreement(difference: difference, allowed: 1e-6) }, body: { calls += 1 })
    }
    let candidates = [
      candidate("one", difference: 0.5), candidate("two", difference: 1e-7), candidate("three", difference: .infinity),
    ]
    let error = #expect(throws: CommandError.self) { try Contest(repeats: 2, peak: nil).run(candidates) }
    #expect(
      error?.description
        == "one: wrong by 0.5 of the largest value, where 1e-06 is allowed; nothing of it was timed\n"
        + "error: three: wrong by inf of the largest value, where 1e-06 is allowed; nothing of it was timed")
    #expect(calls == 0)
  }

  @Test func figures() throws {
    let candidate = BenchCandidate(
      name: "x", engine: "e", threads: 2, operations: 3e9, bytes: 0x1p31, rows: (10, 4_000_000), body: {})
    let result = BenchResult(
      candidate, times: [2, 1, 4], check: Agreement(difference: 0.25, allowed: 0.5), peakMemory: 1 << 29,
      peakGflops: 6)
    #expect(
      try result.line() == """
        {"case":"x","difference":0.25,"difference_allowed":0.5,"engine":"e","gflops":1.5,"gib_per_s":1,"max_s":4,\
        "mb_per_s":2,"median_s":2,"min_s":1,"n":3,"peak_gflops":6,"peak_rss_gib":0.5,"peak_share":0.25,\
        "rows_per_s":5,"threads":2,"times_s":[2,1,4]}

        """)
    let bare = BenchResult(
      BenchCandidate(name: "y", engine: "e", threads: 1, body: {}), times: [1], check: nil, peakMemory: nil,
      peakGflops: nil)
    #expect(
      try bare.line() == """
        {"case":"y","engine":"e","gflops":null,"max_s":1,"median_s":1,"min_s":1,"n":1,"peak_gflops":null,\
        "peak_rss_gib":null,"peak_share":null,"threads":1,"times_s":[1]}

        """)
    #expect(
      [result, bare].table == """
        case  engine  median     min     max  n  GFLOP/s  of peak           throughput  peak RSS
        x     e       2.00 s  1.00 s  4.00 s  3     1.50     25 %  5 rows/s, 2.00 MB/s  0.50 GiB
        y     e       1.00 s  1.00 s  1.00 s  1

        """)
  }

  @Test func memory() throws {
    #expect(ProcessMemory.peak(inStatus: "Name:\tx\nVmPeak:\t 9 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 5 kB\n") == 1_263_616)
    #expect(ProcessMemory.peak(inStatus: "Name:\tx\n") == nil)
    let before = try #require(ProcessMemory.peak)
    let tensor = Tensor(zeros: [64 << 20])
    let after = try #require(ProcessMemory.peak)
    #expect(after >= before)
    #expect(after >= tensor.count * 4)
  }

  /// Counted by torch.utils.flop_counter over diffusers 0.42.1, less the text's keys and values and all but one of the
  /// batch's time embeddings.
  @Test(arguments: [(16, 16, 1_785_254_400.0), (24, 16, 2_784_183_552.0)])
  func workOfTheUNet(_ height: Int, _ width: Int, _ expected: Double) throws {
    let folder = try #require(BundledModels.url(of: "emoji-scenes")).appending(path: "unet")
    let configuration = try UNetConfiguration(ConfigFile(contentsOf: folder.appending(path: "config.json")))
    let work = NetworkWork.unet(
      try WeightStore(folder: folder), configuration, batch: 2, height: height, width: width, tokens: 77)
    #expect(work == expected)
  }

  /// Counted alike.
  @Test func workOfTheDecoder() throws {
    let folder = try #require(BundledModels.url(of: "emoji-scenes")).appending(path: "vae")
    let configuration = try VAEConfiguration(ConfigFile(contentsOf: folder.appending(path: "config.json")))
    let work = NetworkWork.decoder(try WeightStore(folder: folder), configuration, height: 16, width: 16)
    #expect(work == 6_136_995_840)
  }
}

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
          "bench", "step", "--inputs", "in.safetensors", "--output", "\(record).safetensors", "--record", record,
          "--repeat", "2", "--json")
        #expect(outcome.code == 0, "\(outcome.errors)")
        let objects = try lines(outcome)
        #expect(objects.count == 1)
        let object = try #require(objects.first)
        #expect(object["case"] as? String == "step, emoji-scenes, 2x16x16 cells, record \(record)")
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
