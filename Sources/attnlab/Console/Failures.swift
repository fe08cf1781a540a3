import Attention
import ExperimentFiles
import Results

/// Options or arguments that cannot be used as they are given: exit code 2.
struct UsageError: Error {
  /// Never empty; one line each, beginning with the option.
  let problems: [String]

  init(_ problems: [String]) { self.problems = problems }

  init(_ problem: String) { problems = [problem] }

  func text(command: String) -> String {
    problems.map { "error: \($0)\n" }.joined() + "  See 'attnlab \(command) --help' for more information.\n"
  }
}

/// A failure whose text is printed already: exit code 1.
struct AlreadyReported: Error {}

/// A command that cannot do what it was asked to, for a reason that no library knows of.
struct CommandError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Does something with what the command line asks for: that there is no such run, word or intervention is wrong use.
/// - Throws: `UsageError` instead of `ExperimentError`, `ResultsError` and `SelectionError`.
func asUsage<Result>(_ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let error as SelectionError {
    throw UsageError(error.description)
  } catch let error as ResultsError {
    throw UsageError(error.problems)
  } catch let error as ExperimentError {
    throw UsageError(error.problems)
  }
}
