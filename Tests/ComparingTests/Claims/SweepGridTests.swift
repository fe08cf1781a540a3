import Measures
import Testing

@testable import Comparing
@testable import ExperimentFiles
@testable import Planning

/// Interventions of sweeps as rows and columns, by their names.
@Suite struct SweepGridTests {
  private static let names = [
    "none", "swap words=end, layers=1-4", "swap words=end, layers=5-16", "swap words=all, layers=1-4",
    "swap words=all, layers=5-16", "keys words=end", "keys words=all", "no mass words=end", "deep a=1, b=2, c=3", "a b",
    "a=1",
  ]

  private func runs(_ value: (_ name: String, _ pair: Int) -> Double?) -> ClaimRuns {
    ClaimRuns(
      Self.names.flatMap { name in
        (0..<8).map { pair in
          ClaimRuns.Run(
            intervention: name, source: "a \(pair)", prompt: "b \(pair)", seed: UInt64(pair), settings: "",
            metrics: value(name, pair).map { ["color_reflected": $0] } ?? [:])
        }
      })
  }

  private func grids(_ runs: ClaimRuns) throws -> [SweepGrid] {
    SweepGrid.grids(
      Self.names, untouched: "none", [try #require(MetricRegistry.named("color_reflected"))], runs, nil)
  }

  @Test func twoKeysAreRowsAndColumnsAndSweepsOfOneKeyStandBesideOneAnother() throws {
    let grids = try grids(runs { _, _ in 1 })
    #expect(grids.map(\.name) == ["swap", nil])
    #expect(grids.map(\.keys.rows) == ["words", "words"] && grids.map(\.keys.columns) == ["layers", nil])
    #expect(grids.map(\.rows) == [["end", "all"], ["end", "all"]])
    #expect(grids.map(\.columns) == [["1-4", "5-16"], ["keys", "no mass"]])
    #expect(
      grids[0].cells.map { $0.map { $0?.intervention } } == [
        ["swap words=end, layers=1-4", "swap words=end, layers=5-16"],
        ["swap words=all, layers=1-4", "swap words=all, layers=5-16"],
      ])
    #expect(
      grids[1].cells.map { $0.map { $0?.intervention } } == [
        ["keys words=end", "no mass words=end"], ["keys words=all", nil],
      ])
  }

  @Test func meansAreThoseOfTheInterventions() throws {
    let grids = try grids(
      runs { name, pair in
        switch name {
        case "none": 1
        case "swap words=all, layers=5-16": pair < 2 ? nil : pair % 2 == 0 ? 0 : 1
        case "keys words=all": nil
        default: 0
        }
      })
    let mean = try #require(grids[0].cells[1][1]?.means.first)
    #expect(mean.result.treatmentMean == 0.5 && mean.result.count == 6 && mean.clustering == .pairs)
    // By hand: six values of 0 and 1 have the standard error sqrt(0.3 / 6); t of 5 degrees at 0.975 is 2.5706.
    let interval = try #require(mean.interval)
    #expect(abs(interval.upperBound - (0.5 + 2.5706 * (0.3 / 6).squareRoot())) < 1e-4)
    #expect(grids[0].untouched?.map(\.result.treatmentMean) == [1])
    #expect(grids[1].cells[1][0]?.means.first?.result.count == 0)
  }

  @Test func withoutSharesThereIsNoGrid() {
    #expect(SweepGrid.grids(Self.names, untouched: nil, [], runs { _, _ in 1 }, nil).isEmpty)
  }
}
