import Foundation
import Probing
import Tensors
import TestSupport

/// `probes.json`, made by `make_probes.py` with scikit-learn.
struct ProbesFixture: Decodable {
  struct Point: Decodable {
    let trainingSeeds: Int
    let confusion: [[Int]]
  }
  struct Logistic: Decodable {
    let probabilities: [Double]
    let crossEntropy, priorCrossEntropy, gain: Double
    let interval: [Double]
  }
  struct Block: Decodable {
    let width: Int
    let features: [Float]
    let heldOut, whole: [Double]
    let curve: [Point]
    let logistic: Logistic
  }
  struct Permutations: Decodable {
    let p, familyWiseP: [Double]
    let correct: [Int]
  }
  let penalty: Double
  let components, classes: Int
  let seeds, objects, labels: [Int]
  let blocks: [Block]
  let permutations: Permutations
  /// Of the first block's accuracy over seeds.
  let interval: [Double]

  static func read() throws -> Self { try json("probes") }

  static func json<Value: Decodable>(_ name: String) throws -> Value {
    let file = Fixtures.folder.deletingLastPathComponent().appending(path: "ProbingTests/\(name).json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Value.self, from: Data(contentsOf: file))
  }

  var samples: [ProbeSample] {
    labels.indices.map {
      ProbeSample(
        prompt: "a color\(labels[$0]) thing\(objects[$0])", seed: Seed(UInt64(seeds[$0])),
        template: "a <color> <object>",
        object: "thing\(objects[$0])")
    }
  }

  func probeLabels() throws -> ProbeLabels {
    try ProbeLabels(name: "color", classes: (0..<classes).map { "color\($0)" }, values: labels)
  }

  func features(_ index: Int) throws -> FeatureBlock {
    try FeatureBlock(
      name: "block \(index)", samples: labels.count, width: blocks[index].width, values: blocks[index].features)
  }
}

func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { max($0, ($1.0 - $1.1).isNaN ? .infinity : abs($1.0 - $1.1)) }
}
