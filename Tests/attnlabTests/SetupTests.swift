import Foundation
import TestSupport
import Testing

/// `.ci/setup` looks at the Swift in PATH before anything is installed or built.
@Suite struct SetupTests {
  /// What `swift --version` prints, and the version that is refused; nil where it is taken.
  static let versions: [(String, String?)] = [
    ("Swift version 6.0.3 (swift-6.0.3-RELEASE)", "6.0.3"),
    ("Apple Swift version 6.0 (swiftlang-6.0.0.9.10 clang-1600.0.26.2)", "6.0"),
    ("Swift version 5.10.1 (swift-5.10.1-RELEASE)", "5.10.1"),
    ("Swift version 6.1 (swift-6.1-RELEASE)", nil),
    ("Swift version 6.10.1 (swift-6.10.1-RELEASE)", nil),
    ("Swift version 7.0 (swift-7.0-RELEASE)", nil),
    ("Swift version 6.0-dev (LLVM 0123, Swift 4567)", nil),
  ]

  @Test(arguments: versions)
  func versionOfSwift(line: String, refused: String?) throws {
    try Program.inFolder { program in
      try program.write("#!/bin/sh\necho '\(line)'\n", to: "swift")
      let setup = Fixtures.repository.appending(path: ".ci/setup").path
      let outcome = try program.shell("chmod +x swift\nPATH=\"$PWD:$PATH\" '\(setup)' --swift-only")
      let errors = refused.map {
        """
        setup: swift in PATH is \($0). Swift 6.1 or newer builds this package; install it from
        setup: https://www.swift.org/install/linux/ and add its usr/bin folder to PATH.

        """
      }
      #expect(outcome.code == (refused == nil ? 0 : 1))
      #expect(outcome.errors == errors ?? "")
    }
  }
}
