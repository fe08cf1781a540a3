import AttentionStore
import ExperimentSupport
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Reporting
@testable import Results

/// Word heat maps of recorded runs against those of the package `daam` itself (`Tests/Fixtures/oracle/daam.py`): prompts in
/// which words stand twice, are split, and are found in one another.
@Suite struct DAAMPackageTests {
  private struct Document: Decodable {
    let prompts: [String]
    let steps: Int
    let seed: Seed
    let guidanceScale: Double
  }

  private func withRuns(_ record: String, _ body: (AttentionStore, StoredRun, Int) throws -> Void) throws {
    let document = try Fixtures.json("daam", as: Document.self)
    try Fixtures.withTemporaryFolder { folder in
      let prompts = document.prompts.joined(separator: ", ")
      try SmallExperiment.run(
        folder,
        [
          "generate={ prompts: [\(prompts)], seeds: [\(document.seed)], num_inference_steps: \(document.steps), "
            + "guidance_scale: \(document.guidanceScale) }",
          "model=emoji-scenes-first", "interventions={ none: [] }", "metrics=[]", "record=[\(record)]",
        ])
      try SmallExperiment.withStore(folder) { store in
        let runs = try store.runs()
        #expect(runs.count == document.prompts.count)
        for run in runs { try body(store, run, #require(document.prompts.firstIndex(of: run.prompt))) }
      }
    }
  }

  @Test func mapsAreThoseOfThePackage() throws {
    let expected = try Fixtures.safetensors("daam")
    try withRuns("{ name: all, sites: \"cross:*\", heads: all, tokens: all }") { store, run, number in
      let request = MapViewRequest(run: run.run.hash)
      let view = try WordView(request, store: store)
      #expect(view.words == run.prompt.split(separator: " ").map(String.init).uniqued)
      for (word, map) in zip(view.words, view.maps) {
        expectClose(
          try Tensor(map.values, shape: [map.height, map.width]), try expected.tensor(named: "\(number).\(word)"),
          tolerance: 1e-5, "\(run.prompt): \(word)")
      }
      #expect(view.over == "mean over layers 1-6, 8-16 and heads, sum over steps 0-1, as recorded")
      // What the options choose is another map.
      let whole = try WordView(request, takesMiddleBlock: true, store: store)
      #expect(whole.mapSites.count == 16 && whole.maps != view.maps)
      let summed = try WordView(request, definition: .init(sumsLayers: true), store: store)
      let heads = Float(view.mapSites.reduce(0) { $0 + $1.heads })
      expectClose(
        try Tensor(summed.maps[0].values, shape: [256]),
        try Tensor(view.maps[0].values.map { $0 * heads }, shape: [256]),
        tolerance: 1e-6)
      // The second occurrence alone, which the package does not know.
      if number == 0 {
        let second = try WordView(MapViewRequest(run: run.run.hash, words: ["car", "car#1", "car#2"]), store: store)
          .maps
        #expect(second[0] == view.map(of: "car") && second[1] != second[2])
        #expect(
          zip(second[1].values, second[2].values).map { ($0 + $1) / 2 }.elementsEqual(second[0].values) {
            abs($0 - $1) < 1e-6
          })
      }
    }
  }

  /// Means over heads and sums over a word's tokens lack what the clamp takes off: near, and the same without it.
  @Test func recordsThatAreReduced() throws {
    let records =
      "{ name: all, sites: \"cross:*\", heads: all, tokens: all }, { name: words, sites: \"cross:*\", tokens: words }"
    try withRuns(records) { store, run, number in
      guard number == 0 else { return }
      func maps(_ record: String, clamped: Bool) throws -> Tensor {
        let view = try WordView(
          MapViewRequest(run: run.run.hash, record: record), definition: .init(isClamped: clamped), store: store)
        return try Tensor(view.maps.flatMap(\.values), shape: [view.words.count, 256])
      }
      expectClose(try maps("words", clamped: false), try maps("all", clamped: false), tolerance: 1e-5)
      let difference = try #require(Difference(try maps("words", clamped: true), try maps("all", clamped: true)))
      #expect(difference.relative > 1e-4 && difference.relative < 0.05, "\(difference)")
    }
  }
}
