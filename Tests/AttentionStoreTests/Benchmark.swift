import Attention
import Foundation
import Testing

@testable import AttentionStore

/// How fast steps are stored and read. Numbers of a machine, so it runs only when asked:
/// `ATTNLAB_BENCHMARK=1 swift test -c release -Xswiftc -enable-testing --filter StoreBenchmark`.
@Suite(
  "Benchmark of the store", .serialized,
  .enabled(if: ProcessInfo.processInfo.environment["ATTNLAB_BENCHMARK"] != nil, "set ATTNLAB_BENCHMARK to run it"))
struct StoreBenchmark {
  @Test("20 steps of 500 maps of 80 kB, and of 5000 maps of 2 kB", arguments: [(500, 20_480), (5000, 512)])
  func steps(maps: Int, values: Int) throws {
    let folder = try TestFolder()
    let store = try AttentionStore.open(folder.database, mode: .create)
    let prompt = try store.register(prompts: [Samples.prompt("a")])[0]
    let site = try store.register(sites: Samples.sites)[1]
    let record = try Samples.register(in: store)[0]
    let run = try store.beginGroup(hash: "g", runs: [Samples.run("s", prompt: prompt)]).runs[0].id
    let data = MapType.float32.encode((0..<values).map { Float($0) })
    let rows = (0..<maps).map { head in
      MapRow(
        run: run, record: record, site: site, branch: .conditional, head: head, height: 1, width: 1, keys: values,
        type: .float32, data: data)
    }
    let clock = ContinuousClock()
    let steps = 20
    var slowest = Duration.zero
    let writing = try clock.measure {
      for step in 0..<steps {
        let one = try clock.measure {
          try store.commitStep(groupHash: "g", step: step, timestep: 1, state: Data(count: 100_000), maps: rows)
        }
        slowest = max(slowest, one)
      }
    }
    let finishing = try clock.measure { try store.finishGroup(hash: "g", results: [RunResult(run: run)]) }
    var bytes = 0
    let reading = try clock.measure { try store.forEachMap { bytes += $0.data.count } }
    #expect(bytes == maps * steps * values * 4)
    var count = 0
    let counting = try clock.measure { count = try store.mapCount(MapFilter(steps: 3..<4)) }
    #expect(count == maps)
    func rate(_ duration: Duration) -> String {
      let seconds = duration / .seconds(1)
      return "\(duration), \(Int(Double(maps * steps) / seconds)) maps/s, \(Int(Double(bytes) / seconds / 1e6)) MB/s"
    }
    print("\(steps) steps of \(maps) maps of \(4 * values) bytes")
    print("  writing \(rate(writing)), the slowest step \(slowest); finishing \(finishing)")
    print("  reading \(rate(reading)); counting \(counting)")
  }

  @Test("encoding 10 million values")
  func encoding() throws {
    let values = (0..<10_000_000).map { Float($0) * 1e-7 }
    let clock = ContinuousClock()
    for type in MapType.allCases {
      var data = Data()
      let there = clock.measure { data = type.encode(values) }
      var back: [Float] = []
      let again = clock.measure { back = type.decode(data) }
      #expect(back.count == values.count)
      print("\(type.rawValue): encoded in \(there), decoded in \(again)")
    }
  }
}
