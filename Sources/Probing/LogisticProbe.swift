import Foundation

/// How many bits a feature block tells of a label: multinomial logistic regression on principal components.
///
/// In each fold the components are those of its training samples alone, and the regression is trained on their scores.
/// Features are standardized once, without labels.
public struct LogisticProbe: Hashable, Codable, Sendable {
  /// Of the squared weights, above 0: scikit-learn's `C` is one over it.
  public let penalty: Double
  /// The most that are kept of the training samples.
  public let components: Int

  /// No probe keeps more.
  public static let mostComponents = 64

  /// - Parameters:
  ///   - penalty: above 0.
  ///   - components: 1 to 64.
  /// - Throws: ``ProbingError`` for other numbers.
  public init(penalty: Double = 1, components: Int = LogisticProbe.mostComponents) throws(ProbingError) {
    guard penalty > 0, penalty.isFinite else { throw .penalty(penalty) }
    guard (1...Self.mostComponents).contains(components) else { throw .components(components) }
    self.penalty = penalty
    self.components = components
  }

  /// Probabilities of samples that were held out.
  /// - Throws: ``ProbingError`` if features, labels and folds do not fit one another; `LinearAlgebraError`.
  public func callAsFunction(_ block: FeatureBlock, labels: ProbeLabels, folds: Folds) throws -> HeldOutProbabilities {
    guard block.samples == folds.count else {
      throw ProbingError.count(of: "features \(block.name), samples", expected: folds.count, found: block.samples)
    }
    try folds.check(labels)
    let features = try Standardization(block)(block)
    let classes = labels.classes.count
    let held = try Parallel.map(folds.tests.count) { fold in
      let training = folds.training(fold)
      let components = try TrainingComponents(features, training: training, most: self.components)
      let regression = try LogisticRegression(
        components.scores(features, of: training), labels: training.map { labels.values[$0] }, classes: classes,
        penalty: penalty)
      return regression.logarithms(components.scores(features, of: folds.tests[fold]))
    }
    return HeldOutProbabilities(held, labels: labels, folds: folds)
  }
}

/// What probes hold likely of samples that they were not trained on.
public struct HeldOutProbabilities: Hashable, Codable, Sendable {
  public let classes: Int
  /// `[samples, classes]`, natural logarithms of probabilities.
  public let logarithms: [Double]
  /// The same of a guess by the classes' shares among the training samples alone.
  public let priors: [Double]

  /// For each sample the most likely class.
  public var predicted: [Int] {
    stride(from: 0, to: logarithms.count, by: classes).map {
      HeldOutScores.winner(logarithms[$0..<($0 + classes)])
    }
  }

  /// - Parameter held: for each fold `[its samples, classes]`; every class occurs in each fold's training.
  init(_ held: [Matrix], labels: ProbeLabels, folds: Folds) {
    let classes = labels.classes.count
    var logarithms = [Double](repeating: 0, count: folds.count * classes)
    var priors = logarithms
    for (fold, test) in folds.tests.enumerated() {
      let training = folds.training(fold)
      let shares = (0..<classes).map { label in
        Double(training.count { labels.values[$0] == label }) / Double(training.count)
      }
      for (place, sample) in test.enumerated() {
        for label in 0..<classes {
          logarithms[sample * classes + label] = held[fold][place, label]
          priors[sample * classes + label] = log(shares[label])
        }
      }
    }
    self.classes = classes
    self.logarithms = logarithms
    self.priors = priors
  }
}

/// What a probe tells of a label, in bits a sample.
public struct ProbeInformation: Hashable, Codable, Sendable {
  /// `-log2` of the probability that the probe gave to the true class, on average.
  public let crossEntropy: Double
  /// The same of the classes' shares in training.
  public let priorCrossEntropy: Double
  /// The prior's cross entropy less the probe's: below 0 where the probe is worse than no probe.
  public let gain: SeedEstimate
  public let classes: Int
  /// The gain over `log2` of the number of classes: 1 where all is told of equally likely classes.
  public var share: Double { gain.mean / log2(Double(classes)) }

  /// - Parameter confidence: above 0 and below 1.
  /// - Throws: ``ProbingError`` for other numbers of samples.
  public init(
    _ held: HeldOutProbabilities, labels: ProbeLabels, samples: [ProbeSample], confidence: Double = 0.95
  ) throws(ProbingError) {
    for (what, found) in [("probabilities", held.logarithms.count / held.classes), ("samples", samples.count)]
    where found != labels.values.count {
      throw .count(of: what, expected: labels.values.count, found: found)
    }
    precondition(confidence > 0 && confidence < 1, "an interval of confidence \(confidence)")
    let places = labels.values.enumerated().map { $0 * held.classes + $1 }
    let bits = places.map { -held.logarithms[$0] / log(2) }
    let prior = places.map { -held.priors[$0] / log(2) }
    crossEntropy = bits.reduce(0, +) / Double(bits.count)
    priorCrossEntropy = prior.reduce(0, +) / Double(bits.count)
    gain = SeedEstimate(
      zip(prior, bits).map { $0 - $1 }, seeds: samples.map(\.seed), confidence: confidence, within: nil)
    classes = held.classes
  }
}
