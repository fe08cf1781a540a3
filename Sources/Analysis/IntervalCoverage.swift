import Foundation

/// How often an interval over clusters holds the true mean, found by making samples whose true mean is known.
///
/// An interval of 95 % that holds the mean in fewer than ``bar`` of such samples promises too much for them.
public struct IntervalCoverage: Hashable, Sendable {
  /// Of samples whose interval holds the true mean.
  public let share: Double
  public let samples: Int

  public static let confidence = 0.95
  public static let bar = 0.93
  public static let samples = 2000

  public var isEnough: Bool { share >= Self.bar }

  /// Of values `a + e` that are normal with mean 0, by Student's t: `a` for each cluster, `e` for each value.
  /// - Parameters:
  ///   - counts: the number of values of each cluster; two clusters or more.
  ///   - seed: of the samples.
  public init(
    _ components: VarianceComponents, counts: [Int], samples: Int = IntervalCoverage.samples, seed: UInt64 = 0
  ) {
    var normal = NormalNumbers(seed: seed)
    self.init(samples, truth: 0) {
      let sums = counts.map { count in
        let shared = components.between * normal.next()
        return (0..<count).reduce(0.0) { sum, _ in sum + shared + components.within * normal.next() }
      }
      return ClusteredSample(sums: sums, counts: counts).studentInterval(confidence: Self.confidence)
    }
  }

  /// Of samples of as many clusters, drawn with replacement from those of a sample, whose mean is then the true one. So the
  /// values are as skewed and as few as they are.
  /// - Parameters:
  ///   - isShare: of values that are 0 or 1, whose interval is ``ClusteredSample/shareInterval(confidence:)``; of others it is Student's.
  ///   - seed: of the samples.
  /// - Returns: nil for fewer than two clusters.
  public init?(
    drawingFrom sample: ClusteredSample, isShare: Bool = false, samples: Int = IntervalCoverage.samples,
    seed: UInt64 = 0
  ) {
    guard sample.clusters >= 2 else { return nil }
    var random = SplitMix64(seed: seed)
    self.init(samples, truth: sample.mean) {
      let drawn = sample.clusters(at: (0..<sample.clusters).map { _ in random.next(below: sample.clusters) })
      return isShare
        ? drawn.shareInterval(confidence: Self.confidence) : drawn.studentInterval(confidence: Self.confidence)
    }
  }

  /// The same of the difference of two shares, by its own interval.
  public init?(
    drawingFrom shares: ShareDifference, samples: Int = IntervalCoverage.samples, seed: UInt64 = 0
  ) {
    guard shares.clusters >= 2 else { return nil }
    var random = SplitMix64(seed: seed)
    self.init(samples, truth: shares.mean) { shares.drawn(&random).interval(confidence: Self.confidence) }
  }

  /// - Parameter interval: of a new sample.
  private init(_ samples: Int, truth: Double, _ interval: () -> ClosedRange<Double>?) {
    // Equal values have no spread: their interval is a point.
    let slack = 1e-12 * max(1, abs(truth))
    let held = (0..<samples).count { _ in
      guard let found = interval() else { return false }
      return found.lowerBound - slack <= truth && truth <= found.upperBound + slack
    }
    share = Double(held) / Double(samples)
    self.samples = samples
  }
}

/// Standard normal numbers, two at a time.
/// - Source: Box and Muller 1958.
struct NormalNumbers {
  private var random: SplitMix64
  private var kept: Double?

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  mutating func next() -> Double {
    if let value = kept {
      kept = nil
      return value
    }
    // 53 bits each; the first is never 0, whose logarithm there is not.
    let first = (Double(random.next() >> 11) + 1) * 0x1p-53
    let second = Double(random.next() >> 11) * 0x1p-53
    let radius = (-2 * log(first)).squareRoot()
    kept = radius * sin(2 * .pi * second)
    return radius * cos(2 * .pi * second)
  }
}
