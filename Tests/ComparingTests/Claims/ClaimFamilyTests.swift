import Analysis
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Comparing
@testable import ExperimentFiles
@testable import Planning

/// Claims about pairs that have their seeds to themselves: families of tests, what is left out, and gates of their own.
@Suite struct ClaimFamilyTests {
  private typealias Run = ClaimRuns.Run

  /// Pairs of two seeds each.
  private func runs(
    pairs: Int, _ columns: [String] = ["none", "swap"], second: Bool = false, shares: Set<String> = ["m"],
    _ values: (_ column: String, _ pair: Int, _ seed: Int) -> [String: Double]
  ) -> ClaimRuns {
    ClaimRuns(
      (0..<pairs).flatMap { pair in
        [0, 1].flatMap { place in
          (["source"] + columns).map { column in
            let isSource = column == "source"
            let key = RunKey(
              source: isSource ? nil : "a \(pair)", prompt: isSource ? "a \(pair)" : "b \(pair)",
              seed: Seed(UInt64(2 * pair + place)), intervention: column)
            let metrics = values(column, pair, place)
            let twins = metrics.map { ("\($0)_second", $1) }
            return Run(key: key, metrics: second ? metrics.merging(twins) { one, _ in one } : metrics)
          }
        }
      }, shares: shares)
  }

  private func judge(_ claim: ClaimSpec, _ runs: ClaimRuns) -> ClaimsJudgement.Claim {
    ClaimsJudgement(ClaimsSpec(claims: [claim]), runs, InstrumentAccuracies { _ in nil }).claims[0]
  }

  private func test(_ metric: String = "m", _ threshold: ClaimThreshold = .above(0)) -> ClaimTestSpec {
    ClaimTestSpec(says: "it does", metric: metric, of: "swap", against: "none", threshold: threshold)
  }

  private func claim(
    _ tests: [ClaimTestSpec], sources: SourceRule? = nil, gate: RemovalGate? = nil
  ) -> ClaimSpec {
    ClaimSpec(name: "C", statement: "It does.", sources: sources, gate: gate, tests: tests)
  }

  // MARK: - Families

  /// Differences of -1 or 1 with a mean, by pair.
  private func wave(_ pair: Int, _ mean: Double) -> Double { mean + (pair % 2 == 0 ? 1 : -1) }

  /// 100 pairs whose standard error is 0.1: 2.3 errors are enough for the second of two tests, not for the first.
  @Test func whatIsDecidedMakesRoomForTheRest() throws {
    let runs = runs(pairs: 100) { column, pair, _ in
      column == "swap"
        ? ["strong": wave(pair, 1), "weak": wave(pair, 0.215), "none": wave(pair, 0.1)]
        : ["strong": 0, "weak": 0, "none": 0]
    }
    let alone = judge(claim([test("weak"), test("none")]), runs)
    #expect(alone.tests.map(\.verdict) == [.undecided, .undecided])
    #expect(alone.tests.map(\.confidence) == [0.975, 0.975])
    let beside = judge(claim([test("weak"), test("strong")]), runs)
    #expect(beside.tests.map(\.verdict) == [.shown, .shown])
    #expect(beside.tests.map(\.confidence) == [0.95, 0.975])
    let three = judge(claim([test("none"), test("strong"), test("weak", .below(0))]), runs)
    #expect(three.tests.map(\.verdict) == [.undecided, .shown, .undecided])
    #expect(three.tests[0].confidence == 0.975 && abs(three.tests[1].confidence - (1 - 0.05 / 3)) < 1e-15)
  }

  /// Nothing differs: over repeated experiments 5 % of claims or fewer may be shown or refuted, however many tests they have.
  @Test func aAgainstAIsDecidedInFivePercent() {
    var random = SplitMix64(seed: 11)
    func share(_ chance: Double) -> Double { Double(random.next() >> 11) * 0x1p-53 < chance ? 1 : 0 }
    let repetitions = 400
    var decided = (one: 0, three: 0)
    for _ in 0..<repetitions {
      let chances = (0..<40).map { _ in Double(random.next(below: 100)) / 100 }
      let made = runs(pairs: 40) { column, pair, _ in
        column == "source" ? [:] : ["m": share(chances[pair]), "n": share(chances[pair]), "o": share(0.3)]
      }
      if judge(claim([test()]), made).tests.contains(where: { $0.verdict.isDecided }) { decided.one += 1 }
      if judge(claim([test(), test("n"), test("o")]), made).tests.contains(where: { $0.verdict.isDecided }) {
        decided.three += 1
      }
    }
    // Two standard errors of 400 repetitions beyond 5 %.
    #expect(decided.one <= 28 && decided.three <= 28, "\(decided) of \(repetitions)")
    #expect(decided.one >= 8, "\(decided): intervals that are never left are too wide")
  }

