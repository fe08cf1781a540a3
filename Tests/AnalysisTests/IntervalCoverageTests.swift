import Testing

@testable import Analysis

/// Simulated samples whose true mean is known.
@Suite struct IntervalCoverageTests {
  /// The sizes that experiments use, and small ones: t intervals over clusters are exact for normal values.
  @Test(arguments: [(300, 2), (100, 2), (40, 8), (10, 2), (3, 1)])
  func normalValuesAreCovered(pairs: Int, seeds: Int) {
    for components in [
      VarianceComponents(between: 1, within: 1), .init(between: 0, within: 1), .init(between: 1, within: 0),
    ] {
      let coverage = IntervalCoverage(components, counts: Array(repeating: seeds, count: pairs), seed: 7)
      // Three standard errors of 2,000 samples.
      #expect(abs(coverage.share - 0.95) < 0.015, "\(pairs) x \(seeds), \(components): \(coverage.share)")
      #expect(coverage.isEnough)
    }
  }

  /// Differences of a yes or no in 300 pairs of two seeds, of which few differ.
  @Test func sharesAreCoveredInTheSizesInUse() throws {
    var random = SplitMix64(seed: 3)
    let values = (0..<600).map { _ in random.next(below: 20) == 0 ? 1.0 : 0 }
    let sample = ClusteredSample(values, clusters: (0..<600).map { $0 / 2 })
    let coverage = try #require(IntervalCoverage(drawingFrom: sample))
    #expect(coverage.isEnough && coverage.share < 0.97, "\(coverage.share)")
  }

  /// One pair in a hundred decides the mean: no interval of ten pairs holds what they never saw.
  @Test func rareValuesAreNotCovered() throws {
    let values = (0..<10).map { $0 == 0 ? 1.0 : 0 }
    let coverage = try #require(IntervalCoverage(drawingFrom: ClusteredSample(values)))
    #expect(!coverage.isEnough)
    // That of a share does.
    let ofShare = try #require(IntervalCoverage(drawingFrom: ClusteredSample(values), isShare: true))
    #expect(ofShare.isEnough && ofShare.share < 1, "\(ofShare.share)")
    #expect(IntervalCoverage(drawingFrom: ClusteredSample([1])) == nil)
  }

  /// By hand: clusters (0, 2) and (4, 6) have means 1 and 5, mean squares 2 within and 16 between, and two values each.
  @Test func componentsByHand() throws {
    let found = try #require(VarianceComponents([0, 2, 4, 6], clusters: [1, 1, 2, 2]))
    #expect(found == VarianceComponents(between: 7.0.squareRoot(), within: 2.0.squareRoot()))
    let single = try #require(VarianceComponents([0, 2], clusters: [1, 2]))
    #expect(single == VarianceComponents(between: 2.0.squareRoot(), within: 0))
    // Clusters that differ less than their values: nothing lies between.
    #expect(VarianceComponents([0, 2, 0, 2], clusters: [1, 1, 2, 2])?.between == 0)
    #expect(VarianceComponents([0, 2], clusters: [1, 1]) == nil)
  }

  @Test func planted() throws {
    var normal = NormalNumbers(seed: 1)
    var values: [Double] = []
    for _ in 0..<2000 {
      let shared = 3 * normal.next()
      values += [shared + 2 * normal.next(), shared + 2 * normal.next()]
    }
    let found = try #require(VarianceComponents(values, clusters: (0..<4000).map { $0 / 2 }))
    #expect(abs(found.between - 3) < 0.15 && abs(found.within - 2) < 0.1, "\(found)")
  }
}
