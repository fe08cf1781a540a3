import Formatting
import StrictYAML

/// A key that a sweep varies, and the values that it takes.
struct SweepAxis {
  struct Value {
    /// What names the value in results.
    let label: String
    let node: SpecNode
  }

  /// As the file writes it: `layers`, or `1.strength` for one operation alone.
  let key: String
  let place: SpecPlace
  let values: [Value]

  /// The key without the number of an operation.
  var shortKey: String { key.split(separator: ".").last.map(String.init) ?? key }
}

/// One combination of the values of a sweep's axes.
struct SweepPoint {
  let choices: [(axis: SweepAxis, value: SweepAxis.Value)]

  /// What differs from other points, `layers=4-14, strength=0.5`.
  var label: String {
    let keys = choices.map(\.axis.shortKey)
    return choices.map { choice in
      let isUnique = keys.count { $0 == choice.axis.shortKey } == 1
      return "\(isUnique ? choice.axis.shortKey : choice.axis.key)=\(choice.value.label)"
    }.joined(separator: ", ")
  }
}

extension FileReader {
  /// The axes of a `sweep`: keys, each with a list of values, with named values, or with a rule that makes them
  /// (`{ single: 1-16 }`, `{ window: 3, of: 1-16 }`).
  /// - Parameter allowed: whether a key may be varied here; nil, or why not.
  /// - Returns: nil after a report.
  func sweepAxes(_ field: Field, problem: (String) -> String?) -> [SweepAxis]? {
    guard let entries = namedFields(field, of: "keys with the values that they take") else { return nil }
    let before = problems.count
    if entries.isEmpty {
      report(field, "there are no keys; leave sweep out, or give one as layers: [1-16, 4-14]")
    }
    let axes = entries.compactMap { entry -> SweepAxis? in
      if let problem = problem(entry.key) {
        report(at: entry.keyPlace, path: entry.value.path, "\(entry.value.path): \(problem)")
        return nil
      }
      let values = sweepValues(entry.value, key: entry.key)
      var labels: Set<String> = []
      for value in values.prefix(PlanLimits.combinations) where !labels.insert(value.label).inserted {
        report(entry.value, "two values are called \(quoted(value.label)); name them: { one: ..., other: ... }")
      }
      return SweepAxis(key: entry.key, place: entry.keyPlace, values: values)
    }
    // In floating point, where no product overflows.
    if axes.reduce(1.0, { $0 * Double($1.values.count) }) > Double(PlanLimits.combinations) {
      report(field, "more than \(PlanLimits.combinations) combinations, the most there may be")
    }
    return problems.count == before ? axes : nil
  }

  /// Every combination; the first axis varies slowest.
  func sweepPoints(_ axes: [SweepAxis]) -> [SweepPoint] {
    axes.reduce([[]]) { partial, axis in
      partial.flatMap { choices in axis.values.map { choices + [(axis, $0)] } }
    }.map { SweepPoint(choices: $0) }
  }

  private func sweepValues(_ field: Field, key: String) -> [SweepAxis.Value] {
    switch field.node.content {
    case .list(let nodes):
      if nodes.isEmpty { report(field, "the list is empty; give one value or more") }
      return nodes.enumerated().compactMap { index, node in
        guard let label = label(of: node) else {
          let here = Field(node: node, path: keyPath(field.path, "\(index)"))
          report(here, "the value cannot be part of a name; name the values: { one: ..., other: ... }")
          return nil
        }
        return SweepAxis.Value(label: label, node: node)
      }
    case .mapping(let entries) where entries.contains { SweepRule.section.names.contains($0.key) }:
      return generatedValues(field, key: key)
    case .mapping(let entries):
      return entries.compactMap { entry in
        let path = keyPath(field.path, entry.key)
        guard checkName(entry.key, at: entry.keyPlace, path: path) else { return nil }
        return SweepAxis.Value(label: entry.key, node: entry.value)
      }
    case .scalar:
      report(
        field, "expected a list of values, named values or a rule as { single: 1-16 }, found \(field.node.described)")
      return []
    }
  }

  /// The text that stands for a value in a name; nil where it has none.
  private func label(of node: SpecNode) -> String? {
    let text: String?
    switch node.content {
    case .scalar(let value, let kind): text = kind == .null ? nil : value.replacing(":", with: " ")
    case .list(let nodes):
      let parts = nodes.map(label)
      text = parts.contains(nil) ? nil : parts.compactMap { $0 }.joined(separator: "+")
    case .mapping(let entries):
      let values = Dictionary(entries.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
      if let fraction = values["fraction"], case .list(let bounds) = fraction.content, bounds.count == 2 {
        text = label(of: bounds[0]).flatMap { from in label(of: bounds[1]).map { "\(from)-\($0)" } }
      } else if let from = values["from"].flatMap(integer), let to = values["to"].flatMap(integer), from < to {
        let every = values["every"].flatMap(integer).map { " every \($0)" } ?? ""
        text = from == to - 1 ? "\(from)" : "\(from)-\(to - 1)\(every)"
      } else {
        text = nil
      }
    }
    return text.flatMap { isUsualName($0) ? $0 : nil }
  }

  private func integer(_ node: SpecNode) -> Int? {
    if case .scalar(let text, .integer) = node.content { Int(text) } else { nil }
  }

  /// The values of a rule as those of a key that has ranges for values.
  private func generatedValues(_ field: Field, key: String) -> [SweepAxis.Value] {
    let name = key.split(separator: ".").last.map(String.init) ?? key
    guard ["layers", "heads", "steps"].contains(name) else {
      report(field, "a rule makes layers, heads or steps; give a list of values")
      return []
    }
    let ranges = SweepRule.section.soundly(field, self)?.ranges ?? []
    return ranges.map { range in
      SweepAxis.Value(
        label: range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)",
        node: node(name, range, place: field.node.place))
    }
  }

  /// A range as the value of a key.
  private func node(_ key: String, _ range: ClosedRange<Int>, place: SpecPlace) -> SpecNode {
    func number(_ value: Int) -> SpecNode { SpecNode(content: .scalar("\(value)", .integer), place: place) }
    switch key {
    case "layers":
      let text = range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
      return SpecNode(content: .scalar(text, .text), place: place)
    case "steps":
      return SpecNode(
        content: .mapping([
          SpecEntry(key: "from", keyPlace: place, value: number(range.lowerBound)),
          SpecEntry(key: "to", keyPlace: place, value: number(range.upperBound + 1)),
        ]), place: place)
    default:
      return SpecNode(content: .list(range.map(number)), place: place)
    }
  }
}
