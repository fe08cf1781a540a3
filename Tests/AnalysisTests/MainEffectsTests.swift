import Testing

@testable import Analysis

/// What parts add, against a plain twin, by hand, and where effects were planted.
@Suite struct MainEffectsTests {
  /// Singles, all but one, nothing, everything, and random sets of eleven: the sets that are tried of sixteen layers.
  private static let sets: [[Int]] = {
    var random = SplitMix64(seed: 16)
    let all = Array(0..<16)
    let drawn = (0..<20).map { _ -> [Int] in
      var left = all
      return (0..<11).map { _ in left.remove(at: random.next(below: left.count)) }.sorted()
    }
    return [[], all] + all.map { [$0] } + all.map { out in all.filter { $0 != out } } + drawn
  }()

  /// By hand: of nothing, one, the other and both, with an interaction that the sums cannot hold.
  @Test func byHand() throws {
    let found = try MainEffects(
      sets: [[], [0], [1], [0, 1]], parts: 2, values: [[1, 3, 2, 8], [3, 5, 4, 6]], clusters: [0, 1])
    // Means 2, 4, 3, 7: effects (4 - 2 + 7 - 3) / 2 and (3 - 2 + 7 - 4) / 2, base 4 - 3 / 2 - 1.
    #expect(abs(found.effects[0].mean - 3) < 1e-12 && abs(found.effects[1].mean - 2) < 1e-12)
    #expect(abs(found.base.mean - 1.5) < 1e-12 && abs(found.predicted([0, 1]) - 6.5) < 1e-12)
    // Each mean is off by 1/2, of squares 14 around 4.
    #expect(abs(found.explained - (1 - 1.0 / 14)) < 1e-12)
  }

  /// As one system of equations for the values of all subjects, solved by Gauss's method with pivots.
  @Test func asAPlainTwin() throws {
    var normal = NormalNumbers(seed: 4)
    let values = (0..<6).map { _ in Self.sets.map { _ in normal.next() } }
    let found = try MainEffects(sets: Self.sets, parts: 16, values: values, clusters: [0, 0, 1, 1, 2, 2])
    var system = Array(repeating: Array(repeating: 0.0, count: 18), count: 17)
    for subject in values {
      for (set, value) in zip(Self.sets, subject) {
        let row = [1.0] + (0..<16).map { set.contains($0) ? 1.0 : 0 }
        for i in 0..<17 {
          for j in 0..<17 { system[i][j] += row[i] * row[j] }
          system[i][17] += row[i] * value
        }
      }
    }
    for i in 0..<17 {
      let pivot = try #require((i..<17).max { abs(system[$0][i]) < abs(system[$1][i]) })
      system.swapAt(i, pivot)
      for k in 0..<17 where k != i {
        let factor = system[k][i] / system[i][i]
        for j in i..<18 { system[k][j] -= factor * system[i][j] }
      }
    }
    let expected = (0..<17).map { system[$0][17] / system[$0][$0] }
    for (sample, value) in zip([found.base] + found.effects, expected) {
      #expect(abs(sample.mean - value) < 1e-10 && sample.clusters == 3)
    }
  }

