import Attention
import ExperimentFiles
import Formatting
import Generation

/// What selectors of a file come to, in words.
package struct SelectionText {
  /// Of the model, at the size of the pictures; empty where they are not known.
  package let sites: [AttentionSite]
  package let stepCount: Int

  package init(sites: [AttentionSite], stepCount: Int) {
    self.sites = sites
    self.stepCount = stepCount
  }

  /// The sites a selector selects; empty where that is not known.
  package func selected(_ text: String) -> [AttentionSite] {
    (try? SiteSelector(text).resolve(sites)) ?? []
  }

  /// `` `self:4-14`: self-attention of layers 4-14 ``
  package func sites(_ text: String) -> String {
    let chosen = selected(text)
    let parts = AttentionKind.allCases.compactMap { kind -> String? in
      let layers = chosen.filter { $0.kind == kind }.map(\.layer)
      guard !layers.isEmpty else { return nil }
      return "\(kind.rawValue)-attention of \(layers.count == 1 ? "layer" : "layers") \(ranges(layers))"
    }
    return Markdown.code(text) + (parts.isEmpty ? "" : ": " + listed(parts))
  }

  package func steps(_ selector: StepSelector) -> String {
    let chosen = (try? selector.resolve(count: stepCount)) ?? []
    switch selector {
    case .all: return "all \(stepCount) steps"
    case .fraction(let from, let to): return "steps \(ranges(chosen)) (fraction \(from) to \(to) of \(stepCount))"
    case .list(let steps): return (steps.count == 1 ? "step " : "steps ") + ranges(steps)
    case .range(let from, let to, let every):
      if every == 1 || chosen.count <= 6 { return (chosen.count == 1 ? "step " : "steps ") + ranges(chosen) }
      return "every \(every) steps from \(from) below \(to)"
    }
  }

  package func branch(_ choice: BranchChoice) -> String {
    choice == .both ? "both halves of guidance" : "the \(choice.rawValue) half of guidance"
  }

  package func operation(_ operation: OperationSpec) -> String {
    let said = operation.change.words
    if operation.op.changesStart { return "**\(operation.op.name)** (\(Markdown.text(said.effect)))" }
    let words = operation.words.map { "words \(tokens(.names($0)))" }
    if operation.op.changesPrompt {
      let parts = ["**\(operation.op.name)** (\(Markdown.text(said.effect)))", words].compactMap { $0 }
      return parts.joined(separator: ", ") + ", in " + branch(operation.branch)
    }
    var parts = [
      "**\(operation.op.name)** of \(operation.place.rawValue) (\(Markdown.text(said.effect)))",
      "at \(sites(operation.sites))",
    ]
    if let heads = operation.heads { parts.append("head\(heads.count == 1 ? "" : "s") \(ranges(heads.sorted()))") }
    if let words { parts.append(words) }
    parts.append(steps(operation.steps))
    parts += said.details.map(Markdown.text)
    if operation.renormalize { parts.append("rows brought back to a sum of 1") }
    return parts.joined(separator: ", ") + ", in " + branch(operation.branch)
  }

  package func tokens(_ selector: TokenSelector) -> String {
    switch selector {
    case .all: "every token"
    case .words: "words"
    case .names(let names): names.map { Markdown.text($0.description) }.joined(separator: ", ")
    }
  }
}
