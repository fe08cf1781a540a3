/// What cannot be measured: a wrong result, inputs that do not fit, a size that a model cannot have.
package struct BenchmarkError: Error, Hashable, CustomStringConvertible {
  /// Never empty; one line each.
  package let problems: [String]

  init(_ problems: [String]) { self.problems = problems }

  package var description: String { problems.joined(separator: "\n") }
}
