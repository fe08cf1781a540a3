import Analysis
import Formatting
import StrictYAML
import Tensors

/// An entry of `pairs` that stands for pairs drawn at random from templates and lists, each with seeds of its own.
///
/// So the pair is what an experiment's pictures are a sample of: pairs share neither a start noise nor, but by chance, a prompt.
/// The same entry gives the same pairs on every machine.
package struct DrawnPairsEntry: Sendable {
  /// How many pairs are drawn.
  fileprivate(set) var count = 0
  fileprivate var templates: [PromptTemplate] = []
  fileprivate var lists: [NamedTexts] = []
  /// Gaps of which a pair changes one.
  fileprivate var change: [String] = []
  fileprivate var seedsEach = DrawnPairsEntry.standardSeeds
  fileprivate var firstSeed: Seed = 1000
  fileprivate var lot = 1

  package static let standardSeeds = 2

  /// A draw that gives a pair again is thrown away; after so many tries there are hardly more.
  var tries: Int { 1000 + 100 * count }

  package static let section = Section(
    "draw", blank: DrawnPairsEntry(),
    keys: [
      Key(
        "draw", \.count, .whole(1...PlanLimits.prompts), required: true, standard: "required", example: "2",
        "how many different pairs, {allowed}"),
      Key(
        "templates", \.templates, templatesForm, required: true, standard: "required", example: "[\"{color} car\"]",
        "prompts with gaps, each as likely as another"),
      Key(
        "lists", \.lists, .lists(combinations: nil), required: true, standard: "required",
        example: "{ color: [a red, a blue, an orange] }",
        "a list of texts for each gap, each as likely as another; `{color_2}` takes from the list `color` what `{color}` does not"
      ),
      Key(
        "change", \.change, .distinct(of: "gaps", .line(allowsEmpty: false), ifEmpty: "name one gap or more"),
        required: true, standard: "required", example: "[color]",
        "gaps; source and target differ in one of them, each as likely as another of the template's"),
      Key("seeds_each", \.seedsEach, .whole(1...1000), example: "3", "seeds of each pair, {allowed}"),
      Key(
        "first_seed", \.firstSeed, .seed, example: "2000",
        "the first pair's first seed; the others follow one another, pair by pair"),
      Key("lot", \.lot, .whole(0...Int.max), example: "2", "a whole number: another one draws other pairs"),
    ]
  ) { entry, fields, reader in entry.check(fields, reader) }

  // MARK: - Drawing

  /// The pairs, fewer than asked for where the tries did not give so many.
  var pairs: [PromptPair] {
    var random = SplitMix64(seed: UInt64(lot))
    var seen: Set<PromptPair> = []
    var pairs: [PromptPair] = []
    for _ in 0..<tries where pairs.count < count {
      guard let pair = pair(&random), seen.insert(pair).inserted else { continue }
      let first = firstSeed.value + UInt64(pairs.count * seedsEach)
      pairs.append(
        PromptPair(
          source: pair.source, target: pair.target, seeds: (0..<UInt64(seedsEach)).map { Seed(first + $0) }))
    }
    return pairs
  }

  /// One draw; nil where a gap has nothing left to take.
  private func pair(_ random: inout SplitMix64) -> PromptPair? {
    let template = templates[random.next(below: templates.count)]
    let gaps = template.gaps.uniqued
    var values: [String: String] = [:]
    func choose(_ gap: String) -> String? {
      // What gaps of the same list have, the gap itself included, is taken.
      let list = list(of: gap)
      let taken = gaps.filter { self.list(of: $0)?.name == list?.name }.compactMap { values[$0] }
      let free = (list?.values ?? []).filter { !taken.contains($0) }
      return free.isEmpty ? nil : free[random.next(below: free.count)]
    }
    for gap in gaps {
      guard let value = choose(gap) else { return nil }
      values[gap] = value
    }
    let changeable = gaps.filter(change.contains)
    let changed = changeable[random.next(below: changeable.count)]
    guard let value = choose(changed) else { return nil }
    let pair = PromptPair(
      source: template.filled(values), target: template.filled(values.merging([changed: value]) { $1 }))
    return pair.source == pair.target ? nil : pair
  }

  /// The list of a gap: that of its name, or of its name without a number at the end.
  private func list(of gap: String) -> NamedTexts? {
    if let own = lists.first(where: { $0.name == gap }) { return own }
    guard let place = gap.lastIndex(of: "_"), Int(gap[gap.index(after: place)...]) != nil else { return nil }
    return lists.first { $0.name == gap[..<place] }
  }

  // MARK: - Checking

  private func check(_ fields: Fields, _ reader: FileReader) {
    guard let templatesField = fields["templates"], let listsField = fields["lists"], let changeField = fields["change"]
    else { return }
    let isKnown = ![templatesField, listsField, changeField].contains { reader.hasProblem(below: $0.path) }
    guard isKnown else { return }
    let gaps = templates.flatMap(\.gaps).uniqued
    for gap in gaps where list(of: gap) == nil {
      reader.report(templatesField, "{\(clipped(gap))} has no list; lists: \(listedNames(lists.map(\.name)))")
    }
    let used = gaps.compactMap { list(of: $0)?.name }
    for list in lists where !used.contains(list.name) {
      reader.report(listsField, "no template has {\(clipped(list.name))} for the list \(quoted(list.name))")
    }
    for gap in change where !gaps.contains(gap) {
      reader.report(changeField, "no template has {\(clipped(gap))}; there are \(listedNames(gaps))")
    }
    for (index, template) in templates.enumerated() {
      template.checkLength(templatesField, reader, list: list(of:))
      let own = template.gaps.uniqued
      for list in lists {
        let gaps = own.filter { self.list(of: $0)?.name == list.name }
        let needed = gaps.count + (gaps.contains(where: change.contains) ? 1 : 0)
        guard needed > list.values.count else { continue }
        reader.report(
          listsField,
          "the template \(index) takes \(needed) different values of \(quoted(list.name)) for a pair, which has "
            + "\(list.values.count)")
      }
    }
    for (index, template) in templates.enumerated() where !template.gaps.contains(where: change.contains) {
      reader.report(templatesField, "the template \(index) has no gap that changes; change: \(listedNames(change))")
    }
    let (count, overflows) = UInt64(count).multipliedReportingOverflow(by: UInt64(seedsEach))
    if overflows || firstSeed.value.addingReportingOverflow(count).overflow, let field = fields["first_seed"] {
      reader.report(field, "the last pair's seeds would be above the largest seed, \(Seed.max)")
    }
  }
}

private let templatesForm = Form<[PromptTemplate]>.list(
  of: "templates", .template, ifEmpty: "give one template or more")
