import Analysis
import Measures
import Tensors
import TestSupport
import Testing

@testable import Comparing
@testable import ExperimentFiles
@testable import Planning

/// Claims judged by made-up runs.
@Suite struct ClaimsJudgementTests {
  private typealias Run = ClaimRuns.Run

  /// Two pairs of one source and a third of another, a seed each; the values by column, pair and seed.
  private func runs(
    seeds: [UInt64] = [1, 2, 3, 4, 5, 6], columns: [String] = ["none", "swap", "placebo"],
    averages: [AverageSpec] = [], _ value: (_ column: String, _ pair: Int, _ seed: UInt64) -> Double?
  ) -> ClaimRuns {
    var runs: [Run] = []
    for seed in seeds {
      for (place, source) in ["dog", "car"].enumerated() {
        runs.append(
          Run(
            intervention: "source", source: nil, prompt: source, seed: seed, settings: "",
            metrics: value("source", place, seed).map { ["m": $0] } ?? [:]))
      }
      for (place, pair) in [("dog", "cat"), ("car", "bus"), ("car", "van")].enumerated() {
        for column in columns {
          runs.append(
            Run(
              intervention: column, source: pair.0, prompt: pair.1, seed: seed, settings: "",
              metrics: value(column, place, seed).map { ["m": $0] } ?? [:]))
        }
      }
    }
    return ClaimRuns(runs, averages: averages)
  }

  private func test(
    of: String = "swap", against: String? = "none", _ threshold: ClaimThreshold = .above(0), placebo: String? = nil
  ) -> ClaimTestSpec {
    ClaimTestSpec(says: "it does", metric: "m", of: of, against: against, threshold: threshold, placebo: placebo)
  }

  private func judge(
    _ tests: [ClaimTestSpec], gates: [GateSpec] = [], confidence: Double = 0.95, _ runs: ClaimRuns,
    _ instruments: InstrumentAccuracies = InstrumentAccuracies { _ in nil }
  ) -> ClaimsJudgement {
    let claim = ClaimSpec(name: "C", statement: "It does.", tests: tests)
    return ClaimsJudgement(ClaimsSpec(confidence: confidence, gates: gates, claims: [claim]), runs, instruments)
  }

  /// Values that differ far more between pairs and seeds than between columns.
  private func value(_ column: String, _ pair: Int, _ seed: UInt64) -> Double? {
    let effects: [String: Double] = ["swap": 0.3, "placebo": 0.05]
    let base = 10 * Double(pair) + Double(seed)
    return base + (effects[column] ?? 0) * (1 + 0.1 * Double(seed))
  }

  /// A test of some settings looks at their runs alone; one without looks at all.
  @Test func settingsOfATest() throws {
    let effects: [(settings: String, effect: Double)] = [("weak", 0.3), ("strong", -0.1)]
    var all: [Run] = []
    for (settings, effect) in effects {
      for seed in 1...8 {
        for column in ["none", "swap"] {
          let added: Double = column == "swap" ? effect + 0.01 * Double(seed) : 0
          all.append(
            Run(
              intervention: column, source: "dog", prompt: "cat", seed: UInt64(seed), settings: settings,
              metrics: ["m": Double(seed) + added]))
        }
      }
    }
    func estimate(_ settings: String?) throws -> ClaimsJudgement.Test {
      var spec = test()
      spec.settings = settings
      return try #require(judge([spec], ClaimRuns(all)).claims.first?.tests.first)
    }
    let (weak, strong, both) = (try estimate("weak"), try estimate("strong"), try estimate(nil))
    #expect(abs(weak.estimate.result.difference - 0.345) < 1e-12 && weak.verdict == .shown)
    #expect(abs(strong.estimate.result.difference + 0.055) < 1e-12 && strong.verdict == .refuted)
    #expect(abs(both.estimate.result.difference - 0.145) < 1e-12 && both.estimate.result.count == 16)
    #expect(weak.estimate.result.count == 8 && weak.estimate.missing == 0)
  }

