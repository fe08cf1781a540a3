import Attention
import Tensors

/// An operation of an experiment file, with its selectors resolved against a model.
package struct ResolvedOperation {
  package let spec: OperationSpec
  /// Indices of sites.
  package let sites: [Int]
  package let steps: [Int]

  private var branches: Set<GuidanceBranch> { Set(spec.branch.branches) }

  /// Whether it takes something of a source that belongs to tokens, so that they must stand at the same positions.
  package var takesTokens: Bool { spec.op.needsSource && ![.queries, .output].contains(spec.place) }

  /// The operation as it decides bits.
  package var text: String {
    "\(spec.op.rawValue) \(spec.place.rawValue) \(spec.change) \(sites) \(steps) "
      + "\(branches.map(\.rawValue).sorted()) \(spec.heads?.sorted() ?? []) \(spec.words ?? []) \(spec.renormalise)"
      + (spec.sourceSeed.map { " source seed \($0)" } ?? "")
  }

  /// What cannot be done at the chosen sites.
  package func problems(_ all: [AttentionSite]) -> [String] {
    let chosen = sites.map { all[$0] }
    var problems: [String] = []
    if spec.op == .identity, let cross = chosen.first(where: { $0.kind == .cross }) {
      problems.append("identity is for self-attention, and sites \"\(spec.sites)\" selects \(cross.path)")
    }
    if spec.words != nil, let own = chosen.first(where: { $0.kind == .selfAttention }) {
      problems.append("words are keys of cross-attention, and sites \"\(spec.sites)\" selects \(own.path)")
    }
    if case .mass = spec.change { problems += partProblem(chosen) }
    if case .pattern = spec.change { problems += partProblem(chosen) }
    if spec.op == .blur, [.keys, .values].contains(spec.place),
      let cross = chosen.first(where: { $0.kind == .cross })
    {
      problems.append("the \(spec.place.rawValue) of cross-attention are tokens and have no grid: \(cross.path)")
    }
    if let head = spec.heads?.max(), let few = chosen.first(where: { $0.heads <= head }) {
      problems.append("there is no head \(head) at \(few.path); it has \(few.heads), numbered 0 to \(few.heads - 1)")
    }
    return problems
  }

  private func partProblem(_ chosen: [AttentionSite]) -> [String] {
    guard let own = chosen.first(where: { $0.kind == .selfAttention }) else { return [] }
    return ["part is of words, and sites \"\(spec.sites)\" selects \(own.path)"]
  }

  /// What runs beside a group for this operation alone.
  /// - Parameter source: the prompt of the group's source, where it has one.
  package func references(source: PromptTokens?, dataset: [PlannedReference]) -> [PlannedReference] {
    if spec.op == .datasetMean { return dataset }
    guard let seed = spec.sourceSeed, let source else { return [] }
    return [PlannedReference(prompt: source, seed: seed)]
  }

  /// The operation on a run of a group.
  /// - Parameters:
  ///   - sources: indices of what it takes from.
  ///   - source: the prompt of the one source, where it has one.
  /// - Throws: `SelectionError` for a word that is not in the run's prompt.
  package func planned(
    run: Int, sources: [Int], source: PromptTokens?, prompt: PromptTokens
  ) throws(SelectionError) -> PlannedOperation {
    let tokens: [Int]? = try spec.words.map { (words) throws(SelectionError) in
      var positions: [Int] = []
      for word in words { positions += try word.positions(in: prompt) }
      return positions
    }
    return PlannedOperation(
      operation: spec.op, place: spec.place, change: spec.change, run: run, sources: sources, sites: sites,
      steps: steps, branches: branches, heads: spec.heads.map(Set.init), tokens: tokens,
      renormalises: spec.renormalise,
      alignment: takesTokens ? source.flatMap { TokenAlignment(source: $0, target: prompt) } : nil)
  }
}
