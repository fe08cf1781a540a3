import Testing

@testable import Analysis

/// Metrics of methods read where they keep equally much: against values by hand, a plain twin, and planted curves.
@Suite struct DialCurveTests {
  private typealias Value = DialCurve.Value

  private func curve(_ means: [(Double, Double)?]) -> DialCurve {
    DialCurve(means.map { mean in [mean.map { Value(held: $0.0, metric: $0.1) }] }, clusters: [0])
  }

  private func reading(_ curve: DialCurve, _ level: Double) -> Double? {
    DialCurve.crossing(of: curve.means, at: level).flatMap { DialCurve.metric(at: $0, curve.means) }
  }

  /// By hand: on the straight line between the neighbors of the level, in either direction of the dial, past points without runs.
  @Test func byHand() throws {
    let falling = curve([(0.9, 0.2), (0.8, 0.4), (0.4, 0.8)])
    #expect(abs((reading(falling, 0.7) ?? 0) - 0.5) < 1e-12)
    #expect(abs((reading(curve([(0.4, 0.8), nil, (0.8, 0.4), (0.9, 0.2)]), 0.7) ?? 0) - 0.5) < 1e-12)
    #expect(reading(falling, 0.8) == 0.4 && reading(falling, 0.9) == 0.2 && reading(falling, 0.4) == 0.8)
    #expect(reading(falling, 0.95) == nil && reading(falling, 0.39) == nil && reading(curve([nil, nil]), 0.5) == nil)
    // The first of several places along the dial.
    #expect(abs((reading(curve([(0.6, 1), (0.8, 0), (0.6, 5)]), 0.7) ?? 0) - 0.5) < 1e-12)
    #expect(DialReading(falling, at: 0.95) == nil)
    #expect(DialReading(falling, against: curve([(0.1, 1), (0.2, 1), (0.3, 1)]), at: 0.7) == nil)
  }

  /// A subject that keeps more than the level pays for it by the curve's slope: by hand, half-way between two points of slope -1.
  @Test func contributionsByHand() throws {
    let curve = DialCurve(
      [
        [Value(held: 1, metric: 0), Value(held: 0.6, metric: 0.8), nil],
        [Value(held: 0, metric: 1), Value(held: 0.8, metric: 0.6), Value(held: 1, metric: 1)],
      ], clusters: [0, 1, 2])
    // Means (0.8, 0.4) and (0.6, 2.6 / 3), slope -7 / 3; 0.7 lies half-way.
    let found = try #require(curve.contributions(at: 0.7))
    #expect(found[2] == nil && found.count == 3)
    #expect(abs((found[0] ?? 0) - (0.5 + 7.0 / 3 * (0.5 - 0.7))) < 1e-12)
    #expect(abs((found[1] ?? 0) - (0.7 + 7.0 / 3 * (0.7 - 0.7))) < 1e-12)
  }

  // MARK: - Planted curves

  /// True means along the dial: what is kept rises and the edit falls, as a method does that takes more and more from its source.
  private struct Planted {
    let held: [Double]
    let metric: [Double]

    static let strong = Planted(held: [0.3, 0.45, 0.55, 0.66, 0.75, 0.8], metric: [0.9, 0.88, 0.85, 0.8, 0.7, 0.6])
    static let weak = Planted(held: [0.3, 0.5, 0.64, 0.72, 0.76, 0.77], metric: [0.9, 0.8, 0.7, 0.65, 0.5, 0.4])

    var truth: Double {
      let means = zip(held, metric).map { Optional(Value(held: $0, metric: $1)) }
      return DialCurve.crossing(of: means, at: 0.7).flatMap { DialCurve.metric(at: $0, means) } ?? .nan
    }
  }

  /// Yes or no for each edit. Edits of a pair are alike, and so are those of one edit along the dial.
  private func samples(_ curves: [Planted], pairs: Int, _ random: inout SplitMix64) -> [DialCurve] {
    func share() -> Double { Double(random.next() >> 11) * 0x1p-53 }
    var points = curves.map { Array(repeating: [Value?](), count: $0.held.count) }
    for _ in 0..<pairs {
      let (easyToKeep, easyToEdit) = (0.3 * (share() - 0.5), 0.2 * (share() - 0.5))
      for _ in 0..<2 {
        for (index, curve) in curves.enumerated() {
          let (kept, edited) = (share(), share())
          for dial in curve.held.indices {
            points[index][dial].append(
              Value(
                held: kept < curve.held[dial] + easyToKeep ? 1 : 0,
                metric: edited < curve.metric[dial] + easyToEdit ? 1 : 0))
          }
        }
      }
    }
    return points.map { DialCurve($0, clusters: (0..<2 * pairs).map { $0 / 2 }) }
  }

