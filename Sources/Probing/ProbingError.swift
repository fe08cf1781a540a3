/// Why a probe cannot be trained or judged as asked.
public enum ProbingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Values that do not fill the shape which their owner states.
  case count(of: String, expected: Int, found: Int)
  /// A feature that is infinite or no number.
  case notFinite(block: String, sample: Int, feature: Int)
  /// A map with a value below 0, which has no mass to divide by.
  case negativeMap(block: String, sample: Int, head: Int)
  /// A label that is no place in the list of classes.
  case label(sample: Int, value: Int, classes: Int)
  case tooFewClasses(found: Int)
  /// Folds take two groups or more.
  case tooFewGroups(Grouping, found: Int, needed: Int)
  /// The same prompt and seed would be trained on and tested.
  case keyOnBothSides(ProbeSample.Key, Grouping)
  /// A class that the training side of a fold lacks, so that a probe cannot know of it.
  case classNotTrained(String, withheld: String)
  case penalty(Double)
  case components(Int)
  case tooFewPermutations(found: Int, needed: Int)
  /// All samples of each stratum have one label: a permutation within strata changes nothing.
  case nothingToPermute(strata: Int)
  /// The paper's network takes no more inputs.
  case tooManyInputs(block: String, found: Int, most: Int)
  case training(String)
  case notConverged(iterations: Int, gradient: Double)
  case simulation(String)

  public var description: String {
    switch self {
    case .count(let what, let expected, let found): "\(what): expected \(expected) values, found \(found)"
    case .notFinite(let block, let sample, let feature):
      "features \(block): sample \(sample) has no finite number as feature \(feature); leave the sample out of every block"
    case .negativeMap(let block, let sample, let head):
      "maps \(block): head \(head) of sample \(sample) holds a value below 0; mass and pattern are for probabilities alone"
    case .label(let sample, let value, let classes):
      "labels: sample \(sample) has class number \(value); expected 0 to \(classes - 1)"
    case .tooFewClasses(let found): "labels: a probe tells two classes or more apart, found \(found)"
    case .tooFewGroups(let grouping, let found, let needed):
      "folds: \(grouping.rawValue): expected \(needed) or more \(grouping.rawValue), found \(found); record more of them, "
        + "or hold out others"
    case .keyOnBothSides(let key, let grouping):
      "folds: \(grouping.rawValue): \"\(key.prompt)\" with seed \(key.seed) would be trained on and tested; "
        + "keep one of its samples, or hold out seeds"
    case .classNotTrained(let name, let withheld):
      "folds: without \(withheld) no sample of class \"\(name)\" is left to train on; hold out other groups, or drop the class"
    case .penalty(let value): "penalty: expected a finite number above 0, found \(value)"
    case .components(let value): "components: expected 1 to \(LogisticProbe.mostComponents), found \(value)"
    case .tooFewPermutations(let found, let needed): "permutations: expected \(needed) or more, found \(found)"
    case .nothingToPermute(let strata):
      "permutations: each of the \(strata) strata holds one class alone, so no permutation within them changes a label; "
        + "name fewer things that strata keep apart"
    case .tooManyInputs(let block, let found, let most):
      "network: \(block) has \(found) features, expected \(most) or fewer; pool the maps, or name fewer heads"
    case .training(let problem): "network: \(problem)"
    case .notConverged(let iterations, let gradient):
      "logistic regression: after \(iterations) iterations a derivative is still \(gradient); raise the penalty"
    case .simulation(let problem): "simulation: \(problem)"
    }
  }
}
