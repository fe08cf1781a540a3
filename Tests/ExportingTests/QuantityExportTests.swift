import Attention
import Checkpoints
import ExperimentSupport
import Foundation
import Results
import TestSupport
import Testing

@testable import Exporting

/// Records of other quantities than probabilities in every format, and what is not done with them.
@Suite struct QuantityExportTests {
  private static let spec = SyntheticResults.spec(
    pairs: "[]", prompts: "[a giraffe]", interventions: "{ none: [] }",
    record: """
      [{ name: p, sites: "cross:*", steps: [1] }, { name: s, of: scores, sites: "*:*", heads: all, steps: [1] },
       { name: q, of: queries, sites: "self:*", heads: all, steps: [1] },
       { name: k, of: keys, sites: "*:*", heads: all, steps: [1] }, { name: o, of: output, sites: "self:*", steps: [1] }]
      """, figures: "[]")

  private func exporting(
    _ request: (_ hash: String) throws -> MapExportRequest, _ body: (_ files: [String: URL]) throws -> Void
  ) throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root, spec: Self.spec)
      let run = try #require(try results.store.runs().first { $0.prompt == "a giraffe" })
      let files = try MapExport.write(
        store: results.store, results: results.results, request: request(run.run.hash), to: root.appending(path: "out"))
      try body(Dictionary(uniqueKeysWithValues: files.map { ($0.lastPathComponent, $0) }))
    }
  }

  private func problem(_ request: @escaping (_ hash: String) throws -> MapExportRequest) throws -> ResultsError? {
    do {
      try exporting(request) { _ in }
      return nil
    } catch let error as ResultsError {
      return error
    }
  }

  private static let block = "down_blocks.0.attentions.0"

  @Test func picturesAreOfProbabilities() throws {
    try exporting {
      MapExportRequest(run: $0)
    } _: { files in
      #expect(files.keys.sorted() == ["a", "giraffe"].map { "step-01_cross-1_\(Self.block)_\($0).png" })
    }
    let error = try problem { MapExportRequest(run: $0, record: "s") }
    #expect(error == .quantity(record: "s", of: "scores", asksWords: false))
    #expect(
      error?.description
        == "record \"s\" holds `of: scores`, and this is drawn of probabilities; name a record of those, or "
        + "export it as npy, npz, safetensors, csv or json")
    let words = try problem { MapExportRequest(run: $0, words: ["a"], record: "q", format: .npy) }
    #expect(
      words?.description
        == "record \"q\" holds `of: queries`, which has no words; leave them out, and export it as npy, npz, "
        + "safetensors, csv or json")
  }

  /// A word of two pieces: the score that has both probabilities, and the mean of both keys.
  @Test func wordsArePutTogetherAsTheirQuantityIs() throws {
    try exporting {
      MapExportRequest(
        run: $0, sites: try SiteSelector("cross:*"), words: ["giraffe"], heads: .indices([1]), record: "s", format: .npy
      )
    } _: { files in
      let values = SyntheticResults.values(step: 1, head: 1, count: 36)
      let expected = (0..<6).map { (cell: Int) -> Double in
        let (one, other) = (Double(values[cell * 6 + 2]), Double(values[cell * 6 + 3]))
        return log(exp(one) + exp(other))
      }
      let found = try Self.values(#require(files["step-01_cross-1_\(Self.block)_head-1.npy"]))
      #expect(zip(found, expected).allSatisfy { abs(Double($0) - $1) < 1e-5 } && found.count == 6)
    }
    try exporting {
      MapExportRequest(run: $0, words: ["giraffe"], heads: .indices([0]), record: "k", format: .npy)
    } _: { files in
      let values = SyntheticResults.values(step: 1, head: 0, count: 24)
      let expected = (0..<4).map { (channel: Int) -> Float in (values[channel * 6 + 2] + values[channel * 6 + 3]) / 2 }
      let found = try Self.values(#require(files["step-01_cross-1_\(Self.block)_head-0.npy"]))
      #expect(found == expected)
    }
  }

  /// Vectors of heads have no mean: each is written by itself, whatever heads are left unsaid.
  @Test func axesSayWhatTheyAre() throws {
    struct Map: Decodable {
      let of, kind: String
      let head: Int?
      let axes: [String]
      let shape: [Int]
      let labels: [String]?
    }
    func maps(_ record: String) throws -> [Map] {
      var maps: [Map] = []
      try exporting {
        MapExportRequest(run: $0, record: record, format: .json)
      } _: { files in
        maps = try JSONDecoder().decode([Map].self, from: Data(contentsOf: #require(files["maps_\(record).json"])))
      }
      return maps
    }
    let queries = try maps("q")
    #expect(queries.map(\.head) == [0, 1] && queries.allSatisfy { $0.of == "queries" && $0.labels == nil })
    #expect(queries.allSatisfy { $0.axes == ["query_y", "query_x", "channel"] && $0.shape == [2, 3, 4] })
    let keys = try maps("k")
    #expect(keys.map(\.kind) == ["self", "self", "cross", "cross"])
    let (ofSelf, ofCross) = (["key_y", "key_x", "channel"], ["one", "channel", "key"])
    #expect(keys.map(\.axes) == [ofSelf, ofSelf, ofCross, ofCross])
    #expect(keys[2].shape == [1, 4, 6] && keys[2].labels?.count == 6)
    let scores = try maps("s")
    #expect(scores.map(\.head) == [nil, nil] && scores[0].axes == ["query_y", "query_x", "key_y", "key_x"])
    #expect(scores[1].axes == ["query_y", "query_x", "key"])
    let output = try maps("o")
    #expect(output.count == 1 && output[0].head == nil && output[0].of == "output")
    for (name, of, axes) in [
      ("k", "keys", "key_y,key_x,channel; at cross-attention one,channel,key"),
      // An output is of all heads together, also where heads are asked for.
      ("o", "output", "query_y,query_x,channel"),
    ] {
      try exporting {
        MapExportRequest(run: $0, heads: .all, record: name, format: .safetensors)
      } _: { files in
        let file = try SafetensorsFile(url: #require(files["maps_\(name).safetensors"]))
        #expect(file.metadata["of"] == of && file.metadata["axes"] == axes)
      }
    }
  }

  private static func values(_ url: URL) throws -> [Float] {
    let data = try Data(contentsOf: url)
    let header = 10 + Int(data[8]) + 256 * Int(data[9])
    return data.dropFirst(header).withUnsafeBytes { bytes in
      (0..<(bytes.count / 4)).map {
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
      }
    }
  }
}
