import Attention
import StrictYAML

/// Steps that a mapping selects: a range, or a part of all.
package struct StepsEntry: Sendable {
  fileprivate var from = 0
  fileprivate var to = 0
  fileprivate var every = 1
  fileprivate var fraction: [Double] = []

  package static let section = Section(
    "steps", blank: StepsEntry(),
    keys: [
      Key("from", \.from, .whole(0...FileContext.mostCalls), required: true, example: "0", "the first step"),
      Key(
        "to", \.to, .whole(1...FileContext.mostCalls), required: true, example: "30",
        "the step behind the last, which is left out"),
      Key("every", \.every, .whole(1...1000), example: "10", "how far apart the steps are, {allowed}"),
      Key(
        "fraction", \.fraction, fractionForm, standard: "", example: "[0, 0.8]",
        "in place of the others, two numbers from 0 to 1: of n steps, from int(0 × n) up to but not including int(0.8 × n); "
          + "both are rounded toward zero"),
    ])

  fileprivate static let range = section.keeping(["from", "to", "every"])
  fileprivate static let part = section.keeping(["fraction"])
}

extension Form<StepSelector> {
  /// `all`, a list of indices, `{ from, to, every }` or `{ fraction: [a, b] }`, checked against the run's steps.
  package static var steps: Form<StepSelector> {
    Form(
      read: { $1.stepSelector($0) },
      write: { selector in
        switch selector {
        case .all: .plain("all")
        case .list(let steps): .list(steps.map { .plain("\($0)") })
        case .range(let from, let to, let every): StepsEntry.range.write(StepsEntry(from: from, to: to, every: every))
        case .fraction(let from, let to): StepsEntry.part.write(StepsEntry(fraction: [from, to]))
        }
      }
    ).checked { selector, field, reader in
      // Where the count is not known, the most that there may be still finds what is wrong in any run.
      let count = reader.context.calls ?? FileContext.mostCalls...FileContext.mostCalls
      do throws(SelectionError) { _ = try selector.resolve(count: count.lowerBound) } catch {
        // What some scheduler may have is left to the plan, which knows it.
        if (try? selector.resolve(count: count.upperBound)) != nil { return selector }
        reader.report(at: field.node.place, path: field.path, error.described(at: field.path))
        return nil
      }
      return selector
    }
  }
}

private let fractionForm = Form<[Double]>(
  read: { field, reader in
    guard let entries = reader.list(field, of: "two numbers") else { return nil }
    if entries.count == 2 { return entries.compactMap { reader.number($0, in: 0...1) } }
    reader.report(field, "expected two numbers, found \(entries.count); [0, 0.8] is the first 80 % of the steps")
    return nil
  }, write: { .list($0.map { .plain("\($0)") }) })

extension FileReader {
  fileprivate func stepSelector(_ field: Field) -> StepSelector? {
    switch field.node.content {
    case .scalar("all", .text): return .all
    case .list(let nodes):
      let steps = Form<[Int]>.distinct(of: "steps", .whole(0...(FileContext.mostCalls - 1))).read(field, self)
      return steps.flatMap { $0.count == nodes.count ? .list($0) : nil }
    case .mapping(let entries) where entries.contains { $0.key == "fraction" }:
      return StepsEntry.part.soundly(field, self).map { .fraction(from: $0.fraction[0], to: $0.fraction[1]) }
    case .mapping:
      return StepsEntry.section.soundly(field, self).map { .range(from: $0.from, to: $0.to, every: $0.every) }
    case .scalar:
      report(
        field,
        "expected all, a list as [0, 10, 20], { from: 0, to: 30, every: 10 } or { fraction: [0, 0.8] }, found "
          + field.node.described)
      return nil
    }
  }
}
