import Analysis
import Foundation

/// The paper's network as a probe, for results that compare with the paper's.
///
/// The paper states no optimizer, batch or number of steps: Adam, batches of 64 and 30 passes are this project's choice. All
/// that is random comes from one seed: first weights, the order of samples in each pass, and what dropout leaves out.
public struct NetworkProbe: Hashable, Codable, Sendable {
  public let passes: Int
  public let batch: Int
  /// Adam's.
  public let learningRate: Double
  /// The share of inputs that a training step leaves out, at random; the others are divided by what is left.
  public let dropout: Double
  public let seed: UInt64

  /// So many features at most; larger maps are pooled, or fewer heads taken.
  public static let mostInputs = 4096

  /// - Parameters:
  ///   - passes: over the training samples, 1 or more.
  ///   - batch: samples of a step, 1 or more.
  ///   - learningRate: above 0.
  ///   - dropout: from 0 to below 1.
  /// - Throws: ``ProbingError`` for other numbers.
  public init(
    passes: Int = 30, batch: Int = 64, learningRate: Double = 1e-3, dropout: Double = 0.1, seed: UInt64 = 0
  ) throws(ProbingError) {
    guard passes > 0, batch > 0 else {
      throw .training("expected 1 or more passes and samples in a batch, found \(passes) and \(batch)")
    }
    guard learningRate > 0, learningRate.isFinite, dropout >= 0, dropout < 1 else {
      throw .training(
        "expected a learning rate above 0 and a dropout from 0 to below 1, found \(learningRate) and \(dropout)")
    }
    self.passes = passes
    self.batch = batch
    self.learningRate = learningRate
    self.dropout = dropout
    self.seed = seed
  }

  /// Probabilities of samples that were held out, each fold's network from the same first weights.
  /// - Throws: ``ProbingError`` if features, labels and folds do not fit one another, or there are more than 4,096 features.
  public func callAsFunction(_ block: FeatureBlock, labels: ProbeLabels, folds: Folds) throws -> HeldOutProbabilities {
    guard block.width <= Self.mostInputs else {
      throw ProbingError.tooManyInputs(block: block.name, found: block.width, most: Self.mostInputs)
    }
    guard block.samples == folds.count else {
      throw ProbingError.count(of: "features \(block.name), samples", expected: folds.count, found: block.samples)
    }
    try folds.check(labels)
    let features = try Standardization(block)(block)
    let classes = labels.classes.count
    let held = try Parallel.map(folds.tests.count) { fold in
      let training = folds.training(fold)
      let network = train(
        features.rows(training).values.map { Float($0) }, labels: training.map { labels.values[$0] },
        inputs: block.width, classes: classes)
      let scores = network.forward(features.rows(folds.tests[fold]).values.map { Float($0) }).scores
      let logarithms = PaperNetwork.logarithms(scores, classes: classes)
      return Matrix(rows: folds.tests[fold].count, columns: classes, values: logarithms)
    }
    return HeldOutProbabilities(held, labels: labels, folds: folds)
  }

  /// - Parameters:
  ///   - features: `[samples, inputs]`.
  ///   - hidden: nil for the paper's.
  func train(_ features: [Float], labels: [Int], inputs: Int, classes: Int, hidden: Int? = nil) -> PaperNetwork {
    var generator = SplitMix64(seed: seed)
    var network = PaperNetwork(inputs: inputs, classes: classes, hidden: hidden, generator: &generator)
    var adam = Adam(rate: learningRate, parameters: network.parameters.count)
    var order = Array(labels.indices)
    for _ in 0..<passes {
      for last in order.indices.dropFirst().reversed() { order.swapAt(last, generator.next(below: last + 1)) }
      for start in stride(from: 0, to: order.count, by: batch) {
        let rows = order[start..<min(start + batch, order.count)]
        var seen: [Float] = []
        seen.reserveCapacity(rows.count * inputs)
        for row in rows { seen += features[(row * inputs)..<((row + 1) * inputs)] }
        if dropout > 0 { leaveOut(of: &seen, &generator) }
        adam.step(&network.parameters, network.loss(seen, labels: rows.map { labels[$0] }).gradient)
      }
    }
    return network
  }

  private func leaveOut(of values: inout [Float], _ generator: inout SplitMix64) {
    let factor = Float(1 / (1 - dropout))
    for place in values.indices {
      let uniform = Double(generator.next() >> 11) * 0x1p-53
      values[place] = uniform < dropout ? 0 : values[place] * factor
    }
  }
}

extension PaperNetwork {
  /// The natural logarithms of softmax, row by row, in double precision so that a small probability is not 0.
  static func logarithms(_ scores: [Float], classes: Int) -> [Double] {
    stride(from: 0, to: scores.count, by: classes).flatMap { start -> [Double] in
      let row = scores[start..<(start + classes)].map(Double.init)
      let largest = row.max() ?? 0
      let normalizer = largest + log(row.reduce(0) { $0 + exp($1 - largest) })
      return row.map { $0 - normalizer }
    }
  }
}
