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

/// Where sweeps differ from nothing done.
@Suite struct SweepDifferenceTests {
  private static let metric = "color_reflected"
  private static let calls = (1...6).map { "late steps=call \($0)" }

  /// Twelve pairs that have their seeds to themselves, and a metric that is a share.
  /// - Parameters:
  ///   - wrong: the source of so many pairs, the first ones, is not right.
  ///   - value: by intervention and pair; nil: the run lacks the metric.
  private func runs(
    _ names: [String], wrong: Int = 0, _ value: (_ name: String, _ pair: Int) -> Double?
  ) -> ClaimRuns {
    let all = (0..<12).flatMap { pair in
      let right = ClaimRuns.Run(
        intervention: "source", source: nil, prompt: "a \(pair)", seed: UInt64(pair), settings: "",
        metrics: ["picture_right": pair < wrong ? 0 : 1])
      let targets = (["none"] + names).map { name in
        ClaimRuns.Run(
          intervention: name, source: "a \(pair)", prompt: "b \(pair)", seed: UInt64(pair), settings: "",
          metrics: value(name, pair).map { [Self.metric: $0] } ?? [:])
      }
      return [right] + targets
    }
    return ClaimRuns(all, shares: [Self.metric])
  }

  /// - Parameter steps: of each intervention; nil: one after the other.
  private func grid(
    _ names: [String], _ runs: ClaimRuns, steps: [ClosedRange<Int>]? = nil, untouched: String? = "none"
  ) throws -> SweepGrid {
    let metrics = [try #require(MetricRegistry.named(Self.metric))]
    let steps = Dictionary(
      uniqueKeysWithValues: zip(names, steps ?? names.indices.map { $0...$0 }).map { ($0, Optional($1)) })
    return try #require(
      SweepGrid.grids(["none"] + names, steps: steps, untouched: untouched, metrics, runs, nil).first)
  }

  /// The first three calls take all that is there without them, and the others nothing.
  private static func planted(_ name: String) -> Double { calls.prefix(3).contains(name) ? 0 : 1 }

  @Test func thePlantedCallsDifferAndNoOthers() throws {
    let grid = try grid(Self.calls, runs(Self.calls) { name, _ in Self.planted(name) })
    // Six cells of one metric.
    #expect(abs((grid.differenceConfidence ?? 0) - (1 - 0.05 / 6)) < 1e-15)
    let differences = grid.differences(in: 0)
    #expect(differences.map(\.cell.intervention) == Self.calls)
    #expect(differences.map(\.estimate.result.difference) == [-1, -1, -1, 0, 0, 0])
    #expect(differences.map(\.estimate.excludesZero) == [true, true, true, false, false, false])
    // All twelve agree, and the intervals have a width all the same. By hand: with b = (0.05 / 12)^(1/12) the share lost lies in
    // b...1 and that gained in 0...1-b, or both in 0...1-b.
    let left = 1 - 0.633357712
    let gone = try #require(differences[0].estimate.interval)
    #expect(gone.lowerBound == -1 && abs(gone.upperBound - (-1 + 2.0.squareRoot() * left)) < 1e-6, "\(gone)")
    let same = try #require(differences[5].estimate.interval)
    #expect(abs(same.lowerBound + left) < 1e-6 && abs(same.upperBound - left) < 1e-6, "\(same)")
    let reach = try #require(grid.reaches.first)
    #expect(grid.reaches.count == 1 && reach.sweep == "late" && reach.metric.name == Self.metric)
    #expect(reach.first?.name == "call 1" && reach.last?.name == "call 3" && reach.end == .from("call 4"))
    #expect(reach.last?.estimate.result.count == 12)
  }

  @Test func aSweepThatDiffersToItsEndOrNowhere() throws {
    let growing = try grid(Self.calls, runs(Self.calls) { name, _ in name == "none" ? 1 : 1 - Self.planted(name) })
    #expect(growing.reaches.map(\.first?.name) == ["call 4"] && growing.reaches.map(\.last?.name) == ["call 6"])
    #expect(growing.reaches.map(\.end) == [.never])
    let nowhere = try grid(Self.calls, runs(Self.calls) { _, _ in 1 })
    let reach = try #require(nowhere.reaches.first)
    #expect(reach.first == nil && reach.last == nil && reach.end == .from("call 1"))
    #expect(nowhere.differing(in: 0).isEmpty)
  }

  @Test func withNothingToCompareWith() throws {
    let grid = try grid(Self.calls, runs(Self.calls) { name, _ in Self.planted(name) }, untouched: nil)
    #expect(grid.cells.joined().allSatisfy { $0?.differences == nil } && grid.differenceConfidence == nil)
    #expect(grid.reaches.isEmpty && grid.differences(in: 0).isEmpty && grid.differing(in: 0).isEmpty)
  }