  @Test func whatCannotBeToldApart() {
    #expect(throws: MainEffects.Failure.inseparable(part: 1)) {
      try MainEffects(sets: [[], [0, 1], [2]], parts: 3, values: [[1, 2, 3]], clusters: [0])
    }
    #expect(throws: MainEffects.Failure.inseparable(part: 2)) {
      try MainEffects(sets: [[], [0], [1]], parts: 3, values: [[1, 2, 3]], clusters: [0])
    }
    #expect(throws: MainEffects.Failure.noSubjects) {
      try MainEffects(sets: [[], [0]], parts: 1, values: [], clusters: [])
    }
  }

  // MARK: - Planted effects

  /// Layers 3 to 6 help, 11 and 12 hurt, the others do nothing.
  private static let planted = (0..<16).map { (3...6).contains($0) ? 0.12 : (11...12).contains($0) ? -0.12 : 0 }

  /// Yes or no for each of two seeds of a pair; edits of a pair are alike, and so are those of a seed under all sets.
  private func values(_ sets: [[Int]], pairs: Int, _ random: inout SplitMix64) -> [[Double]] {
    func share() -> Double { Double(random.next() >> 11) * 0x1p-53 }
    return (0..<pairs).flatMap { _ -> [[Double]] in
      let ofPair = 0.2 * (share() - 0.5)
      return (0..<2).map { _ in
        let (luck, own) = (share(), 0.5)
        return sets.map { set in
          let chance = 0.35 + ofPair + set.reduce(0) { $0 + Self.planted[$1] }
          return own * luck + (1 - own) * share() < chance ? 1 : 0
        }
      }
    }
  }

  /// The set that is found on 40 pairs holds the planted layers, and on 100 others it gains over what was planted as a placebo.
  @Test func aPlantedEffectIsFoundAndHolds() throws {
    var random = SplitMix64(seed: 40)
    let clusters = (0..<80).map { $0 / 2 }
    let fit = try MainEffects(
      sets: Self.sets, parts: 16, values: values(Self.sets, pairs: 40, &random), clusters: clusters)
    let found = fit.greedy()
    #expect(Set(found).isSuperset(of: 3...6) && !found.contains(11) && !found.contains(12), "\(found)")
    #expect(found.count <= 6)
    #expect(zip(found, found.dropFirst()).allSatisfy { fit.effects[$0].mean >= fit.effects[$1].mean })
    for part in [11, 12] {
      #expect(fit.effects[part].studentInterval(confidence: 0.95).map { $0.upperBound < 0 } == true)
    }
    let heldOut = values([found, [], Self.sets[40]], pairs: 100, &random)
    for other in [1, 2] {
      let gain = ClusteredSample(heldOut.map { $0[0] - $0[other] }, clusters: (0..<200).map { $0 / 2 })
      #expect((gain.studentInterval(confidence: 0.95)?.lowerBound ?? -1) > 0, "\(other): \(gain.mean)")
    }
  }

  /// Sets small enough that the chances of a yes in them can be sums of effects.
  private static let small: [[Int]] = [[]] + (0..<16).map { [$0] } + (0..<15).map { [$0, $0 + 1] }

  /// The share of intervals that hold what was planted, of all effects in 80 samples of 40 pairs with two seeds: the
  /// size in use.
  private func coverage(_ truths: [Double], _ values: () -> [[Double]]) throws -> Double {
    let clusters = (0..<80).map { $0 / 2 }
    var (held, count) = (0, 0)
    for _ in 0..<80 {
      let fit = try MainEffects(sets: Self.small, parts: 16, values: values(), clusters: clusters)
      for (effect, truth) in zip(fit.effects, truths) {
        count += 1
        if let interval = effect.studentInterval(confidence: 0.95), interval.contains(truth) { held += 1 }
      }
    }
    return Double(held) / Double(count)
  }

  /// Intervals of effects hold what was planted.
  @Test func plantedEffectsAreCovered() throws {
    var random = SplitMix64(seed: 8)
    let share = try coverage(Self.planted) { Self.normal(Self.small, &random) }
    print("40 pairs of 2 seeds: 95 % intervals hold the effect of a layer in \(share)")
    #expect(share >= IntervalCoverage.bar)
  }

  /// Effects on the chance of a yes, as the metrics in use have them.
  private struct Chances {
    /// Of the empty set.
    let base: Double
    /// By part.
    let effects: [Double]
    /// How far the base and each effect lie from that in a pair, at most.
    let ofPairs, ofEffects: Double

    /// A yes in about half of the edits, with the effects of layers planted above.
    static let half = Chances(base: 0.45, effects: MainEffectsTests.planted, ofPairs: 0.1, ofEffects: 0.05)
    /// A yes in one of twenty, and more with layers 3 to 6.
    static let rare = Chances(
      base: 0.05, effects: (0..<16).map { (3...6).contains($0) ? 0.06 : 0 }, ofPairs: 0.03, ofEffects: 0.01)
  }

  /// Intervals of effects on a yes or no hold what was planted too, where a yes is rare as well: an effect is a sum of
  /// many values, which is near normal. The intervals are no wider than they must be.
  @Test(arguments: [false, true]) func plantedEffectsOnAYesOrNoAreCovered(isRare: Bool) throws {
    var random = SplitMix64(seed: 8)
    let chances = isRare ? Chances.rare : .half
    let share = try coverage(chances.effects) { Self.answers(chances, &random) }
    print("40 pairs of 2 seeds, yes or no: 95 % intervals hold the effect of a layer in \(share)")
    #expect(share >= IntervalCoverage.bar && share <= 0.97, "\(share)")
  }

  /// Yes or no for each of two seeds of 40 pairs under the small sets: one draw of a seed decides half of its answers,
  /// and each of the others has a draw of its own. So the chance is the mean, and answers of a seed are alike.
  private static func answers(_ chances: Chances, _ random: inout SplitMix64) -> [[Double]] {
    func share() -> Double { Double(random.next() >> 11) * 0x1p-53 }
    return (0..<40).flatMap { _ -> [[Double]] in
      let base = chances.base + chances.ofPairs * (2 * share() - 1)
      let effects = chances.effects.map { $0 + chances.ofEffects * (2 * share() - 1) }
      return (0..<2).map { _ in
        let luck = share()
        return small.map { set in
          let chance = set.reduce(base) { $0 + effects[$1] }
          let (isLuck, own) = (share() < 0.5, share())
          return (isLuck ? luck : own) < chance ? 1 : 0
        }
      }
    }
  }

  /// Values whose effects add up, with deviations of pairs, of effects from pair to pair, and of values.
  private static func normal(_ sets: [[Int]], _ random: inout SplitMix64) -> [[Double]] {
    var normal = NormalNumbers(seed: random.next())
    return (0..<40).flatMap { _ -> [[Double]] in
      let ofPair = 0.3 * normal.next()
      let effects = planted.map { $0 + 0.1 * normal.next() }
      return (0..<2).map { _ in
        sets.map { set in ofPair + set.reduce(0) { $0 + effects[$1] } + 0.4 * normal.next() }
      }
    }
  }
}
