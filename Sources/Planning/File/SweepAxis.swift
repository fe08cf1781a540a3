import Formatting
import StrictYAML

/// A key that a sweep varies, and the values that it takes.
package struct SweepAxis {
  package struct Value {
    /// What names the value in results.
    package let label: String
    package let node: SpecNode
  }

  /// As the file writes it: `layers`, or `1.strength` for one operation alone.
  package let key: String
  package let place: SpecPlace
  package let values: [Value]

  /// The key without the number of an operation.
  package var shortKey: String { key.split(separator: ".").last.map(String.init) ?? key }
}

/// One combination of the values of a sweep's axes.
package struct SweepPoint {
  package let choices: [(axis: SweepAxis, value: SweepAxis.Value)]

  /// What differs from other points, `layers=4-14, strength=0.5`.
  package var label: String {
    let keys = choices.map(\.axis.shortKey)
    return choices.map { choice in
      let isUnique = keys.count { $0 == choice.axis.shortKey } == 1
      return "\(isUnique ? choice.axis.shortKey : choice.axis.key)=\(choice.value.label)"
    }.joined(separator: ", ")
  }
}

extension SpecDecoder {
  /// The most interventions, or settings, that one sweep may stand for.
  package static let mostCombinations = 1000

  /// The axes of a `sweep`: keys, each with a list of values, with named values, or with a rule that makes them
  /// (`{ single: 1-16 }`, `{ window: 3, of: 1-16 }`).
  /// - Parameter allowed: whether a key may be varied here; nil, or why not.
  /// - Returns: nil after a report.
  package func sweepAxes(_ field: Field, problem: (String) -> String?) -> [SweepAxis]? {
    guard let entries = reader.namedFields(field, of: "keys with the values that they take") else { return nil }
    let before = reader.problems.count
    if entries.isEmpty {
      reader.report(field, "there are no keys; leave sweep out, or give one as layers: [1-16, 4-14]")
    }
    let axes = entries.compactMap { entry -> SweepAxis? in
      if let problem = problem(entry.key) {
        reader.report(at: entry.keyPlace, path: entry.value.path, "\(entry.value.path): \(problem)")
        return nil
      }
      let values = sweepValues(entry.value, key: entry.key)
      for (index, value) in values.enumerated() where values[..<index].contains(where: { $0.label == value.label }) {
        reader.report(entry.value, "two values are called \(quoted(value.label)); name them: { one: ..., other: ... }")
      }
      return SweepAxis(key: entry.key, place: entry.keyPlace, values: values)
    }
    // In floating point, where no product overflows.
    if axes.reduce(1.0, { $0 * Double($1.values.count) }) > Double(Self.mostCombinations) {
      reader.report(field, "more than \(Self.mostCombinations) combinations, the most there may be")
    }
    return reader.problems.count == before ? axes : nil
  }

  /// Every combination; the first axis varies slowest.
  package func sweepPoints(_ axes: [SweepAxis]) -> [SweepPoint] {
    axes.reduce([[]]) { partial, axis in
      partial.flatMap { choices in axis.values.map { choices + [(axis, $0)] } }
    }.map { SweepPoint(choices: $0) }
  }

  private func sweepValues(_ field: Field, key: String) -> [SweepAxis.Value] {
    switch field.node.content {
    case .list(let nodes):
      if nodes.isEmpty { reader.report(field, "the list is empty; give one value or more") }
      return nodes.enumerated().compactMap { index, node in
        guard let label = label(of: node) else {
          let here = Field(node: node, path: keyPath(field.path, "\(index)"))
          reader.report(here, "the value cannot be part of a name; name the values: { one: ..., other: ... }")
          return nil
        }
        return SweepAxis.Value(label: label, node: node)
      }
    case .mapping(let entries) where entries.contains { ["single", "window", "of", "every"].contains($0.key) }:
      return generatedValues(field, key: key)
    case .mapping(let entries):
      return entries.compactMap { entry in
        let path = keyPath(field.path, entry.key)
        guard checkName(entry.key, at: entry.keyPlace, path: path) else { return nil }
        return SweepAxis.Value(label: entry.key, node: entry.value)
      }
    case .scalar:
      reader.report(
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

  // MARK: Rules

  /// `{ single: 1-16 }` is each number by itself; `{ window: 3, of: 1-16, every: 2 }` is 1-3, 3-5 and so on.
  private func generatedValues(_ field: Field, key: String) -> [SweepAxis.Value] {
    let name = key.split(separator: ".").last.map(String.init) ?? key
    guard ["layers", "heads", "steps"].contains(name) else {
      reader.report(field, "a rule makes layers, heads or steps; give a list of values")
      return []
    }
    guard let fields = reader.fields(field, allowed: ["single", "window", "of", "every"]) else { return [] }
    let isSingle = fields["single"] != nil
    guard isSingle != (fields["window"] != nil), isSingle == (fields["of"] == nil),
      let range = fields[isSingle ? "single" : "of"]
    else {
      reader.report(field, "expected { single: 1-16 } or { window: 3, of: 1-16 }")
      return []
    }
    guard let bounds = bounds(range), let window = fields["window"].map({ reader.integer($0, in: 1...1024) }) ?? 1,
      let every = fields["every"].map({ reader.integer($0, in: 1...1024) }) ?? 1
    else { return [] }
    guard window <= bounds.count else {
      reader.report(fields["window"] ?? field, "\(window) is more than the \(bounds.count) of \(bounds)")
      return []
    }
    return stride(from: bounds.lowerBound, through: bounds.upperBound - window + 1, by: every).map { first in
      let last = first + window - 1
      return SweepAxis.Value(
        label: first == last ? "\(first)" : "\(first)-\(last)",
        node: node(name, first...last, place: range.node.place))
    }
  }

  /// `1-16`, or one number.
  private func bounds(_ field: Field) -> ClosedRange<Int>? {
    guard case .scalar(let text, let kind) = field.node.content, kind == .text || kind == .integer else {
      reader.report(field, "expected a range of numbers as 1-16, found \(field.node.described)")
      return nil
    }
    let numbers = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count <= 2, let first = numbers[0], let last = numbers[numbers.count - 1],
      (0...1023).contains(first), (first...1023).contains(last)
    else {
      reader.report(field, "\(quoted(text)) is no range of numbers from 0 to 1023, as 1-16")
      return nil
    }
    return first...last
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
