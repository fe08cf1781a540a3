/// `1 pair`, `3 pairs`.
package func counted(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
  "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
}

/// `a`, `a and b`, `a, b and c`.
package func listed(_ items: [String]) -> String {
  guard let last = items.last, items.count > 1 else { return items.first ?? "" }
  return items.dropLast().joined(separator: ", ") + " and " + last
}

/// Whole numbers with their runs drawn together: `1-3, 7`.
package func ranges(_ numbers: [Int]) -> String {
  var runs: [ClosedRange<Int>] = []
  for number in Set(numbers).sorted() {
    if let last = runs.last, last.upperBound + 1 == number {
      runs[runs.count - 1] = last.lowerBound...number
    } else {
      runs.append(number...number)
    }
  }
  return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ", ")
}

/// The lowest and the highest of some numbers: `48 to 52`, or `48` where they are equal.
package func extent(of numbers: [Int]) -> String {
  let (low, high) = (numbers.min() ?? 0, numbers.max() ?? 0)
  return low == high ? "\(low)" : "\(low) to \(high)"
}

/// `1,234,567`
package func grouped(_ number: Int) -> String {
  let digits = Array("\(number.magnitude)")
  let parts = stride(from: digits.count % 3 == 0 ? 0 : digits.count % 3 - 3, to: digits.count, by: 3).map {
    String(digits[max(0, $0)..<($0 + 3)])
  }
  return (number < 0 ? "-" : "") + parts.joined(separator: ",")
}