  /// An average has, of each edit, the mean over its interventions, and nothing where one of them lacks its run.
  @Test func averages() throws {
    let average = AverageSpec(name: "both", interventions: ["swap", "placebo"])
    let all = runs(averages: [average], value)
    let judged = judge(
      [test(against: "both"), test(of: "both"), test(of: "both", against: nil), test(placebo: "both")], all)
    let tests = try #require(judged.claims.first?.tests)
    // By hand: swap adds 0.3 (1 + seed / 10) and the placebo 0.05 of that factor, so their mean is 0.175 and half their difference 0.125.
    let grown = (1...6).map { 1 + 0.1 * Double($0) }.reduce(0, +) / 6
    #expect(abs(tests[0].estimate.result.difference - 0.125 * grown) < 1e-12)
    #expect(abs(tests[1].estimate.result.difference - 0.175 * grown) < 1e-12)
    #expect(abs(tests[2].estimate.result.treatmentMean - (13.5 + 0.175 * grown)) < 1e-12)
    #expect(
      tests.map(\.estimate.result.count) == [18, 18, 18, 18] && tests.allSatisfy { $0.estimate.clustering == .seeds })
    #expect(abs((tests[3].placebo?.result.difference ?? 0) - 0.125 * grown) < 1e-12)
    // Swap and placebo of three pairs and six seeds, none of them, and no source.
    #expect(judged.pictures == 54)