  /// A run counts beside its partner alone, and what nobody measured is not taken for what does not differ.
  @Test func missingRuns() throws {
    func reach(_ isMissing: @escaping (String, Int) -> Bool) throws -> (SweepGrid.Reach, SweepGrid) {
      let grid = try grid(
        Self.calls, runs(Self.calls) { name, pair in isMissing(name, pair) ? nil : Self.planted(name) })
      return (try #require(grid.reaches.first), grid)
    }
    let (_, some) = try reach { name, pair in name == "none" && pair < 2 || name == Self.calls[0] && pair == 11 }
    let first = try #require(some.differences(in: 0).first).estimate
    #expect(first.result.count == 9 && first.missing == 3 && first.result.difference == -1)
    #expect(some.cells[0][0]?.means.first?.result.count == 11)
    let (open, _) = try reach { name, _ in name == Self.calls[4] }
    #expect(open.last?.name == "call 3" && open.end == .unknown)
    let (before, gap) = try reach { name, _ in name == Self.calls[1] }
    #expect(before.first?.name == "call 1" && before.last?.name == "call 3" && before.end == .from("call 4"))
    #expect(gap.differences(in: 0).map(\.estimate.excludesZero) == [true, nil, true, false, false, false])
    // One pair is too few for an interval.
    let (single, _) = try reach { _, pair in pair > 0 }
    #expect(single.last == nil && single.end == .unknown)
  }

  /// Where the source is wrong the calls take nothing: with these edits less would be lost.
  @Test func editsThatDoNotCountAreInNoDifference() throws {
    let all = runs(Self.calls, wrong: 4) { name, pair in pair < 4 ? 1 : Self.planted(name) }
    let counted = try grid(Self.calls, all.counting(SourceRule(metric: "picture_right", atLeast: 1)))
    let first = try #require(counted.differences(in: 0).first).estimate
    #expect(first.result.count == 8 && first.result.difference == -1)
    let whole = try grid(Self.calls, all)
    let other = try #require(whole.differences(in: 0).first).estimate
    #expect(other.result.count == 12 && abs(other.result.difference + 8.0 / 12) < 1e-12)
  }

  @Test func theLargestComeFirst() throws {
    let names = ["end", "all"].flatMap { words in (1...2).map { "swap words=\(words), layers=\($0)" } }
    let grid = try grid(
      names,
      runs(names) { name, pair in
        switch name {
        case names[0]: pair < 2 ? 1 : 0
        case names[1], names[3]: 0
        default: 1
        }
      })
    #expect(grid.differing(in: 0).map(\.cell.intervention) == [names[1], names[3], names[0]])
    #expect(!grid.isInOrder && grid.reaches.isEmpty)
  }

  /// Numbers must rise or fall; each sweep is read in its own order, which may not be that of the rows.
  @Test func whatIsInOrder() throws {
    func grid(_ key: String, _ sweeps: [[String]]) throws -> SweepGrid {
      let names = sweeps.enumerated().flatMap { number, values in values.map { "s\(number) \(key)=\($0)" } }
      return try self.grid(names, runs(names) { name, _ in name == "s1 \(key)=2" ? 0 : 1 })
    }
    let kinds: [(key: String, sweeps: [[String]], isInOrder: Bool)] = [
      ("strength", [["0.25", "0.5", "1"]], true), ("strength", [["1", "0.5", "0.25"]], true),
      ("strength", [["0.25", "1", "0.5"]], false), ("words", [["end", "all"]], false),
      ("layers", [["1", "2"], ["1-4", "5-16"]], false), ("steps", [["early", "late"]], true),
      ("seed", [["0", "1", "2"]], false), ("heads", [["0", "1"]], false), ("strength", [["0.5", "nan"]], false),
    ]
    for kind in kinds {
      let grid = try grid(kind.key, kind.sweeps)
      #expect(grid.isInOrder == kind.isInOrder, "\(kind)")
    }
    // Steps follow one another, grow, shrink, or have no order.
    let windows: [(steps: [ClosedRange<Int>], isInOrder: Bool)] = [
      ([0...4, 5...9, 10...19], true), ([0...1, 0...3, 0...7], true), ([1...19, 4...19, 9...19], true),
      ([10...19, 0...9], true), ([0...19, 10...19, 0...9], false), ([0...4, 0...4], false), ([5...9, 0...19], false),
    ]
    for window in windows {
      let names = window.steps.indices.map { "s steps=\($0)" }
      let grid = try self.grid(names, runs(names) { _, _ in 1 }, steps: window.steps)
      #expect(grid.isInOrder == window.isInOrder, "\(window)")
    }
    let two = try grid("layers", [["1", "3", "5"], ["2", "3", "4"]])
    #expect(two.rows == ["1", "3", "5", "2", "4"] && two.isInOrder)
    #expect(two.reaches.map(\.sweep) == ["s0", "s1"] && two.reaches.map(\.last?.name) == [nil, "2"])
    #expect(two.reaches.map(\.end) == [.from("1"), .from("3")])
  }
}
