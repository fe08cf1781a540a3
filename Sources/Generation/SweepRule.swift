import Formatting
import StrictYAML

/// A rule that makes the values of an axis: `{ single: 1-16 }` is each number by itself, `{ window: 3, of: 1-16, every: 2 }`
/// is 1-3, 3-5 and so on.
struct SweepRule: Sendable {
  fileprivate var single: ClosedRange<Int>?
  fileprivate var of: ClosedRange<Int>?
  fileprivate var window = 1
  fileprivate var every = 1

  var ranges: [ClosedRange<Int>] {
    guard let numbers = single ?? of else { return [] }
    return stride(from: numbers.lowerBound, through: numbers.upperBound - window + 1, by: every).map {
      $0...($0 + window - 1)
    }
  }

  static let section = Section(
    "rule", blank: SweepRule(),
    keys: [
      Key("single", \.single, .ifGiven(numbersForm), example: "1-16", "each number by itself"),
      Key("window", \.window, .whole(1...1024), example: "3", "how many numbers stand together, {allowed}"),
      Key("of", \.of, .ifGiven(numbersForm), example: "1-16", "all numbers that windows are of"),
      Key("every", \.every, .whole(1...1024), example: "2", "how far a window is from the one before it, {allowed}"),
    ]
  ) { rule, fields, reader in
    let isSingle = fields["single"] != nil
    if isSingle == (fields["of"] != nil) || isSingle == (fields["window"] != nil) {
      reader.report(fields.field, "expected { single: 1-16 } or { window: 3, of: 1-16 }")
    }
    if let numbers = rule.of, rule.window > numbers.count {
      reader.report(
        fields["window"] ?? fields.field, "\(rule.window) is more than the \(numbers.count) of \(numbers)")
    }
  }
}

/// `1-16`, or one number.
private let numbersForm = Form<ClosedRange<Int>>(
  read: { field, reader in
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
  }, write: { .plain("\($0.lowerBound)-\($0.upperBound)") })
