import Attention
import AttentionStore
import ExperimentSupport
import Foundation
import Results
import TestSupport
import Testing

/// What a database holds of keys that are several words.
@Suite struct EditedWordRecordTests {
  private static func overrides(_ pairs: String, _ record: String) -> [String] {
    [
      "generate={ pairs: [\(pairs)], seeds: [1], num_inference_steps: 1, height: 64, width: 64, scheduler: ddim }",
      "record=\(record)", "interventions={ none: [] }", "metrics=[]", "figures=[word_heatmaps]",
    ]
  }

  /// A prompt that is the target of two sources has the keys of each, in a row of its own.
  @Test func aPromptHasTheKeysOfEachPair() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let pairs =
        "{ source: a red car, target: a blue car }, { source: a blue bus, target: a blue car }, "
        + "{ source: a car, target: a red car }"
      let file = Self.overrides(pairs, "[{ name: edit, sites: \"cross:mid\", tokens: [<edited>, <kept>] }]")
      try SmallExperiment.run(folder, file)
      try SmallExperiment.run(folder, file + ["generate.seeds=[2]"])
      try SmallExperiment.withStore(folder) { (store) throws -> Void in
        var found: [String: [String: [Int]]] = [:]
        for run in try store.runs() {
          let records = try store.records(of: run.id)
          #expect(records.count == 1)
          let keys = try store.recordKeys(of: records[0].id, for: run.run.prompt)
          try store.forEachMap(MapFilter(runs: [run.id])) { #expect($0.keys == keys.count) }
          let positions = Dictionary(uniqueKeysWithValues: keys.map { ($0.label, $0.positions) })
          let name = "\(run.sourcePrompt ?? "") -> \(run.prompt), \(run.run.seed)"
          found[name] = positions
          // Exports name them alike.
          for (label, _) in positions {
            let selection = try MapSelection(MapExportRequest(run: run.run.hash, words: [label]), store)
            #expect(selection.records.map { $0.words?.map(\.label) ?? [] } == [[label]], "\(name)")
          }
        }
        for seed in 1...2 {
          #expect(found["a red car -> a blue car, \(seed)"] == ["<edited>": [2], "<kept>": [1, 3]])
          #expect(found["a blue bus -> a blue car, \(seed)"] == ["<edited>": [3], "<kept>": [1, 2]])
          #expect(found["a car -> a red car, \(seed)"] == ["<edited>": [2], "<kept>": [1, 3]])
          #expect(found[" -> a blue bus, \(seed)"] == ["<edited>": [3], "<kept>": [1, 2]])
          #expect(found[" -> a car, \(seed)"] == ["<kept>": [1, 2]])
        }
        #expect(try store.records().count == 2)
      }
    }
  }

  /// A phrase is the sum of its words, and figures and exports know it by its name.
  @Test func aPhraseIsTheSumOfItsWords() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let record =
        "[{ name: phrase, sites: \"cross:1\", tokens: [\"red car\", <padding>] }, "
        + "{ name: all, sites: \"cross:1\" }]"
      try SmallExperiment.run(folder, Self.overrides("{ source: a red car, target: a red car }", record))
      try SmallExperiment.withStore(folder) { (store) throws -> Void in
        let run = try #require(try store.runs().first)
        let records = try store.records(of: run.id)
        #expect(try store.recordKeys(of: records[0].id, for: run.run.prompt).map(\.label) == ["red car", "<padding>"])
        var values: [String: [Float]] = [:]
        for name in ["phrase", "all"] {
          try store.forEachMap(MapFilter(runs: [run.id], records: [name])) { values[name] = $0.values }
        }
        let (phrase, all) = (try #require(values["phrase"]), try #require(values["all"]))
        #expect(!phrase.isEmpty && phrase.count / 2 == all.count / 77)
        for cell in 0..<(phrase.count / 2) {
          let row = all[(cell * 77)..<((cell + 1) * 77)].map(Double.init)
          let (named, rest) = (row[2] + row[3], row[5...].reduce(0, +))
          #expect(abs(Double(phrase[cell * 2]) - named) < 1e-6)
          #expect(abs(Double(phrase[cell * 2 + 1]) - rest) < 1e-5)
        }
        let selection = try MapSelection(MapExportRequest(run: run.run.hash, record: "phrase"), store)
        #expect(selection.records[0].allWords.map(\.label) == ["red car"])
      }
      let figures = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "small/figures").path)
      #expect(figures.contains { $0.hasPrefix("word_heatmaps") })
    }
  }
}
