import Foundation

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

/// An error as a sentence for a reader: our own types describe themselves, Foundation's are put into words.
func plainText(of error: any Error) -> String {
  guard let cocoa = error as? CocoaError else { return "\(error)" }
  let path = cocoa.filePath ?? cocoa.url?.path
  let reason = (cocoa.underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) }
  let fallback = cocoa.code == .fileReadNoSuchFile ? "no such file" : cocoa.localizedDescription
  return [path, reason ?? fallback].compactMap { $0 }.joined(separator: ": ")
}
