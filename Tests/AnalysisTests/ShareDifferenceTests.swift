import Testing

@testable import Analysis

/// The interval of a difference of two shares, whose clusters are pairs of two things.
@Suite struct ShareDifferenceTests {
  /// What two things of a pair may be: unlike in neither, one gained, both gained, one lost, both lost, one each.
  private static let kinds: [[Double]] = [[0, 0], [0, 1], [1, 1], [0, -1], [-1, -1], [1, -1]]

  private func differences(_ pairs: [Int]) -> (values: [Double], clusters: [Int]) {
    let values = zip(pairs, Self.kinds).flatMap { count, kind in [[Double]](repeating: kind, count: count) }.flatMap {
      $0
    }
    return (values, values.indices.map { $0 / 2 })
  }

  private func made(_ pairs: [Int]) throws -> ShareDifference {
    let (values, clusters) = differences(pairs)
    return try #require(ShareDifference(values, clusters: clusters))
  }

  /// NumPy and SciPy 1.17: `beta.ppf` and `t.ppf` for both shares, put together as the definition says.
  @Test(arguments: [
    ([55, 0, 0, 3, 0, 0], 0.9833, -0.087_302_365_105, 0.058_714_041_534),
    ([58, 0, 0, 0, 0, 0], 0.95, -0.062_932_342_952, 0.062_932_342_952),
    ([20, 10, 15, 3, 1, 2], 0.95, 0.184_163_345_485, 0.489_089_737_337),
    ([290, 1, 0, 6, 1, 2], 0.95, -0.026_324_872_784, -0.000_694_318_330),
    ([10, 0, 0, 1, 4, 0], 0.9875, -0.672_991_012_357, 0.104_181_367_219),
    ([0, 0, 12, 0, 0, 0], 0.95, 0.584_368_268_724, 1),
  ])
  func againstSciPy(pairs: [Int], confidence: Double, low: Double, high: Double) throws {
    let found = try #require(made(pairs).interval(confidence: confidence))
    #expect(abs(found.lowerBound - low) < 1e-9 && abs(found.upperBound - high) < 1e-9, "\(found)")
    // The other way round it is the same with the signs changed.
    let (values, clusters) = differences(pairs)
    let turned = try #require(ShareDifference(values.map { -$0 }, clusters: clusters)?.interval(confidence: confidence))
    #expect(abs(turned.lowerBound + high) < 1e-12 && abs(turned.upperBound + low) < 1e-12, "\(turned)")
  }

  @Test func otherValuesAreNoShares() throws {
    #expect(ShareDifference([0, 0.5], clusters: [0, 1]) == nil && ShareDifference([.nan], clusters: [0]) == nil)
    #expect(try #require(ShareDifference([1, 0], clusters: [3, 3])).interval(confidence: 0.95) == nil)
  }

  /// Clusters that all gain and all lose one share say nothing of how the two go together, whatever rounding leaves of them.
  @Test func sharesThatAgreeHaveNoCorrelation() throws {
    func interval(_ hits: Int) throws -> ClosedRange<Double> {
      let values = (0..<250).map { place -> Double in
        place % 50 < hits ? 1 : place % 50 < 2 * hits ? -1 : 0
      }
      let shares = try #require(ShareDifference(values, clusters: values.indices.map { $0 / 50 }))
      return try #require(shares.interval(confidence: 0.95))
    }
    // (7 / 50) 50 is not 7 in doubles, and (8 / 50) 50 is 8.
    let (seven, eight) = (try interval(7), try interval(8))
    #expect(seven.upperBound > 0.08 && seven.upperBound < eight.upperBound, "\(seven), \(eight)")
    #expect(eight.upperBound < seven.upperBound + 0.01 && abs(seven.upperBound + seven.lowerBound) < 1e-12)
  }

  /// Differences as experiments have them, from few that differ to many: `made` from independent things, whose truth is known.
  @Test(arguments: [
    (58, 0.0, 0.027), (300, 0.003, 0.014), (60, 0.004, 0.02), (40, 0.02, 0.07), (300, 0.37, 0.07), (29, 0.4, 0.06),
  ])
  func itHoldsTheTruth(pairs: Int, gained: Double, lost: Double) throws {
    var random = SplitMix64(seed: 5)
    let trials = 600
    let clusters = (0..<(2 * pairs)).map { $0 / 2 }
    var (held, heldByStudent) = (0, 0)
    for _ in 0..<trials {
      let values = clusters.map { _ -> Double in
        let drawn = Double(random.next(below: 1_000_000)) / 1_000_000
        return drawn < gained ? 1 : drawn < gained + lost ? -1 : 0
      }
      let shares = try #require(ShareDifference(values, clusters: clusters))
      if shares.interval(confidence: 0.95)?.contains(gained - lost) == true { held += 1 }
      let student = ClusteredSample(values, clusters: clusters).studentInterval(confidence: 0.95)
      if student?.contains(gained - lost) == true { heldByStudent += 1 }
    }
    // 93 % is the bar, and three standard errors of 600 samples are 3 points.
    #expect(held >= trials * 93 / 100, "\(pairs) pairs, \(gained) and \(lost): \(held) of \(trials)")
    if pairs == 58 { #expect(heldByStudent < trials * 88 / 100, "\(heldByStudent)") }
  }

  /// Samples drawn from 58 pairs of which two lost one, as a report draws them.
  @Test func coverageOfFewThatDiffer() throws {
    let shares = try made([56, 0, 0, 2, 0, 0])
    let (values, clusters) = differences([56, 0, 0, 2, 0, 0])
    let coverage = try #require(IntervalCoverage(drawingFrom: shares, samples: 500))
    let byStudent = try #require(
      IntervalCoverage(drawingFrom: ClusteredSample(values, clusters: clusters), samples: 500))
    #expect(coverage.isEnough && !byStudent.isEnough, "\(coverage), \(byStudent)")
  }
}
