import Foundation

/// The reader of standard output has closed it, as `head` does when it has enough: no failure.
struct ReaderGone: Error {}

/// Where results go.
enum StandardOutput {
  /// Makes writing safe: a reader that goes away, and a file that would grow past the limit of the caller's shell
  /// (`ulimit -f`), become error codes instead of signals, and a stream that the caller closed is not reused for a file
  /// that is opened later.
  static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(stream, F_GETFD) == -1 {
      // The lowest free number is taken, which is this one.
      _ = open("/dev/null", O_RDWR)
    }
  }

  /// - Throws: `ReaderGone`; `CommandError` if the text cannot be written.
  static func write(_ text: String) throws {
    let failure = writeAll(text, to: STDOUT_FILENO)
    if failure == EPIPE { throw ReaderGone() }
    if failure != 0 {
      throw CommandError("standard output: cannot be written (\(String(cString: strerror(failure))))")
    }
  }

  /// Keys in snake case and in alphabetical order. Numbers that JSON lacks are written "inf", "-inf" and "nan".
  /// - Throws: as `write`.
  static func write(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    try write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
  }
}

/// Where progress, remarks and errors go. That nobody reads them stops no work.
enum StandardError {
  static func write(_ text: String) { _ = writeAll(text, to: STDERR_FILENO) }
}

/// - Returns: 0, or the system's error number.
private func writeAll(_ text: String, to stream: Int32) -> Int32 {
  var bytes = Array(text.utf8)[...]
  while !bytes.isEmpty {
    let written = bytes.withUnsafeBytes { Foundation.write(stream, $0.baseAddress, $0.count) }
    if written < 0 {
      if errno == EINTR { continue }
      return errno
    }
    bytes = bytes.dropFirst(written)
  }
  return 0
}
