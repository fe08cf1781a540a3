import Attention
import ExperimentFiles
import Generation
import Tensors

/// An operation of an experiment file, with its selectors resolved against a model.
struct ResolvedOperation: Codable {
  let spec: OperationSpec
  /// Indices of sites.
  let sites: [Int]
  /// Paths of residual blocks whose features it changes; nil for an operation on attentions.
  let residuals: [String]?
  let steps: [Int]

  private var branches: Set<GuidanceBranch> { Set(spec.branch.branches) }

  /// Whether it takes something of a source that belongs to tokens, so that they must stand at the same positions.
  var takesTokens: Bool { spec.op.needsSource && !spec.op.onlyObserves && ![.queries, .output].contains(spec.place) }

  /// The operation as it decides bits. Stored results are found again by hashes of this text, so it never changes.
  var text: String {
    let names = branches.map { "\"\($0.rawValue)\"" }.sorted().joined(separator: ", ")
    let words = (spec.words ?? []).map(\.description).joined(separator: ", ")
    return "\(spec.op.name) \(spec.place.rawValue) \(spec.change.identityText) \(listed(sites)) \(listed(steps)) "
      + "[\(names)] \(listed(spec.heads?.sorted() ?? [])) [\(words)] \(spec.renormalize)"
      + (spec.sourceNoise.map(Self.text) ?? "") + (residuals.map { " residuals \($0)" } ?? "")
  }

  private static func text(_ noise: ReferenceNoise) -> String {
    switch noise {
    case .seed(let seed): " source seed \(seed)"
    case .added(let number): " source seed +\(number)"
    }
  }

  /// `[0, 1, 2]`
  private func listed(_ numbers: [Int]) -> String { "[\(numbers.map(String.init).joined(separator: ", "))]" }

  /// What cannot be done at the chosen sites.
  func problems(_ all: [AttentionSite]) -> [String] {
    let chosen = sites.map { all[$0] }
    var problems: [String] = []
    if residuals != nil {
      if spec.place != .output {
        problems.append("a residual feature has an output alone, and of is \(spec.place.rawValue); write of: output")
      }
      if spec.words != nil { problems.append("words are keys of cross-attention, and a residual feature has none") }
    }
    if let refusal = spec.op.refusal(ofSteps: steps, residuals: residuals ?? []) { problems.append(refusal) }
    let refused = chosen.lazy.compactMap { site in spec.change.refusal(at: spec.place, of: site).map { ($0, site) } }
    if let (refusal, site) = refused.first {
      problems.append("\(refusal), and sites \"\(spec.sites)\" selects \(site.path)")
    }
    if spec.words != nil, let own = chosen.first(where: { !$0.keys.isText }) {
      problems.append("words are keys of cross-attention, and sites \"\(spec.sites)\" selects \(own.path)")
    }
    if let head = spec.heads?.max(), let few = chosen.first(where: { $0.heads <= head }) {
      problems.append("there is no head \(head) at \(few.path); it has \(few.heads), numbered 0 to \(few.heads - 1)")
    }
    return problems
  }

  /// The runs beside a group that it takes from, each a prompt and its start noise; none where it takes from the group's source.
  /// - Parameter source: the prompt of the group's source, where it has one.
  func references(source: String?, _ generate: GenerateSpec) -> [(prompt: String, noise: ReferenceNoise)] {
    if let dataset = spec.dataset {
      let prompts = dataset.prompts ?? generate.ownPrompts
      return prompts.flatMap { prompt in (dataset.seeds ?? generate.allSeeds).map { (prompt, .seed($0)) } }
    }
    guard let noise = spec.sourceNoise, let source else { return [] }
    return [(source, noise)]
  }

  /// The operation on a run of a group.
  /// - Parameters:
  ///   - sources: indices of what it takes from.
  ///   - source: the prompt of the one source, where it has one.
  /// - Throws: `SelectionError` for a word that is not in the run's prompt, or words of an edit that there are not.
  func planned(
    run: Int, sources: [Int], source: PromptTokens?, prompt: PromptTokens
  ) throws(SelectionError) -> PlannedOperation {
    let tokens: [Int]? = try spec.words.map { (words) throws(SelectionError) in
      let edit = words.contains(where: \.isOfEdits) ? source.map { EditedWords(of: prompt, source: $0) } : nil
      var positions: [Int] = []
      for word in words { positions += try word.positions(in: prompt, edit: edit) }
      guard !positions.isEmpty else {
        throw SelectionError(
          problem: "\"\(prompt.prompt)\" fills all \(prompt.tokens.count) tokens and has no <padding>")
      }
      return positions
    }
    if spec.op.changesWords, let other = tokens?.first(where: { prompt.tokens[$0].role != .word }) {
      throw SelectionError(
        problem: "\(spec.op.name) replaces words, and position \(other) of \"\(prompt.prompt)\" is "
          + prompt.label(of: other))
    }
    return PlannedOperation(
      operation: spec.op, values: spec.change.values, place: spec.place, run: run, sources: sources, sites: sites,
      residuals: residuals ?? [], steps: steps, branches: branches, heads: spec.heads.map(Set.init), tokens: tokens,
      renormalizes: spec.renormalize,
      alignment: takesTokens ? source.flatMap { TokenAlignment(source: $0, target: prompt) } : nil,
      object: try object(source: source, target: prompt))
  }

  /// The tokens of the object that the operation asks for; nil where it asks for none.
  private func object(source: PromptTokens?, target: PromptTokens) throws(SelectionError) -> PlannedObject? {
    let words = spec.change.texts("object")
    guard !words.isEmpty, let source else { return nil }
    func positions(_ prompt: PromptTokens) throws(SelectionError) -> [Int] {
      let names = try words.map { (word) throws(SelectionError) in try TokenName(word) }
      let found = names.compactMap { try? $0.positions(in: prompt) }
      // What is wrong with the one word is said as everywhere.
      if found.isEmpty, names.count == 1 { return try names[0].positions(in: prompt) }
      guard !found.isEmpty else {
        throw SelectionError(
          "object", problem: "\"\(prompt.prompt)\" has none of \(words.joined(separator: ", "))",
          hint: "add its word for the object")
      }
      return Set(found.joined()).sorted()
    }
    return PlannedObject(source: try positions(source), target: try positions(target))
  }
}
