import CLibFuzzer
import Foundation

/// Runs libFuzzer on one reader: `ATTNLAB_FUZZ_TARGET` names it, the arguments are libFuzzer's own.
///
/// `ATTNLAB_FUZZ_FOLDER` is a folder for the files that inputs are made into; those of the last input stay in it.
@main enum Main {
  static func main() {
    guard target != nil else {
      FileHandle.standardError.write(
        Data("ATTNLAB_FUZZ_TARGET is none of: \(targets.keys.sorted().joined(separator: ", "))\n".utf8))
      exit(2)
    }
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    let code = LLVMFuzzerRunDriver(&count, &arguments) { bytes, size in
      target?.run(FuzzBytes(UnsafeBufferPointer(start: bytes, count: size)))
      return 0
    }
    exit(code)
  }
}

/// A reader of files that somebody else wrote.
protocol FuzzTarget: Sendable {
  /// Reads what the input is made into. A crash is a finding; so is a failed `require`.
  func run(_ input: FuzzBytes)
}

private let targets: [String: @Sendable (ScratchFiles) -> any FuzzTarget] = [
  "safetensors": SafetensorsTarget.init,
  "experiment": ExperimentTarget.init,
  "tokenizer": TokenizerTarget.init,
  "config": ConfigTarget.init,
  "database": DatabaseTarget.init,
]

private let target: (any FuzzTarget)? = {
  let environment = ProcessInfo.processInfo.environment
  let folder = environment["ATTNLAB_FUZZ_FOLDER"] ?? "/dev/shm/attnlab-fuzz-\(getpid())"
  return targets[environment["ATTNLAB_FUZZ_TARGET"] ?? ""]?(ScratchFiles(URL(filePath: folder)))
}()

/// Ends the process where a property does not hold, so that libFuzzer keeps the input.
func require(_ condition: Bool, _ property: @autoclosure () -> String) {
  if !condition { fatalError("does not hold: \(property())") }
}

/// What every error owes its reader: a text, and not a flood.
func requireReadable(_ error: any Error) {
  let text = "\(error)"
  require(!text.isEmpty, "an error has a text")
  require(text.utf8.count <= 1 << 16, "an error's text has at most 64 KiB, not \(text.utf8.count) bytes")
}