    let missing = runs(averages: [average]) { column, pair, seed in
      column == "placebo" && pair == 1 && seed == 2 ? nil : value(column, pair, seed)
    }
    let found = try #require(judge([test(of: "both"), test(of: "both", against: nil)], missing).claims.first?.tests)
    #expect(found.map(\.estimate.result.count) == [17, 17] && found.map(\.estimate.missing) == [1, 1])
  }

  // MARK: - Estimates

  @Test func intervalsAreThoseOfTheBootstrapWithTheCorrectedConfidence() throws {
    let gate = GateSpec(says: "something", condition: .difference(metric: "m", of: "swap", against: "none"))
    let judgement = judge(
      [test(placebo: "placebo"), test(of: "swap", against: nil)], gates: [gate],
      runs(seeds: (1...24).map { UInt64($0) }, value))
    let first = try #require(judgement.claims.first?.tests.first)
    // Two tests; placebos and gates take nothing from them.
    #expect(abs(first.confidence - (1 - 0.05 / 2)) < 1e-15)
    #expect(first.estimate.clustering == .seeds && first.estimate.result.clusters == 24)
    #expect(first.estimate.result.count == 72 && first.estimate.missing == 0)
    // By hand: three equal differences a seed.
    let byHand = (1...24).flatMap { seed in Array(repeating: 0.3 * (1 + 0.1 * Double(seed)), count: 3) }
    // Means of resamples may be equal to the sample's own, which rounding may decide: the bootstrap is of the very same values.
    let differences = first.estimate.result.differences
    #expect(zip(differences, byHand).allSatisfy { abs($0 - $1) < 1e-12 } && differences.count == 72)
    let sample = ClusteredSample(differences, clusters: (0..<72).map { $0 / 3 })
    let expected = try #require(Bootstrap(confidence: 1 - 0.05 / 2).interval(sample))
    let interval = try #require(first.estimate.interval)
    #expect(abs(interval.lowerBound - expected.lowerBound) < 1e-12)
    #expect(abs(interval.upperBound - expected.upperBound) < 1e-12)
    #expect(abs((first.placebo?.result.difference ?? 0) - 0.25 * 2.25) < 1e-12)
    #expect(first.verdict == .shown && judgement.claims[0].verdict == .shown)
    let plain = judgement.claims[0].tests[1].estimate.result
    #expect(plain.baselineMean == 0 && abs(plain.treatmentMean - (10 + 12.5 + 0.3 * 2.25)) < 1e-12)
  }

  /// The more is tested, the wider each interval.
  @Test func manyTestsWidenTheIntervals() throws {
    let wavy = runs(seeds: Array(1...12)) { column, _, seed in column == "swap" ? Double(seed * seed % 11) : 0 }
    let one = judge([test()], wavy)
    let many = judge(Array(repeating: test(), count: 20), wavy)
    #expect(many.claims[0].tests.allSatisfy { abs($0.confidence - (1 - 0.05 / 20)) < 1e-15 })
    let narrow = try #require(one.claims[0].tests[0].estimate.interval)
    let wide = try #require(many.claims[0].tests[0].estimate.interval)
    #expect(wide.lowerBound < narrow.lowerBound && wide.upperBound > narrow.upperBound)
    #expect(one.claims[0].tests[0].confidence == 0.95)
  }

  @Test func fewerThanFiveSeedsAreNoClusters() {
    let judgement = judge([test()], runs(seeds: [1, 2, 3, 4], value))
    #expect(judgement.claims[0].tests[0].estimate.clustering == .runs)
    #expect(judgement.claims[0].tests[0].estimate.result.clusters == 12)
  }

  /// Pairs that have their seeds to themselves are the cases, however many seeds each has.
  @Test func pairsWithSeedsOfTheirOwnAreClusters() throws {
    func runs(shared: Bool) -> ClaimRuns {
      ClaimRuns(
        (0..<30).flatMap { pair in
          [0, 1].flatMap { place in
            ["none", "swap"].map { name in
              // What two seeds of a pair have in common is most of what differs.
              let value = Double(pair % 7) + 0.1 * Double(place)
              return Run(
                intervention: name, source: "a \(pair)", prompt: "b \(pair)",
                seed: UInt64(shared ? place : 2 * pair + place),
                settings: "", metrics: ["m": name == "none" ? 0 : value])
            }
          }
        })
    }
    let found = judge([test()], runs(shared: false)).claims[0].tests[0].estimate
    #expect(found.clustering == .pairs && found.result.clusters == 30 && found.result.count == 60)
    let differences = (0..<30).flatMap { pair in [0, 1].map { Double(pair % 7) + 0.1 * Double($0) } }
    let sample = ClusteredSample(differences, clusters: (0..<60).map { $0 / 2 })
    let expected = try #require(sample.studentInterval(confidence: 0.95))
    #expect(abs((found.interval?.lowerBound ?? 0) - expected.lowerBound) < 1e-12)
    #expect(abs((found.interval?.upperBound ?? 0) - expected.upperBound) < 1e-12)
    #expect(judge([test()], runs(shared: true)).claims[0].tests[0].estimate.clustering == .runs)
  }

  /// A source serves every target of its prompt, and is one picture.
  @Test func sourcesStandBesideTheirTargets() throws {
    let judgement = judge([test(against: "source"), test(of: "source", against: nil)], runs(value))
    let beside = judgement.claims[0].tests[0].estimate.result
    // Pairs 0, 1 and 2 against sources 0, 1 and 1.
    #expect(beside.count == 18 && abs(beside.difference - (10.0 / 3 + 0.3 * 1.35)) < 1e-12)
    let alone = judgement.claims[0].tests[1].estimate.result
    #expect(alone.count == 12 && abs(alone.treatmentMean - 8.5) < 1e-12)
    #expect(judgement.pictures == 18 + 12 && judgement.seeds == 6)
    let turned = judge([test(of: "source", against: "swap")], runs(value)).claims[0].tests[0].estimate.result
    #expect(abs(turned.difference + beside.difference) < 1e-12)
  }

  @Test func whatIsMissingOrNotFiniteIsCountedAndLeftOut() throws {
    let judgement = judge(
      [test(placebo: "placebo")],
      runs { column, pair, seed in
        switch (column, pair, seed) {
        case ("swap", 0, 1): nil
        case ("none", 1, 1): nil
        case ("none", 0, 2): .infinity
        case ("swap", 2, 3): .nan
        case ("placebo", 0, 4): -.infinity
        default: self.value(column, pair, seed)
        }
      })
    let found = judgement.claims[0].tests[0]
    #expect(found.estimate.missing == 2 && found.estimate.result.excluded == 2 && found.estimate.result.count == 14)
    #expect(found.placebo?.missing == 1 && found.placebo?.result.excluded == 2 && found.placebo?.result.count == 15)
    #expect(found.estimate.result.difference.isFinite && found.verdict == .shown)
    // 14 of none, 15 of the placebo, and all 16 of swap that are numbers, each with one of both.
    #expect(judgement.pictures == 45)
  }

  // MARK: - Two scene readers

  /// The runs with what a second scene reader says of each.
  private func runs(second: (Double) -> Double?) -> ClaimRuns {
    ClaimRuns(
      runs(value).runs.map { run in
        let other = run.metrics?["m"].flatMap(second)
        return Run(key: run.key, metrics: run.metrics?.merging(other.map { ["m_second": $0] } ?? [:]) { one, _ in one })
      })
  }

  @Test func aVerdictHoldsUnderBothReaders() throws {
    func found(_ second: (Double) -> Double?) throws -> ClaimsJudgement.Test {
      try #require(judge([test(placebo: "placebo")], runs(second: second)).claims.first?.tests.first)
    }
    let alone = try found { _ in nil }
    #expect(alone.verdict == .shown && alone.bySecondReader == nil)
    let both = try found { value in 2 * value }
    #expect(both.verdict == .shown && both.reason == nil && both.estimate == alone.estimate)
    #expect(abs((both.bySecondReader?.result.difference ?? 0) - 2 * alone.estimate.result.difference) < 1e-12)
    let against = try found { value in -value }
    #expect(against.verdict == .undecided)
    #expect(against.reason == "the judges differ: by the first scene reader it is shown, by the second refuted")
  }

  // MARK: - What cannot be tested

  @Test func noRunsAndOneCluster() {
    func found(_ runs: ClaimRuns, _ test: ClaimTestSpec? = nil) -> String {
      let result = judge([test ?? self.test()], runs).claims[0].tests[0]
      return "\(result.verdict.rawValue): \(result.reason ?? "")"
    }
    #expect(found(ClaimRuns([])) == "not testable here: there is no such run")
    #expect(
      found(runs { _, _, _ in nil }) == "not testable here: none of 18 runs is done and has the metric")
    #expect(found(runs { _, _, _ in .infinity }) == "not testable here: no value is a finite number")
    let one = runs { column, pair, seed in seed == 1 && pair == 0 ? self.value(column, pair, seed) : nil }
    #expect(found(one) == "not testable here: all values are of one cluster, and an interval needs two")
    let huge = runs { column, _, seed in column == "swap" ? (seed % 2 == 0 ? 1e308 : -1e308) : 0 }
    #expect(found(huge) == "not testable here: the values are too large to be added up")
    let noPlacebo = runs { column, pair, seed in column == "placebo" ? nil : self.value(column, pair, seed) }
    #expect(
      found(noPlacebo, test(placebo: "placebo"))
        == "not testable here: placebo: none of 18 runs is done and has the metric")
  }

  /// No spread: a point, on one side of the threshold or at it.
  @Test func equalValues() {
    let same = runs { column, _, _ in column == "swap" ? 1 : 0 }
    for (threshold, verdict) in [
      (ClaimThreshold.above(0.5), Verdict.shown), (.above(1), .undecided), (.above(1.5), .refuted),
      (.below(1), .undecided),
      (.below(2), .shown),
    ] {
      let test = judge([test(threshold)], same).claims[0].tests[0]
      #expect(test.estimate.interval == 1...1 && test.verdict == verdict, "\(threshold)")
      // Of six seeds the interval is Student's: nothing is resampled for it.
      #expect(test.estimate.result.interval == nil)
    }
    let reason = judge([test(.above(0.5), placebo: "placebo")], runs { column, _, _ in column == "none" ? 0 : 1 })
    #expect(reason.claims[0].tests[0].reason == "the placebo may do the same")
  }

  // MARK: - Gates

  @Test func meansAndDifferences() {
    func holds(_ condition: GateSpec.Condition, _ value: @escaping (String, Int, UInt64) -> Double?) -> Bool {
      judge([test()], gates: [GateSpec(says: "g", condition: condition)], runs(value)).gates.allSatisfy(\.holds)
    }
    let right = { (column: String, pair: Int, seed: UInt64) -> Double? in
      column == "source" ? (seed == 1 ? 0 : 1) : self.value(column, pair, seed)
    }
    // 10 of 12 sources.
    #expect(holds(.mean(metric: "m", of: "source", atLeast: 10.0 / 12), right))
    #expect(!holds(.mean(metric: "m", of: "source", atLeast: 0.84), right))
    #expect(!holds(.mean(metric: "other", of: "source", atLeast: 0), right))
    #expect(holds(.difference(metric: "m", of: "swap", against: "none"), value))
    #expect(holds(.difference(metric: "m", of: "none", against: "swap"), value))
    #expect(
      !holds(.difference(metric: "m", of: "swap", against: "none")) { _, pair, seed in Double(seed) + Double(pair) })
    #expect(!holds(.difference(metric: "m", of: "swap", against: "none")) { _, _, _ in nil })
  }

  /// One value is enough for a mean, and no interval can be had of it.
  @Test func aMeanNeedsNoInterval() {
    let gate = GateSpec(says: "g", condition: .mean(metric: "m", of: "source", atLeast: 1))
    let single = ClaimRuns([
      Run(intervention: "source", source: nil, prompt: "dog", seed: 1, settings: "", metrics: ["m": 1])
    ])
    let judged = judge([test()], gates: [gate], single).gates[0]
    #expect(judged.holds && judged.problem == nil)
  }

  /// The bundled reader is right about drawn scenes: what it says of another model's pictures nobody measured.
  @Test func theBundledReaderKnowsTheBundledModelsAlone() {
    let name = "scene_reader.object"
    #expect(InstrumentAccuracies(InstrumentFolders(), of: "emoji-scenes").accuracy(name) != nil)
    #expect(InstrumentAccuracies(InstrumentFolders(), of: "/models/sd15").accuracy(name) == nil)
    let given = InstrumentFolders([.sceneReader: "emoji-scenes"])
    #expect(InstrumentAccuracies(given, of: "/models/sd15").accuracy(name) != nil)
  }

  @Test func instruments() {
    let gate = GateSpec(says: "the reader is right", condition: .instrument("reader.color", atLeast: 0.95))
    for (accuracy, verdict) in [(0.95, Verdict.shown), (0.9499, .notTestable), (Double.nan, .notTestable)] {
      let judgement = judge(
        [test()], gates: [gate], runs(value), InstrumentAccuracies { $0 == "reader.color" ? accuracy : nil })
      #expect(judgement.claims[0].verdict == verdict, "\(accuracy)")
    }
    let unknown = judge([test()], gates: [gate], runs(value))
    #expect(unknown.gates[0].problem == "no accuracy of \"reader.color\" is known on pictures of this model")
    #expect(unknown.gates.contains { !$0.holds })
    #expect(unknown.claims[0].tests[0].reason == "a gate failed: the reader is right")
    // What was found is told all the same.
    #expect(unknown.claims[0].tests[0].estimate.interval != nil)
  }

  @Test func runsAreMatchedBySettings() {
    let made = ["low", "high"].flatMap { label in
      ["none", "swap"].map { name in
        Run(
          intervention: name, source: "dog", prompt: "cat", seed: 1, settings: label,
          metrics: ["m": (label == "low" ? 1 : 100) + (name == "swap" ? 1 : 0)])
      }
    }
    #expect(judge([test()], ClaimRuns(made)).claims[0].tests[0].estimate.result.differences == [1, 1])
  }
}

extension ClaimRuns.Run {
  init(
    intervention: String, source: String?, prompt: String, seed: UInt64, settings: String, metrics: [String: Double]?
  ) {
    self.init(
      key: RunKey(source: source, prompt: prompt, seed: Seed(seed), intervention: intervention, settings: settings),
      metrics: metrics)
  }
}
