import Analysis

/// A probe of any kind that was trained on all samples it was given: what is kept, and asked of new maps.
public enum TrainedProbe: Hashable, Codable, Sendable {
  case ridge(RidgeModel)
  case logistic(LogisticModel)
  case network(NetworkModel)

  private enum CodingKeys: String, CodingKey {
    case ridge, logistic, network
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let model = try container.decodeIfPresent(LogisticModel.self, forKey: .logistic) {
      self = .logistic(model)
    } else if let model = try container.decodeIfPresent(NetworkModel.self, forKey: .network) {
      self = .network(model)
    } else {
      self = .ridge(try container.decode(RidgeModel.self, forKey: .ridge))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .ridge(let model): try container.encode(model, forKey: .ridge)
    case .logistic(let model): try container.encode(model, forKey: .logistic)
    case .network(let model): try container.encode(model, forKey: .network)
    }
  }

  /// Of the labels that it was trained on.
  public var classes: [String] {
    switch self {
    case .ridge(let model): model.classes
    case .logistic(let model): model.classes
    case .network(let model): model.classes
    }
  }

  /// For each sample the place of the class that the probe holds most likely.
  /// - Throws: ``ProbingError`` if there are not as many features as it was trained on.
  public func predicted(_ block: FeatureBlock) throws(ProbingError) -> [Int] {
    switch self {
    case .ridge(let model): try model(block).predicted
    case .logistic(let model): try model.predicted(block)
    case .network(let model): try model.predicted(block)
    }
  }

  /// Whether its numbers are finite and fit one another, as those of a file need not.
  package var isSound: Bool {
    guard classes.count >= 2 else { return false }
    switch self {
    case .ridge(let model):
      return model.standardization.isSound
        && Self.isLinear(model.weights, model.intercepts, model.standardization, classes.count)
    case .logistic(let model):
      return model.standardization.isSound
        && Self.isLinear(model.weights, model.intercepts, model.standardization, classes.count)
    case .network(let model):
      return model.standardization.isSound && model.network.isSound
        && model.network.inputs == model.standardization.means.count && model.network.classes == classes.count
    }
  }

  private static func isLinear(
    _ weights: [Double], _ intercepts: [Double], _ standardization: Standardization, _ classes: Int
  ) -> Bool {
    weights.count == standardization.means.count * classes && intercepts.count == classes
      && (weights + intercepts).allSatisfy(\.isFinite)
  }
}

/// A logistic probe trained on all samples: components and weights drawn together, since both are linear.
public struct LogisticModel: Hashable, Codable, Sendable {
  public let classes: [String]
  public let standardization: Standardization
  /// `[features, classes]`, of standardized features.
  public let weights: [Double]
  /// For each class.
  public let intercepts: [Double]

  /// - Throws: ``ProbingError`` if labels do not fit or the minimum is not found; `LinearAlgebraError`.
  public init(_ block: FeatureBlock, labels: ProbeLabels, probe: LogisticProbe) throws {
    try labels.check(block)
    let standardization = Standardization(block)
    let features = try standardization(block)
    let all = Array(0..<block.samples)
    let components = try TrainingComponents(features, training: all, most: probe.components)
    let regression = try LogisticRegression(
      components.scores(features, of: all), labels: labels.values, classes: labels.classes.count, penalty: probe.penalty
    )
    // The score of a class is linear in the features: what it is of none, and of each alone, says all.
    var units = Matrix(rows: block.width + 1, columns: block.width)
    for feature in 0..<block.width { units[feature, feature] = 1 }
    let scores = regression.scores(components.scores(units, of: Array(0...block.width)))
    intercepts = (0..<labels.classes.count).map { scores[block.width, $0] }
    weights = (0..<block.width).flatMap { feature in
      (0..<labels.classes.count).map { scores[feature, $0] - scores[block.width, $0] }
    }
    classes = labels.classes
    self.standardization = standardization
  }

  func predicted(_ block: FeatureBlock) throws(ProbingError) -> [Int] {
    let features = try standardization(block)
    let scores = Matrix.product(features, Matrix(rows: features.columns, columns: classes.count, values: weights))
    return (0..<block.samples).map { row in
      HeldOutScores.winner(intercepts.indices.map { scores[row, $0] + intercepts[$0] })
    }
  }
}

/// The paper's network trained on all samples.
public struct NetworkModel: Hashable, Codable, Sendable {
  public let classes: [String]
  public let standardization: Standardization
  let network: PaperNetwork

  /// - Throws: ``ProbingError`` if labels do not fit, or there are more features than the network takes.
  public init(_ block: FeatureBlock, labels: ProbeLabels, probe: NetworkProbe) throws(ProbingError) {
    try labels.check(block)
    guard block.width <= NetworkProbe.mostInputs else {
      throw .tooManyInputs(block: block.name, found: block.width, most: NetworkProbe.mostInputs)
    }
    let standardization = Standardization(block)
    network = probe.train(
      try standardization(block).values.map { Float($0) }, labels: labels.values, inputs: block.width,
      classes: labels.classes.count)
    classes = labels.classes
    self.standardization = standardization
  }

  func predicted(_ block: FeatureBlock) throws(ProbingError) -> [Int] {
    let features = try standardization(block)
    let scores = network.forward(features.values.map { Float($0) }).scores
    return stride(from: 0, to: scores.count, by: classes.count).map { start in
      HeldOutScores.winner(scores[start..<(start + classes.count)].map(Double.init))
    }
  }
}

extension ProbeLabels {
  fileprivate func check(_ block: FeatureBlock) throws(ProbingError) {
    guard values.count == block.samples else {
      throw .count(of: "labels \(name)", expected: block.samples, found: values.count)
    }
  }
}

extension Standardization {
  fileprivate var isSound: Bool {
    deviations.count == means.count && !means.isEmpty && (means + deviations).allSatisfy(\.isFinite)
  }
}