  /// 95 % intervals of one method's reading, and of the difference of two, hold the planted ones, at the sizes in use.
  @Test(arguments: [40, 60, 100])
  func plantedReadingsAreCovered(pairs: Int) throws {
    var random = SplitMix64(seed: UInt64(pairs))
    let (strong, weak) = (Planted.strong.truth, Planted.weak.truth)
    #expect(abs(strong - (0.8 - 0.1 * 4 / 9)) < 1e-9 && abs(weak - 0.6625) < 1e-9)
    let count = 600
    var held = [0, 0]
    for _ in 0..<count {
      let curves = samples([.strong, .weak], pairs: pairs, &random)
      let single = DialReading(curves[0], at: 0.7, resamples: 200)
      let difference = DialReading(curves[0], against: curves[1], at: 0.7, resamples: 200)
      for (index, (reading, truth)) in [(single, strong), (difference, strong - weak)].enumerated() {
        // A sample in which a curve does not reach the level has no interval to be wrong.
        guard let reading else {
          held[index] += 1
          continue
        }
        let values = zip(reading.of, reading.against ?? reading.of.map { _ in 0 }).map { ($0 ?? 0) - ($1 ?? 0) }
        let sample = ClusteredSample(values, clusters: (0..<2 * pairs).map { $0 / 2 })
        let interval = try #require(sample.studentInterval(confidence: 0.95, standardError: reading.standardError))
        if interval.contains(truth) { held[index] += 1 }
      }
    }
    let shares = held.map { Double($0) / Double(count) }
    print("\(pairs) pairs of 2 seeds: 95 % intervals hold the reading in \(shares[0]), the difference in \(shares[1])")
    #expect(shares.allSatisfy { $0 >= IntervalCoverage.bar }, "\(shares)")
  }

  /// In each sample the level is looked for anew: as a plain twin that gathers the drawn edits and interpolates.
  @Test func resamplesAsAPlainTwin() throws {
    var random = SplitMix64(seed: 11)
    let curve = samples([.strong], pairs: 30, &random)[0]
    let found = curve.resampled(at: 0.7, resamples: 50, seed: 5)
    var drawing = SplitMix64(seed: 5)
    for value in found {
      let drawn = (0..<30).map { _ in drawing.next(below: 30) }
      let means = curve.points.map { values -> (Double, Double) in
        let kept = drawn.flatMap { [values[2 * $0], values[2 * $0 + 1]] }.compactMap { $0 }
        let count = Double(kept.count)
        return (kept.map(\.held).reduce(0, +) / count, kept.map(\.metric).reduce(0, +) / count)
      }
      var expected: Double?
      for (a, b) in zip(means, means.dropFirst()) where expected == nil && (a.0 - 0.7) * (b.0 - 0.7) <= 0 && a.0 != b.0
      {
        expected = a.1 + (0.7 - a.0) / (b.0 - a.0) * (b.1 - a.1)
      }
      #expect((value == nil) == (expected == nil))
      #expect(abs((value ?? 0) - (expected ?? 0)) < 1e-12)
    }
    let reading = try #require(DialReading(curve, at: 0.7))
    #expect(reading.reached > 0.9 && reading.clusters == 30 && reading.standardError > 0.02)
  }

  /// The place along the dial is an estimate too: the error is larger than at a fixed value of the dial where the curve is steep.
  @Test func theErrorHoldsThatOfThePlace() throws {
    var random = SplitMix64(seed: 2)
    let steep = Planted(held: [0.5, 0.9], metric: [1, 0.1])
    let curve = samples([steep], pairs: 100, &random)[0]
    let reading = try #require(DialReading(curve, at: 0.7))
    let sample = ClusteredSample(reading.of.compactMap { $0 }, clusters: (0..<200).map { $0 / 2 })
    // Nearly linear here, so that what each edit adds has the same error.
    #expect(abs(reading.standardError / sample.standardError - 1) < 0.1)
    let fixed = ClusteredSample(curve.points[0].compactMap { $0?.metric }, clusters: (0..<200).map { $0 / 2 })
    #expect(reading.standardError > 1.3 * fixed.standardError)
  }
}
