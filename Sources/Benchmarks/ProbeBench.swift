import Formatting
import Probing
import Tensors

/// A scan of ridge probes over many places of attention, with its permutations: what an experiment with probes spends most of
/// its time on.
package enum ProbeBench {
  /// As many pictures as the bank of maps has: 7 colors, 12 things, 16 seeds.
  private static let (classes, objects, seeds) = (7, 12, 16)
  private static let width = 256
  private static let penalty = 100.0

  /// - Parameter blocks: As many places are scanned; at least 1.
  package static func candidate(blocks: Int) throws -> BenchCandidate {
    let (samples, labels) = try data(classes: classes, objects: objects, seeds: seeds)
    let permutations = try LabelPermutations(labels, within: samples.strata([.seeds, .objects]))
    let scan = try RidgeScan(
      samples: samples, folds: Folds(samples, by: .seeds), permutations: permutations, penalty: penalty)
    var candidate = BenchCandidate(
      name: "ridge at \(counted(blocks, "place")), \(samples.count) x \(width), \(permutations.count) permutations"
    ) {
      _ = try scan(blocks) { try noise("block \($0)", samples: samples.count, width: width, seed: UInt64($0)) }
    }
    candidate.check = {
      Agreement(difference: try check(samples: 3, features: 5), allowed: 1e-6)
    }
    return candidate
  }

  /// Samples of each class, object and seed, and their labels.
  private static func data(classes: Int, objects: Int, seeds: Int) throws -> ([ProbeSample], ProbeLabels) {
    let samples = (0..<(classes * objects * seeds)).map { place in
      let object = (place / classes) % objects
      return ProbeSample(
        prompt: "a color\(place % classes) thing\(object)", seed: Seed(UInt64(place / (classes * objects))),
        template: "a <color> <thing>", object: "thing\(object)")
    }
    let labels = try ProbeLabels(
      name: "color", classes: (0..<classes).map { "color\($0)" }, values: samples.indices.map { $0 % classes })
    return (samples, labels)
  }

  private static func noise(_ name: String, samples: Int, width: Int, seed: UInt64) throws -> FeatureBlock {
    var generator = SplitMix(state: seed)
    let values = (0..<(samples * width)).map { _ in Float(generator.next() >> 40) * 0x1p-24 }
    return try FeatureBlock(name: name, samples: samples, width: width, values: values)
  }

  /// How far the scores of one hat matrix lie from those of a plain ridge regression, fitted again for every fold: few
  /// features, and more features than samples.
  static func check(samples objects: Int, features: Int) throws -> Double {
    let (samples, labels) = try data(classes: 3, objects: objects, seeds: 4)
    let folds = try Folds(samples, by: .seeds)
    return try [features, 4 * samples.count].map { width in
      let block = try noise("check", samples: samples.count, width: width, seed: 1)
      let found = try HatMatrix(block, folds: folds, penalty: 2).predictions(labels).scores
      return Agreement.difference(found.map(Float.init), PlainRidge.heldOut(block, labels, folds, penalty: 2))
    }.max() ?? .infinity
  }
}

/// Steele, Lea and Flood 2014, so that the same places have the same features on every machine.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Ridge regression as a textbook has it: one system of equations for each fold, with an intercept that has no penalty.
private enum PlainRidge {
  /// - Returns: `[samples, classes]`: what each sample's probe says that was trained without it.
  static func heldOut(_ block: FeatureBlock, _ labels: ProbeLabels, _ folds: Folds, penalty: Double) -> [Double] {
    let scale = Standardization(block)
    let rows = (0..<block.samples).map { row in
      (0..<block.width).map { column in
        (Double(block.values[row * block.width + column]) - scale.means[column]) / scale.deviations[column]
      } + [1]
    }
    let classes = labels.classes.count
    var scores = [Double](repeating: 0, count: block.samples * classes)
    for (fold, tests) in folds.tests.enumerated() {
      let training = folds.training(fold)
      let size = block.width + 1
      var system = [[Double]](repeating: [Double](repeating: 0, count: size + classes), count: size)
      for row in training {
        for i in 0..<size {
          for j in 0..<size { system[i][j] += rows[row][i] * rows[row][j] }
          system[i][size + labels.values[row]] += rows[row][i]
        }
      }
      for i in 0..<block.width { system[i][i] += penalty }
      let weights = solved(system, size: size)
      for row in tests {
        for label in 0..<classes {
          scores[row * classes + label] = (0..<size).reduce(0) { $0 + rows[row][$1] * weights[$1][label] }
        }
      }
    }
    return scores
  }

  /// By Gauss's elimination; the system is positive definite, so the diagonal serves as pivots.
  private static func solved(_ system: [[Double]], size: Int) -> [[Double]] {
    var system = system
    for pivot in 0..<size {
      let row = system[pivot].map { $0 / system[pivot][pivot] }
      system[pivot] = row
      for other in 0..<size where other != pivot {
        let factor = system[other][pivot]
        for column in pivot..<row.count { system[other][column] -= factor * row[column] }
      }
    }
    return system.map { Array($0[size...]) }
  }
}
