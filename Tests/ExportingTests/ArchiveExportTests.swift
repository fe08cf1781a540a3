import Attention
import Checkpoints
import ExperimentSupport
import Files
import Foundation
import TestSupport
import Testing

@testable import ExperimentFiles
@testable import Exporting
@testable import Results

/// The formats that put all maps of a record into one file: npz, safetensors, json.
@Suite struct ArchiveExportTests {
  private func exporting(
    _ spec: String = SyntheticResults.spec(), _ request: (_ hash: String) throws -> MapExportRequest,
    _ body: (_ folder: URL, _ hash: String) throws -> Void
  ) throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root, spec: spec)
      let hash = try results.store.runs()[0].run.hash
      let folder = root.appending(path: "export")
      let files = try MapExport.write(
        store: results.store, results: results.results, request: request(hash), to: folder)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
          == files.map(\.lastPathComponent).sorted())
      try body(folder, hash)
    }
  }

  private static let cross = "cross-1_down_blocks.0.attentions.0"

  // MARK: - npz

  @Test func archivesHoldAnArrayForEachMapAndTheLabels() throws {
    try exporting {
      MapExportRequest(run: $0, record: "words", format: .npz)
    } _: { folder, _ in
      let bytes = try Data(contentsOf: folder.appending(path: "maps_words.npz"))
      let labels = try NPYFile.encode(texts: ["<start>", "a", "red", "car", "<end>", "<padding>"])
      #expect(
        try ZipReading.members(bytes) == [ZipReading.Member(name: "labels.npy", data: labels)]
          + (0..<3).map { step in
            let values = SyntheticResults.values(step: step, head: 0, count: 36)
            return ZipReading.Member(
              name: "step-0\(step)_\(Self.cross).npy", data: NPYFile.encode(values, shape: [2, 3, 6]))
          })
    }
  }

  @Test func everyRecordHasAnArchiveOfItsOwn() throws {
    try exporting {
      MapExportRequest(run: $0, words: ["car", "<start>"], steps: .list([2]), heads: .mean, format: .npz)
    } _: { folder, _ in
      for (record, heads) in [("words", [0]), ("heads", [0, 1])] {
        let members = try ZipReading.members(Data(contentsOf: folder.appending(path: "maps_\(record).npz")))
        let maps = heads.map { SyntheticResults.values(step: 2, head: $0, count: 36) }
        var values: [Float] = []
        for cell in 0..<6 {
          for key in [3, 0] {
            let sum = maps.reduce(Float(0)) { $0 + $1[6 * cell + key] }
            values.append(sum / Float(heads.count))
          }
        }
        #expect(
          members == [
            .init(name: "labels.npy", data: try NPYFile.encode(texts: ["car", "<start>"])),
            .init(name: "step-02_\(Self.cross).npy", data: NPYFile.encode(values, shape: [2, 3, 2])),
          ])
      }
    }
  }

  @Test func textsAreNumPyArrays() throws {
    let bytes = try NPYFile.encode(texts: ["ab", "", "\u{1F600}"])
    #expect(String(decoding: bytes.prefix(128), as: UTF8.self).contains("{'descr': '<U2', 'fortran_order': False, "))
    #expect(String(decoding: bytes.prefix(128), as: UTF8.self).contains("'shape': (3,), }"))
    let scalars: [UInt8] = [
      0x61, 0, 0, 0, 0x62, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xF6, 1, 0, 0, 0, 0, 0,
    ]
    #expect(Array(bytes[128...]) == scalars)
    #expect(String(decoding: try NPYFile.encode(texts: [""]), as: UTF8.self).contains("'<U1'"))
  }

  /// Each text has the room of the longest, so a long one among many would take far more than it has.
  @Test func textsThatWouldFillTheMemory() throws {
    let long = String(repeating: "a", count: 1 << 18)
    let most = [String](repeating: "b", count: 63) + [long]
    #expect(try NPYFile.encode(texts: most).count == 128 + 4 * (1 << 24))
    #expect {
      _ = try NPYFile.encode(texts: most + ["c"])
    } throws: {
      "\($0)" == "a label has 262,144 characters, and NumPy gives 65 labels as much room each; export as json"
    }
  }

  // MARK: - Zip

  @Test func zipOfKnownBytes() throws {
    try Fixtures.withTemporaryFolder { root in
      let file = root.appending(path: "a.zip")
      let zip = StoredZip(try NewFile(file))
      try zip.add(Data("123456789".utf8), as: "n")
      try zip.finish()
      let bytes = try Data(contentsOf: file)
      // The check value of CRC-32 is CBF43926.
      let common: [UInt8] =
        [0, 0, 8, 0, 0, 0, 0, 0x21, 0, 0x26, 0x39, 0xF4, 0xCB, 9, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0]
      var expected: [UInt8] = [0x50, 0x4B, 3, 4, 20] + common + Array("n123456789".utf8)
      expected += [0x50, 0x4B, 1, 2, 45, 0, 20] + common + [UInt8](repeating: 0, count: 14) + Array("n".utf8)
      expected += [0x50, 0x4B, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0, 47, 0, 0, 0, 40, 0, 0, 0, 0, 0]
      #expect(Array(bytes) == expected)
    }
  }

  @Test(arguments: [(UInt64.max, UInt64.max), (0, .max), (60, .max), (.max, 2), (.max, 4)])
  func largeArchivesSayTheirSizesInZIP64(_ offsetLimit: UInt64, _ countLimit: UInt64) throws {
    try Fixtures.withTemporaryFolder { root in
      let file = root.appending(path: "a.zip")
      let zip = StoredZip(
        try NewFile(file), offsetLimit: min(offsetLimit, 0xFFFF_FFFF), countLimit: min(countLimit, 0xFFFF))
      let members = (0..<3).map {
        ZipReading.Member(name: "\($0)\u{E4}", data: Data(repeating: UInt8($0), count: 17 * $0))
      }
      for member in members { try zip.add(member.data, as: member.name) }
      try zip.finish()
      let bytes = try Data(contentsOf: file)
      #expect(try ZipReading.members(bytes) == members)
      #expect(ZipReading.isZIP64(bytes) == (offsetLimit < 100 || countLimit < 4))
    }
  }

  @Test func archivesThatAreNotFinishedLeaveNothing() throws {
    try Fixtures.withTemporaryFolder { root in
      do {
        let zip = StoredZip(try NewFile(root.appending(path: "a.zip")))
        try zip.add(Data([1]), as: "n")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: root.path).isEmpty)
    }
  }

  // MARK: - safetensors

  @Test func tensorsCarryWhatTheyAre() throws {
    try exporting {
      MapExportRequest(run: $0, steps: .list([0, 2]), heads: .indices([1]), record: "heads", format: .safetensors)
    } _: { folder, hash in
      let file = try SafetensorsFile(url: folder.appending(path: "maps_heads.safetensors"))
      let names = ["cross", "self"].flatMap { kind in
        [0, 2].map { "step-0\($0)_\(kind)-1_down_blocks.0.attentions.0_head-1" }
      }
      #expect(file.names.sorted() == names.sorted())
      for name in names {
        let tensor = try file.tensor(named: name)
        #expect(tensor.shape == [2, 3, 6])
        let step = name.hasPrefix("step-00") ? 0 : 2
        let values = tensor.withUnsafeValues { Array($0) }
        #expect(values == SyntheticResults.values(step: step, head: 1, count: 36), "\(name)")
      }
      let maps = try #require(file.metadata["maps"])
      let metadata = file.metadata.filter { $0.key != "maps" }
      #expect(
        metadata == [
          "format": "pt", "software": "attnlab \(attnlabVersion)", "axes": "query_y,query_x,key", "run": hash,
          "prompt": "a red car", "seed": "1", "intervention": "source", "record": "heads", "of": "probabilities",
          "labels": #"["<start>","a","red","car","<end>","<padding>"]"#,
        ])
      let object = try #require(try JSONSerialization.jsonObject(with: Data(maps.utf8)) as? [String: [String: Any]])
      #expect(object.keys.sorted() == names.sorted())
      let place = try #require(object[names[1]])
      #expect(
        place as NSDictionary == [
          "site": "down_blocks.0.attentions.0.transformer_blocks.0.attn2", "layer": 1, "kind": "cross", "step": 2,
          "timestep": 300, "branch": "conditional", "head": 1,
        ] as NSDictionary)
    }
  }

  // MARK: - JSON

  @Test func objectsNameTheirAxes() throws {
    try exporting {
      MapExportRequest(run: $0, words: ["red"], steps: .list([1]), record: "words", format: .json)
    } _: { folder, hash in
      let values = SyntheticResults.values(step: 1, head: 0, count: 36)
      let cells = (0..<6).map { "[\(values[6 * $0 + 2])]" }
      let rows = [cells[..<3], cells[3...]].map { $0.joined(separator: ", ") }
      let text = try String(contentsOf: folder.appending(path: "maps_words.json"), encoding: .utf8)
      #expect(
        text == """
          [
          {"run": "\(hash)", "prompt": "a red car", "seed": 1, "intervention": "source", "record": "words", "of": "probabilities", \
          "site": "down_blocks.0.attentions.0.transformer_blocks.0.attn2", "layer": 1, "kind": "cross", "step": 1, \
          "timestep": 600.0, "branch": "conditional", "head": null, "axes": ["query_y","query_x","key"], \
          "shape": [2,3,1], "labels": ["red"], "values": [[\(rows[0])], [\(rows[1])]]}
          ]

          """)
    }
  }

  @Test func keysOfSelfMapsHaveTwoAxes() throws {
    struct Map: Decodable {
      let step: Int
      let head: Int?
      let axes: [String]
      let shape: [Int]
      let labels: [String]?
      let values: [[[[Float]]]]
    }
    try exporting {
      MapExportRequest(
        run: $0, sites: try SiteSelector("self:*"), heads: .all, record: "heads", format: .json)
    } _: { folder, _ in
      let maps = try JSONDecoder().decode(
        [Map].self, from: Data(contentsOf: folder.appending(path: "maps_heads.json")))
      #expect(maps.map { [$0.step, $0.head] } == [[0, 0], [0, 1], [2, 0], [2, 1]])
      for map in maps {
        #expect(map.axes == ["query_y", "query_x", "key_y", "key_x"])
        #expect(map.shape == [2, 3, 2, 3])
        #expect(map.labels == nil)
        #expect(map.values.map(\.count) == [3, 3])
        #expect(map.values.joined().allSatisfy { $0.map(\.count) == [3, 3] })
        let flat = map.values.joined().joined().joined()
        #expect(Array(flat) == SyntheticResults.values(step: map.step, head: map.head ?? -1, count: 36))
      }
    }
  }

  @Test func textThatNeedsEscapes() throws {
    let spec = SyntheticResults.spec(
      pairs: "[]", prompts: "['say \"a/b\"']", interventions: "{ none: [] }",
      record: "[{ name: w, sites: \"cross:*\" }]")
    try exporting(spec) {
      MapExportRequest(run: $0, steps: .list([0]), format: .json)
    } _: { folder, _ in
      let data = try Data(contentsOf: folder.appending(path: "maps_w.json"))
      let maps = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
      #expect(maps.count == 1)
      #expect(maps[0]["prompt"] as? String == "say \"a/b\"")
    }
  }
}
