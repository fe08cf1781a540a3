import Attention
import AttentionStore
import ExperimentSupport
import Foundation
import Plotting
import Tensors
import TestSupport
import Testing

@testable import ExperimentFiles
@testable import Exporting
@testable import Results

@Suite struct MapExportTests {
  /// Exports in a folder of its own and hands over the files by name.
  private func exporting(
    _ spec: String = SyntheticResults.spec(), _ request: (_ hashes: [String]) throws -> MapExportRequest,
    _ body: (_ files: [String: Data], _ values: SyntheticResults) throws -> Void
  ) throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root, spec: spec)
      let request = try request(results.store.runs().map(\.run.hash))
      let folder = root.appending(path: "export")
      let urls = try MapExport.write(store: results.store, results: results.results, request: request, to: folder)
      let files = try urls.map { ($0.lastPathComponent, try Data(contentsOf: $0)) }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == files.map(\.0).sorted(),
        "the files returned are the files there")
      try body(Dictionary(uniqueKeysWithValues: files), results)
    }
  }

  private func problem(
    _ spec: String = SyntheticResults.spec(), _ request: (_ hashes: [String]) throws -> MapExportRequest
  )
    throws -> String
  {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root, spec: spec)
      let folder = root.appending(path: "export")
      do {
        let request = try request(results.store.runs().map(\.run.hash))
        _ = try MapExport.write(store: results.store, results: results.results, request: request, to: folder)
        return "nothing was thrown"
      } catch {
        #expect(!FileManager.default.fileExists(atPath: folder.path), "nothing may be written")
        return "\(error)"
      }
    }
  }

  // MARK: - Arrays

  @Test func arraysAreNumPyFiles() {
    let bytes = NPYFile.encode([1, -2, 0.5, .infinity, 0, 3], shape: [1, 2, 3])
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3), }"
    #expect(Array(bytes.prefix(10)) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 118, 0])
    #expect(
      String(decoding: bytes[10..<128], as: UTF8.self) == header + String(repeating: " ", count: 117 - header.count)
        + "\n")
    #expect(
      Array(bytes[128...]) == [
        0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0, 0x3F, 0, 0, 0x80, 0x7F, 0, 0, 0, 0, 0, 0, 0x40, 0x40,
      ])
    // Whatever its shape's digits, the header ends on a multiple of 64.
    for shape in [[1], [7, 1], [10, 100, 77], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]] {
      let data = NPYFile.encode([Float](repeating: 0, count: shape.reduce(1, *)), shape: shape)
      #expect((data.count - 4 * shape.reduce(1, *)) % 64 == 0)
    }
    #expect(String(decoding: NPYFile.encode([1], shape: [1]).prefix(80), as: UTF8.self).contains("'shape': (1,), }"))
  }

  @Test func arraysHoldTheStoredValues() throws {
    try exporting {
      MapExportRequest(run: $0[0], record: "words", format: .npy)
    } _: { files, _ in
      let stem = "_cross-1_down_blocks.0.attentions.0.npy"
      #expect(files.keys.sorted() == ["keys_words.csv", "step-00\(stem)", "step-01\(stem)", "step-02\(stem)"])
      for step in 0..<3 {
        let values = SyntheticResults.values(step: step, head: 0, count: 36)
        #expect(files["step-0\(step)\(stem)"] == NPYFile.encode(values, shape: [2, 3, 6]))
      }
      #expect(
        files["keys_words.csv"].map { String(decoding: $0, as: UTF8.self) }
          == "key,label\n0,<start>\n1,a\n2,red\n3,car\n4,<end>\n5,<padding>\n")
    }
  }

  @Test func wordsAreSumsOfTheirPieces() throws {
    let spec = SyntheticResults.spec(pairs: "[{ source: a giraffe, target: a dog }]")
    try exporting(spec) {
      MapExportRequest(
        run: String($0[0].prefix(12)), words: ["giraffe", "<start>"], steps: .list([1]), record: "words", format: .npy)
    } _: { files, _ in
      let values = SyntheticResults.values(step: 1, head: 0, count: 36)
      let sums = (0..<6).flatMap { cell -> [Float] in
        let keys = values[(cell * 6)..<(cell * 6 + 6)].map { $0 }
        return [keys[2] + keys[3], keys[0]]
      }
      #expect(
        files["step-01_cross-1_down_blocks.0.attentions.0.npy"] == NPYFile.encode(sums, shape: [2, 3, 2]))
      #expect(
        files["keys_words.csv"].map { String(decoding: $0, as: UTF8.self) } == "key,label\n0,giraffe\n1,<start>\n")
    }
  }

  @Test func headsAreChosenOrDrawnTogether() throws {
    let head = { SyntheticResults.values(step: 2, head: $0, count: 36) }
    let site = "step-02_self-1_down_blocks.0.attentions.0"
    func files(_ heads: MapExportRequest.Heads, _ body: ([String: Data]) -> Void) throws {
      try exporting {
        MapExportRequest(
          run: $0[1], sites: try SiteSelector("self:*"), steps: .list([2]), heads: heads, record: "heads", format: .npy)
      } _: { files, _ in
        body(files)
      }
    }
    try files(.mean) {
      let mean = zip(head(0), head(1)).map { ($0 + $1) / 2 }
      #expect($0 == ["\(site).npy": NPYFile.encode(mean, shape: [2, 3, 6])])
    }
    try files(.all) {
      #expect(
        $0 == [
          "\(site)_head-0.npy": NPYFile.encode(head(0), shape: [2, 3, 6]),
          "\(site)_head-1.npy": NPYFile.encode(head(1), shape: [2, 3, 6]),
        ])
    }
    try files(.indices([1])) { #expect($0 == ["\(site)_head-1.npy": NPYFile.encode(head(1), shape: [2, 3, 6])]) }
  }

  // MARK: - Tables

  @Test func tablesAreLong() throws {
    try exporting {
      MapExportRequest(run: $0[0], words: ["red"], steps: .list([0]), record: "words", format: .csv)
    } _: { files, _ in
      let values = SyntheticResults.values(step: 0, head: 0, count: 36)
      let path = "down_blocks.0.attentions.0.transformer_blocks.0.attn2"
      let lines = (0..<6).map {
        "\(path),1,cross,0,900.0,conditional,,\($0 / 3),\($0 % 3),0,red,\(values[$0 * 6 + 2])\n"
      }
      #expect(
        files.mapValues { String(decoding: $0, as: UTF8.self) } == [
          "maps_words.csv": "site,layer,kind,step,timestep,branch,head,y,x,key,label,value\n" + lines.joined()
        ])
    }
  }

  @Test func keysOfSelfMapsArePlaces() throws {
    try exporting {
      MapExportRequest(
        run: $0[0], sites: try SiteSelector("self:*"), steps: .list([2]), heads: .indices([1]), format: .csv)
    } _: { files, _ in
      let lines = String(decoding: files["maps_heads.csv"] ?? Data(), as: UTF8.self).split(separator: "\n")
      #expect(lines.count == 37)
      let value = SyntheticResults.values(step: 2, head: 1, count: 36)[35]
      #expect(
        lines.last.map(String.init)
          == "down_blocks.0.attentions.0.transformer_blocks.0.attn1,1,self,2,300.0,conditional,1,1,2,5,1 2,\(value)")
    }
  }

  // MARK: - Pictures

  @Test func picturesOfWordsAndPoints() throws {
    try exporting {
      MapExportRequest(run: $0[0], steps: .list([0]), colorMap: .magma)
    } _: { files, results in
      let place = "1_down_blocks.0.attentions.0"
      #expect(
        files.keys.sorted() == [
          "heads_step-00_cross-\(place)_a.png", "heads_step-00_cross-\(place)_car.png",
          "heads_step-00_cross-\(place)_red.png", "heads_step-00_self-\(place)_x1-y1.png",
          "words_step-00_cross-\(place)_a.png", "words_step-00_cross-\(place)_car.png",
          "words_step-00_cross-\(place)_red.png",
        ])
      let url = results.results.url.deletingLastPathComponent()
        .appending(path: "export/words_step-00_cross-\(place)_red.png")
      let run = try results.store.runs()[0]
      #expect(
        try PNG.texts(url) == [
          .init("Title", "a red car · \"red\" · cross 1 · step 0 · mean of heads"), .init("Prompt", "a red car"),
          .init("Seed", "1"), .init("Content-Hash", run.run.hash), .init("Software", "attnlab \(attnlabVersion)"),
        ])
    }
  }

  @Test func wordsThatAreNoFileNames() throws {
    let spec = SyntheticResults.spec(
      pairs: "[]", prompts: "[\"/ ? A a u2f\"]", interventions: "{ none: [] }",
      record: "[{ name: a (b), sites: \"cross:*\" }]")
    try exporting(spec) {
      MapExportRequest(run: $0[0], steps: .list([0]))
    } _: { files, _ in
      let stem = "step-00_cross-1_down_blocks.0.attentions.0_"
      #expect(files.keys.sorted() == ["A", "au232", "u2f", "u2f-2", "u3f"].map { "\(stem)\($0).png" }.sorted())
    }
  }

  @Test func aFileOfTheSameNameIsReplaced() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root)
      let request = MapExportRequest(run: try results.store.runs()[0].run.hash, record: "words", format: .csv)
      let file = root.appending(path: "maps_words.csv")
      try Data("old".utf8).write(to: file)
      let urls = try MapExport.write(store: results.store, results: results.results, request: request, to: root)
      #expect(urls == [file])
      #expect(try Data(contentsOf: file).count > 1000)
      let names = try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
      #expect(names == ["maps_words.csv", "small"])
    }
  }

  // MARK: - What there is not

  @Test func runsThatAreNotThere() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root)
      let runs = try results.store.runs()
      let list = zip(runs, ["source, \"a red car\"", "none, \"a blue car\"", "swap, \"a blue car\""]).map {
        "\n  \($0.run.hash.prefix(16))  \($1), seed 1"
      }.joined()
      func message(_ run: String) -> String {
        do {
          _ = try MapExport.write(
            store: results.store, results: results.results, request: MapExportRequest(run: run), to: root)
          return ""
        } catch { return "\(error)" }
      }
      #expect(message("xyz") == "no run begins with \"xyz\"; there are:\(list)")
      #expect(message("") == "which run? give the beginning of its hash; there are:\(list)")
    }
  }

  @Test func anAmbiguousBeginningNamesTheRuns() throws {
    let seeds = (0..<40).map(String.init).joined(separator: ", ")
    let spec = SyntheticResults.spec(seeds: "[\(seeds)]", record: "[]")
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root, spec: spec)
      let hashes = try results.store.runs().map(\.run.hash)
      let shared = try #require(
        Dictionary(grouping: hashes) { $0.prefix(1) }.filter { $0.value.count > 1 }.keys.sorted().first)
      let count = hashes.count { $0.hasPrefix(shared) }
      do {
        _ = try MapExport.write(
          store: results.store, results: results.results, request: MapExportRequest(run: String(shared)), to: root)
        Issue.record("nothing was thrown")
      } catch let error as ResultsError {
        #expect(error.problems[0] == "\"\(shared)\" is the beginning of \(count) runs; give more of it:")
        #expect(error.problems.count == 1 + min(count, 20) + (count > 20 ? 1 : 0))
      }
    }
  }

  @Test func mapsThatAreNotThere() throws {
    func words(_ word: String, _ hashes: [String]) -> MapExportRequest {
      MapExportRequest(run: hashes[0], words: [word], record: "words")
    }
    #expect(
      try problem { words("dog", $0) }
        == "tokens: \"dog\" is not in the prompt \"a red car\"; its words are \"a\", \"red\", \"car\"")
    let few = SyntheticResults.spec(record: "[{ name: words, sites: \"cross:*\", tokens: [car, \"<end>\"] }]")
    #expect(try problem(few) { words("a", $0) } == "\"a\" was not recorded by \"words\"; it has: car, <end>")
    #expect(
      try problem { MapExportRequest(run: $0[0], record: "wrods") }
        == "there is no record \"wrods\"; recorded: \"words\", \"heads\"")
    #expect(
      try problem { MapExportRequest(run: $0[0], steps: .list([0, 1]), record: "heads") }
        == "record \"heads\" has no maps of step 1; recorded: 0, 2")
    #expect(
      try problem { MapExportRequest(run: $0[0], steps: .list([3])) }
        == "steps: 3 is not a step; the run has 3, numbered 0 to 2")
    #expect(
      try problem { MapExportRequest(run: $0[0], sites: try SiteSelector("self:17")) }
        == "sites \"self:17\": there is no layer 17; this model has layers 1-1")
    #expect(
      try problem { MapExportRequest(run: $0[0], sites: try SiteSelector("self:*"), words: ["car"]) }
        == "sites \"self:*\" are all self-attention, which has no words; select cross:* or leave the words out")
    let hash = { (hashes: [String]) in hashes[0].prefix(16) }
    var short: Substring = ""
    let other = try problem {
      short = hash($0)
      return MapExportRequest(run: $0[0], branch: .unconditional)
    }
    #expect(
      other == """
        run \(short) has no map of these sites in the unconditional half; it has:
          words, conditional: cross 1
          heads, conditional: self 1, cross 1
        """)
    #expect(
      try problem { MapExportRequest(run: $0[0], heads: .all, record: "words") }
        == "record \"words\" keeps the mean over heads alone; export the mean, or record with `heads: all`")
    #expect(
      try problem { MapExportRequest(run: $0[0], heads: .indices([0, 2, 3]), record: "heads") }
        == "there is no head 2-3; heads are 0 to 1")
    #expect(
      try problem(SyntheticResults.spec(record: "[]")) { MapExportRequest(run: $0[0]) }
        == "this experiment records no maps; give its file a `record` list")
  }

  @Test func headsAsTheyAreTyped() throws {
    #expect(try MapExportRequest.Heads("mean") == .mean)
    #expect(try MapExportRequest.Heads("all") == .all)
    #expect(try MapExportRequest.Heads("0,2-3") == .indices([0, 2, 3]))
    for wrong in ["", "both", "1-", "2-1", "0-100000"] {
      #expect(throws: SelectionError.self, "\(wrong)") { try MapExportRequest.Heads(wrong) }
    }
  }
}
