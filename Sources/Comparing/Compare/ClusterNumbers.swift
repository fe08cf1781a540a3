import Planning
import Tensors

/// A number for each pair of prompts, each seed and each pair with a seed of a comparison, the same in all its rows.
///
/// So a permutation test turns the sign of a cluster in all rows at once, which keeps how they depend on one another.
struct ClusterNumbers {
  private let ofRuns: [PairAndSeed: Int]
  private let ofSeeds: [Seed: Int]
  private let ofPairs: [[String]: Int]

  /// Runs of one pair and seed depend on one another, whatever their settings.
  private struct PairAndSeed: Hashable {
    let prompts: [String]
    let seed: Seed

    init(_ key: RunKey) {
      prompts = key.prompts
      seed = key.seed
    }
  }

  /// - Parameter keys: Of all runs; some may stand there more than once.
  init(_ keys: [RunKey]) {
    let runs = keys.map(PairAndSeed.init).uniqued
    ofRuns = Dictionary(uniqueKeysWithValues: runs.enumerated().map { ($1, $0) })
    let seeds = runs.map(\.seed).uniqued
    // Rows of pairs, of seeds and of runs have no cluster in common.
    ofSeeds = Dictionary(uniqueKeysWithValues: seeds.enumerated().map { ($1, runs.count + $0) })
    ofPairs = Dictionary(
      uniqueKeysWithValues: runs.map(\.prompts).uniqued.enumerated().map { ($1, runs.count + seeds.count + $0) })
  }

  /// - Parameter key: One of those that it was made of.
  func number(of key: RunKey, _ clustering: Comparison.Clustering) -> Int {
    let number =
      switch clustering {
      case .pairs: ofPairs[key.prompts]
      case .seeds: ofSeeds[key.seed]
      case .runs: ofRuns[PairAndSeed(key)]
      }
    guard let number else { preconditionFailure("a run that was not numbered") }
    return number
  }
}