  // MARK: - What counts

  @Test func editsOfWrongSourcesAreLeftOut() throws {
    let runs = runs(pairs: 40) { column, pair, seed in
      // Where the source is wrong the swap does the opposite; what `none` shows decides nothing.
      let isWrong = pair < 10 && seed == 0
      return column == "source" ? ["right": isWrong ? 0 : 1] : ["m": column == "none" ? 0.5 : isWrong ? 0 : 1]
    }
    let found = judge(claim([test()], sources: SourceRule(metric: "right", atLeast: 1)), runs)
    #expect(found.leftOut == EditsLeftOut(below: 10, of: 80))
    let estimate = found.tests[0].estimate
    #expect(estimate.result.count == 70 && estimate.missing == 0 && estimate.result.difference == 0.5)
    #expect(judge(claim([test()]), runs).leftOut.below == 0)
    #expect(judge(claim([test()]), runs).tests[0].estimate.result.count == 80)
  }

  /// A source that was not measured is not one that is wrong, though neither counts.
  @Test func sourcesWithoutAValueAreCountedApart() {
    let runs = runs(pairs: 40) { column, pair, _ in
      column == "source" ? pair < 10 ? [:] : ["right": pair < 15 ? 0 : 1] : ["m": 1]
    }
    let rule = SourceRule(metric: "right", atLeast: 1)
    let found = judge(claim([test()], sources: rule), runs)
    #expect(found.leftOut == EditsLeftOut(below: 10, withoutValue: 20, of: 80))
    #expect(
      rule.leftOut(found.leftOut)
        == "Left out: 10 of 80 edits, whose source has a right below 1, and 20 whose source is not done or has no right."
    )
  }

  /// A share on which all runs agree is no certainty, whatever its standard error was found to be.
  @Test func agreementLeavesRoomBesideAnErrorOfItsOwn() throws {
    let values = (0..<4).map { place in
      ClaimRuns.Value(
        key: RunKey(source: "a", prompt: "b", seed: Seed(UInt64(place)), intervention: "m"), of: 1, against: 0, runs: []
      )
    }
    let estimate = ClaimEstimate((values, 0), Bootstrap(), standardError: 0, within: 0...1)
    let interval = try #require(estimate.interval)
    #expect(interval.lowerBound < 0.6 && interval.upperBound == 1 && estimate.coverage == nil)
  }

  @Test func sharesWithoutRoomAreRefused() {
    func found(_ of: Double, _ against: Double, shares: Set<String> = ["m"]) -> ClaimsJudgement.Test {
      judge(
        claim([test()]),
        runs(pairs: 100, shares: shares) { column, pair, _ in
          ["m": (column == "swap" ? of : against) * 100 > Double(pair) ? 1 : 0]
        }
      ).tests[0]
    }
    #expect(found(1, 0.99).verdict == .notTestable)
    #expect(
      found(1, 0.99).reason
        == "m is 1.000 and 0.990, above 0.98 in both, where it has no room to show a difference")
    #expect(found(0.01, 0).reason?.contains("below 0.02 in both") == true)
    // One side has room.
    #expect(found(1, 0.97).verdict != .notTestable && found(1, 0).verdict == .shown)
    #expect(found(1, 0.99, shares: []).verdict != .notTestable)
  }

  /// 60 pairs that agree are not a certainty: as many binomial trials without a failure leave 1 - 0.025^(1/60) of doubt. A share's is
  /// that of SciPy 1.17 for 120 values in 60 pairs.
  @Test func sharesThatAgreeHaveAWidth() throws {
    func interval(_ of: Double, _ against: Double?, shares: Set<String> = ["m"]) throws -> ClosedRange<Double> {
      let spec = ClaimTestSpec(
        says: "it does", metric: "m", of: "swap", against: against == nil ? nil : "none", threshold: .above(0.1))
      let made = runs(pairs: 60, shares: shares) { column, _, _ in ["m": column == "swap" ? of : against ?? 0] }
      return try #require(judge(claim([spec]), made).tests[0].estimate.interval)
    }
    let ofShare = 0.060_855_350_286
    for (of, against, expected) in [
      (0, nil, 0...ofShare), (1, nil, (1 - ofShare)...1), (0, 0, -ofShare...ofShare), (1, 1, -ofShare...ofShare),
    ] as [(Double, Double?, ClosedRange<Double>)] {
      let found = try interval(of, against)
      #expect(abs(found.lowerBound - expected.lowerBound) < 1e-9 && abs(found.upperBound - expected.upperBound) < 1e-9)
    }
    // All edits that differ, differ one way.
    let all = try interval(1, 0)
    #expect(all.upperBound == 1 && all.lowerBound > 0.85 && all.lowerBound < 0.95)
    #expect(try interval(0, nil, shares: []) == 0...0)
  }

  /// Student's t knows no end of the range.
  @Test func sharesEndWhereTheyDo() throws {
    let spec = ClaimTestSpec(says: "it does", metric: "m", of: "swap", threshold: .above(0.5))
    func found(_ shares: Set<String>) throws -> ClosedRange<Double> {
      let made = runs(pairs: 60, shares: shares) { _, pair, _ in ["m": pair == 0 ? 0 : 1] }
      return try #require(judge(claim([spec]), made).tests[0].estimate.interval)
    }
    let (free, ended) = (try found([]), try found(["m"]))
    #expect(free.upperBound > 1 && ended.upperBound < 1)
    // SciPy's, of one pair in 60 without a hit.
    #expect(abs(ended.lowerBound - 0.908_343_249_648) < 1e-9 && abs(ended.upperBound - 0.999_626_613_117) < 1e-9)
  }

  // MARK: - Gates of a claim

  @Test func theAttentionMustMatter() {
    func found(_ removed: Int, of: Int = 80, pairs: Int = 100, second: Bool = false) -> ClaimsJudgement.Claim {
      judge(
        claim([test()], gate: RemovalGate(removed: "uniform", against: "none")),
        runs(pairs: pairs, ["none", "swap", "uniform"], second: second) { column, pair, _ in
          let share = ["none": of, "swap": 95, "uniform": removed][column] ?? 0
          // Spread over the pairs, so that two columns differ in as many as they must.
          return ["m": pair * 37 % 100 < share ? 1 : 0]
        })
    }
    #expect(found(50).removals.first?.holds == true && found(50).verdict == .shown)
    #expect(found(61).removals.first?.holds == false)
    #expect(found(61).tests[0].reason == "a gate failed: without the attention (uniform) too little of m is lost")
    // Twenty points of twenty pairs: the interval reaches below ten.
    #expect(found(50, pairs: 20).removals.first?.holds == false)
    let both = found(50, second: true)
    #expect(both.removals.first?.holds == true && both.removals.first?.bySecondReader != nil)
  }

  /// The attention costs one metric of a claim much, and another one nothing.
  @Test func theAttentionMustMatterToEachTest() {
    func found(_ metric: String?) -> ClaimsJudgement.Claim {
      judge(
        claim(
          [
            test(),
            ClaimTestSpec(says: "so is the other", metric: "k", of: "swap", against: "none", threshold: .above(0)),
          ],
          gate: RemovalGate(metric: metric, removed: "uniform", against: "none")),
        runs(pairs: 100, ["none", "swap", "uniform"], shares: ["m", "k"]) { column, pair, _ in
          let share = ["none": 60, "swap": 95, "uniform": 20][column] ?? 0
          let isIn = pair * 37 % 100 < share
          return ["m": isIn ? 1 : 0, "k": isIn || column == "uniform" && pair * 37 % 100 < 55 ? 1 : 0]
        })
    }
    let own = found(nil)
    #expect(own.removals.map(\.metric) == ["m", "k"] && own.removals.map(\.holds) == [true, false])
    #expect(own.tests.map(\.verdict) == [.shown, .notTestable] && own.verdict == .notTestable)
    #expect(own.tests[1].reason == "a gate failed: without the attention (uniform) too little of k is lost")
    // A metric that the gate names stands for all tests.
    let named = found("m")
    #expect(named.removals.map(\.metric) == ["m"] && named.tests.map(\.verdict) == [.shown, .shown])
  }

  // MARK: - Coverage

  @Test func coverageIsOfTheSizeThatWasMade() throws {
    let runs = runs(pairs: 60) { column, pair, seed in ["m": column == "swap" && (pair * 7 + seed) % 5 < 2 ? 1 : 0] }
    let coverage = try #require(judge(claim([test()]), runs).tests[0].estimate.coverage)
    #expect(coverage.pairs == 60 && coverage.values == 2...2)
    #expect(coverage.share >= IntervalCoverage.bar, "\(coverage)")
    #expect(coverage.components.within > 0)
  }

  /// One of 60 pairs differs: the mean is 1 / 60 and the interval by t reaches 2.001 / 60 to both sides. A sample
  /// without that pair, as (59 / 60)^60 = 36 % are, has an interval without the mean.
  private func rare(_ threshold: ClaimThreshold, _ difference: Double = 1, second: Bool = false)
    -> ClaimsJudgement.Test
  {
    let runs = runs(pairs: 60, second: second, shares: []) { column, pair, _ in
      ["m": column == "swap" && pair == 0 ? difference : 0]
    }
    return judge(claim([test("m", threshold)]), runs).tests[0]
  }

  @Test func anIntervalThatPromisesTooMuchDecidesNothing() throws {
    let found = rare(.above(0.06))
    let interval = try #require(found.estimate.interval)
    let coverage = try #require(found.estimate.coverage)
    #expect(abs(interval.lowerBound + 1.001 / 60) < 1e-5 && abs(interval.upperBound - 3.001 / 60) < 1e-5)
    #expect((0.6...0.67).contains(coverage.share) && coverage.isTooLow, "\(coverage)")
    let reason = "the simulated coverage of 95 % intervals like its own is \(Int(100 * coverage.share)) %"
    #expect(found.verdict == .undecided && found.reason == reason)
    // On both sides of a threshold, and where the claim is below it.
    #expect(rare(.above(-0.04)).verdict == .undecided && rare(.below(0.06)).verdict == .undecided)
    #expect(rare(.below(-0.06), -1).verdict == .undecided && rare(.below(0.04), -1).verdict == .undecided)
    let both = rare(.above(0.06), second: true)
    #expect(both.verdict == .undecided && both.reason == reason && both.bySecondReader == both.estimate)
  }

  /// Twice the half-width is 4.002 / 60 = 0.0667: an interval of that width would decide as well.
  @Test func whatLiesFarFromTheThresholdIsDecidedAllTheSame() {
    #expect(rare(.above(0.08)).verdict == .undecided && rare(.above(0.09)).verdict == .refuted)
    #expect(rare(.above(-0.045)).verdict == .undecided && rare(.above(-0.055)).verdict == .shown)
    #expect(rare(.above(0.09)).reason == nil)
  }

  /// The judge whose interval can be trusted does not decide alone.
  @Test func oneJudgeWhoseIntervalPromisesTooMuch() throws {
    let runs = runs(pairs: 60, shares: []) { column, pair, _ in
      ["m": column == "swap" && pair == 0 ? 1 : 0, "m_second": 0]
    }
    let found = judge(claim([test("m", .above(0.06))]), runs).tests[0]
    let share = try #require(found.estimate.coverage).share
    #expect(found.verdict == .undecided)
    #expect(
      found.reason
        == "the judges differ: by the first scene reader it is undecided, as the simulated coverage of 95 % intervals "
        + "like its own is \(Int(100 * share)) %, by the second refuted")
  }

  /// What stays open makes no room for the other test, whose 0.28 is 2.15 standard errors.
  @Test func whatPromisesTooMuchStaysInTheFamily() {
    let runs = runs(pairs: 60, shares: []) { column, pair, _ in
      column == "swap" ? ["m": pair == 0 ? 1 : 0, "weak": wave(pair, 0.28)] : ["m": 0, "weak": 0]
    }
    let tests = judge(claim([test("m", .above(0.06)), test("weak")]), runs).tests
    #expect(tests.map(\.verdict) == [.undecided, .undecided] && tests.map(\.confidence) == [0.975, 0.975])
    #expect(judge(claim([test("weak")]), runs).tests[0].verdict == .shown)
  }

  /// Two standard errors of 2,000 samples are 1.1 to 1.2 points here.
  @Test func theSimulationMayBeWrong() {
    #expect(!ClaimCoverage.isTooLow(0.93, samples: 2000) && !ClaimCoverage.isTooLow(0.92, samples: 2000))
    #expect(ClaimCoverage.isTooLow(0.915, samples: 2000) && ClaimCoverage.isTooLow(0, samples: 2000))
    #expect(!ClaimCoverage.isTooLow(0.9, samples: 100) && ClaimCoverage.isTooLow(0.8, samples: 100))
  }
}
