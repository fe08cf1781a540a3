import Foundation
import TestSupport

/// `statistics.json`, made by `make_statistics.py` with SciPy and statsmodels.
struct StatisticsFixture: Decodable {
  struct Family: Decodable {
    struct Answer: Decodable {
      let p, corrected: [Double]
    }
    let name: String
    let differences: [[Double]]
    let clusters: [[Int]]
    let statistics: [Double]
    let answers: [String: Answer]
  }
  struct Correlation: Decodable {
    struct Intervals: Decodable {
      let spearman, kendall: [Double]
    }
    let name: String
    let x, y: [Double]
    let ties: Bool
    let spearman, spearmanP, kendall, kendallP: Double
    let intervals: [String: Intervals]
  }
  struct Equivalence: Decodable {
    let name: String
    let baseline, treatment: [Double]
    let clusters: [Int]
    let bounds: [Double]
    let level, p, lowerP, upperP, difference, standardError: Double
    let interval: [Double]
  }
  struct Upper: Decodable {
    let freedom, value, upper: Double
  }
  struct Quantile: Decodable {
    let freedom, share, value: Double
  }
  struct Incomplete: Decodable {
    let a, b, x, value: Double
  }
  let families: [Family]
  let correlations: [Correlation]
  let equivalences: [Equivalence]
  let studentT: [Upper]
  let studentTQuantiles: [Quantile]
  let beta: [Incomplete]

  static func read() throws -> Self {
    let file = Fixtures.folder.deletingLastPathComponent().appending(path: "AnalysisTests/statistics.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Self.self, from: Data(contentsOf: file))
  }
}
