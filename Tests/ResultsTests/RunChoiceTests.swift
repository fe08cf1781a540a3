import AttentionStore
import ExperimentFiles
import ExperimentSupport
import Foundation
import Results
import TestSupport
import Testing

/// Runs as the options of commands name them.
@Suite struct RunChoiceTests {
  private func with(_ body: (SyntheticResults, [StoredRun]) throws -> Void) throws {
    try Fixtures.withTemporaryFolder { folder in
      let results = try SyntheticResults(folder, spec: SyntheticResults.spec(seeds: "[1, 2]"))
      try body(results, results.store.runs())
    }
  }

  @Test func aRunIsFoundByTheFirstDigitsOfItsHash() throws {
    try with { results, runs in
      for run in runs {
        let found = try StoredRun.find(run.run.hash.prefix(20).uppercased(), in: results.store)
        #expect(found.id == run.id)
      }
      let some = runs.prefix(5).map { $0.run.hash.prefix(16) }.joined(separator: ", ")
      #expect(throws: ExperimentError("--run: no run begins with \"x\\u{7}\"; the runs begin with \(some), ...")) {
        _ = try StoredRun.find("x\u{7}", in: results.store)
      }
      #expect(throws: ExperimentError("--run: 6 runs begin with \"\": \(some); give more digits")) {
        _ = try StoredRun.find("", in: results.store)
      }
    }
  }

  @Test func theFirstDoneRunThatFitsIsTaken() throws {
    try with { results, runs in
      func run(_ choice: RunChoice) throws -> StoredRun { try choice.run(in: results.store, of: "small") }
      #expect(try run(RunChoice()).id == runs[0].id)
      #expect(try run(RunChoice(seed: 2)).run.seed == 2)
      let swap = try run(RunChoice(seed: 2, intervention: "swap"))
      #expect(swap.run.intervention == "swap" && swap.run.seed == 2)
      #expect(try run(RunChoice(hash: runs[3].run.hash, seed: 7)).id == runs[3].id)
      #expect(
        throws: ExperimentError([
          "no run that is done fits all that is asked for; there are", "  --seed: 1, 2",
          "  --prompt: \"a blue car\", \"a red car\"", "  --intervention: none, source, swap",
        ])
      ) { _ = try run(RunChoice(seed: 3)) }
    }
  }

  @Test func nothingIsDone() throws {
    try Fixtures.withTemporaryFolder { folder in
      let results = try SyntheticResults(folder, finishing: { _ in false })
      #expect(throws: ExperimentError("small has no run that is done")) {
        _ = try RunChoice(seed: 1).run(in: results.store, of: "small")
      }
    }
  }
}
