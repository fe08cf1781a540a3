import Checkpoints
import DiffusionModels
import Foundation
import Pipelines
import Tensors
import Testing

@testable import Benchmarks

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
    let error = #expect(throws: BenchmarkError.self) { try Contest(repeats: 2, peak: nil).run(candidates) }
    #expect(
      error?.problems == [
        "one: wrong by 0.5 of the largest value, where 1e-06 is allowed; nothing of it was timed",
        "three: wrong by inf of the largest value, where 1e-06 is allowed; nothing of it was timed",
      ])
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

  /// Products have double precision, and scores are compared as floats.
  @Test func probesAreThoseOfPlainRidge() throws {
    #expect(try ProbeBench.check(samples: 3, features: 5) < 1e-6)
    #expect(try ProbeBench.candidate(blocks: 2).check?().holds == true)
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
