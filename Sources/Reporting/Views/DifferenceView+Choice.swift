import Attention
import AttentionStore
import ExperimentFiles

/// What is compared where nothing is named.
extension DifferenceView {
  /// The run that another is compared with: the next finished one of its group, for a source its first target.
  /// - Parameter intervention: only a run under this one; nil: any.
  /// - Throws: `ExperimentError` that lists the interventions there are; `StoreError`.
  package static func other(
    _ first: StoredRun, intervention: String?, in store: AttentionStore
  ) throws -> StoredRun {
    let group = try store.runs(RunFilter(groupHash: first.groupHash, status: .done)).filter { $0.id != first.id }
    let isAsked = { (run: StoredRun) in intervention == nil || run.run.intervention == intervention }
    let later = group.filter { $0.id.rawValue > first.id.rawValue }
    guard let run = later.first(where: isAsked) ?? group.first(where: isAsked) else {
      let known = Set(group.map(\.run.intervention)).sorted().joined(separator: ", ")
      let others = known.isEmpty ? "" : " under \"\(intervention ?? "")\"; there are \(known)"
      throw ExperimentError(
        "run \(first.run.hash.prefix(16)) has no other done run in its group\(others); name a run with --with")
    }
    return run
  }

  /// The words that two runs are compared by.
  /// - Throws: `ExperimentError` if a prompt has no words; `StoreError`.
  package static func words(of first: StoredRun, and second: StoredRun, in store: AttentionStore) throws -> Subject {
    guard let one = try store.tokens(first.run.prompt), let other = try store.tokens(second.run.prompt),
      let words = words(of: one, and: other)
    else { throw ExperimentError("a prompt of the two runs has no words; compare self-attention with --point") }
    return words
  }

  /// The first prompt's word that the second has not at its place, with the word that stands there; the last word if none
  /// differs.
  /// - Returns: nil if either prompt has no words.
  static func words(of first: PromptTokens, and second: PromptTokens) -> Subject? {
    guard let index = DrawnChoice.word(of: first.words, differingFrom: second.words),
      let labels = try? [first, second].map({ try TokenSelector.words.resolve($0).map(\.label) }),
      let other = labels[1].indices.contains(index) ? labels[1][index] : labels[1].last
    else { return nil }
    return .word(labels[0][index], other: other)
  }
}

extension DifferenceView {
  /// A site's distances over all its steps.
  package struct Layer {
    package let site: AttentionSite
    package let steps: Int
    /// Means over the steps.
    package let totalVariation, jensenShannon: Double
    /// Of any step.
    package let largestJensenShannon: Double

    fileprivate init(_ site: AttentionSite, _ rows: [Row]) {
      func mean(_ value: KeyPath<Row, Double>) -> Double {
        rows.reduce(0) { $0 + $1[keyPath: value] } / Double(rows.count)
      }
      self.site = site
      steps = rows.count
      totalVariation = mean(\.distance.totalVariation)
      jensenShannon = mean(\.distance.jensenShannon)
      largestJensenShannon = rows.map(\.distance.jensenShannon).max() ?? .nan
    }
  }

  /// In the order of the forward pass.
  package var layers: [Layer] {
    Dictionary(grouping: rows, by: \.site).sorted { $0.key.index < $1.key.index }.map { Layer($0, $1) }
  }
}
