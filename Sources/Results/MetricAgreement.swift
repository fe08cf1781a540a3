import AttentionStore
import Measures

/// How often two metrics that say yes or no of a picture say the same, as a judge and a rater do, or two judges.
package struct MetricAgreement: Encodable, Hashable {
  package let first, second: String
  /// The intervention's name; nil: of all together.
  package let intervention: String?
  /// Pictures of which both say something.
  package let count: Int
  /// Shares of yes, 0 to 1.
  package let firstShare, secondShare: Double
  /// The share of pictures of which both say the same.
  package let agreement: Double
  /// Cohen's kappa: agreement beyond what two judges of these shares have by chance, 1 at most; nil where chance alone is
  /// certain to agree.
  package let kappa: Double?

  /// - Parameter pairs: what each says of one picture: yes from 0.5 on, as of the mean of several raters; not empty.
  package init?(_ first: Metric, _ second: Metric, intervention: String?, _ pairs: [(Double, Double)]) {
    guard !pairs.isEmpty else { return nil }
    let answers = pairs.map { ($0 >= 0.5, $1 >= 0.5) }
    func share(_ isCounted: ((Bool, Bool)) -> Bool) -> Double {
      Double(answers.count(where: isCounted)) / Double(answers.count)
    }
    self.first = first.name
    self.second = second.name
    self.intervention = intervention
    count = answers.count
    firstShare = share { $0.0 }
    secondShare = share { $0.1 }
    agreement = share { $0.0 == $0.1 }
    let chance = firstShare * secondShare + (1 - firstShare) * (1 - secondShare)
    kappa = chance < 1 ? (agreement - chance) / (1 - chance) : nil
  }

  /// Of each intervention that has pictures of which both say something, in the order of the file, and of all together.
  package static func all(_ first: Metric, _ second: Metric, in results: StoredResults) -> [MetricAgreement] {
    func pairs(_ runs: [RunResults]) -> [(Double, Double)] {
      runs.compactMap { run in
        guard let a = run.metrics[first.name], let b = run.metrics[second.name], a.isFinite, b.isFinite else {
          return nil
        }
        return (a, b)
      }
    }
    let names = results.present.map(\.stored.run.intervention).uniqued
    let ofEach = names.compactMap { name in
      MetricAgreement(
        first, second, intervention: name, pairs(results.present.filter { $0.stored.run.intervention == name }))
    }
    guard names.count > 1, let whole = MetricAgreement(first, second, intervention: nil, pairs(results.present)) else {
      return ofEach
    }
    return ofEach + [whole]
  }
}
