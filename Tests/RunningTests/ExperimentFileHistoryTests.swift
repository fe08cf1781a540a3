import Foundation
import Results
import TestSupport
import Testing

@testable import Running

/// What git knows of an experiment file, in repositories that are made for it.
@Suite struct ExperimentFileHistoryTests {
  private static let file = """
    name: a
    claims:
      # Fixed beforehand.
      claims: [{ name: C, above: 0.1 }]

    metrics: [ssim]

    """

  /// A repository, and what commits a text as a file of it at a time.
  private func inRepository(
    _ body: (URL, (_ text: String, _ name: String, _ second: Int) throws -> String) throws -> Void
  )
    throws
  {
    try Fixtures.withTemporaryFolder { folder in
      func git(_ arguments: [String], second: Int = 0) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["git", "-C", folder.path, "-c", "user.name=n", "-c", "user.email=e"] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["GIT_COMMITTER_DATE": "\(second) +0000"]) {
          $1
        }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "git \(arguments)")
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      }
      _ = try git(["init", "--quiet"])
      try body(folder) { text, name, second in
        try Data(text.utf8).write(to: folder.appending(path: name))
        _ = try git(["add", "--all"])
        _ = try git(["commit", "--quiet", "-m", "m"], second: second)
        return try git(["rev-parse", "HEAD"])
      }
    }
  }

  /// Of all commits of the file the one that last changed its claims; comments and other keys are none of them.
  @Test func theCommitThatFixedTheThresholds() throws {
    try inRepository { folder, commit in
      let url = folder.appending(path: "e.yaml")
      _ = try commit(Self.file.replacingOccurrences(of: "0.1", with: "0.3"), "e.yaml", 1_700_000_000)
      let fixed = try commit(Self.file, "e.yaml", 1_700_000_100)
      _ = try commit("other", "b.txt", 1_700_000_200)
      _ = try commit(Self.file.replacingOccurrences(of: "Fixed", with: "All fixed"), "e.yaml", 1_700_000_300)
      let last = try commit(Self.file.replacingOccurrences(of: "ssim", with: "psnr"), "e.yaml", 1_700_000_400)
      let found = ExperimentFileHistory(url)
      #expect(found.commit == last && found.isCommitted)
      #expect(found.thresholds == .commit(fixed, Date(timeIntervalSince1970: 1_700_000_100)))
      // What the command line changes of them is in no commit.
      #expect(ExperimentFileHistory(url, overrides: ["claims.confidence=0.5"]).thresholds == .notCommitted)
      #expect(ExperimentFileHistory(url, overrides: ["name=b"]).thresholds == found.thresholds)

      try Data(Self.file.replacingOccurrences(of: "0.1", with: "0.05").utf8).write(to: url)
      let changed = ExperimentFileHistory(url)
      #expect(changed.commit == last && !changed.isCommitted && changed.thresholds == .notCommitted)
    }
  }

  /// A repository's configuration names programs: one that checks signatures, for instance.
  @Test func programsOfTheRepositoryAreNotStarted() throws {
    try inRepository { folder, commit in
      let (program, mark) = (folder.appending(path: "sign"), folder.appending(path: "started"))
      try Data(
        """
        #!/bin/sh
        cat > /dev/null
        touch '\(mark.path)'
        printf '\\n[GNUPG:] SIG_CREATED x\\n' >&2
        printf -- '-----BEGIN PGP SIGNATURE-----\\nx\\n-----END PGP SIGNATURE-----\\n'

        """.utf8
      ).write(to: program)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
      let config = folder.appending(path: ".git/config")
      let settings = "[log]\nshowSignature = true\n[gpg]\nprogram = \(program.path)\n[commit]\ngpgSign = true\n"
      try (Data(contentsOf: config) + Data(settings.utf8)).write(to: config)
      let fixed = try commit(Self.file, "e.yaml", 1_700_000_000)
      // It signed.
      try FileManager.default.removeItem(at: mark)
      let found = ExperimentFileHistory(folder.appending(path: "e.yaml"))
      #expect(found.thresholds == .commit(fixed, Date(timeIntervalSince1970: 1_700_000_000)))
      #expect(!FileManager.default.fileExists(atPath: mark.path))
    }
  }

  /// A file that moved is the same file.
  @Test func renamedFilesAndNewOnes() throws {
    try inRepository { folder, commit in
      let fixed = try commit(Self.file, "old name.yaml", 1_700_000_000)
      try FileManager.default.createDirectory(at: folder.appending(path: "sub"), withIntermediateDirectories: true)
      try FileManager.default.moveItem(
        at: folder.appending(path: "old name.yaml"), to: folder.appending(path: "sub/e.yaml"))
      _ = try commit(Self.file, "sub/e.yaml", 1_700_000_100)
      let found = ExperimentFileHistory(folder.appending(path: "sub/e.yaml"))
      #expect(found.thresholds == .commit(fixed, Date(timeIntervalSince1970: 1_700_000_000)))
      let new = folder.appending(path: "new.yaml")
      try Data(Self.file.utf8).write(to: new)
      #expect(ExperimentFileHistory(new).thresholds == .notCommitted && !ExperimentFileHistory(new).isCommitted)
    }
  }

  @Test func withoutClaimsOrARepository() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appending(path: "e.yaml")
      try Data(Self.file.utf8).write(to: url)
      let found = ExperimentFileHistory(url)
      #expect(found.commit == nil && !found.isCommitted && found.thresholds == .notVersioned)
      try Data("name: a\n".utf8).write(to: url)
      #expect(ExperimentFileHistory(url).thresholds == nil)
    }
  }
}
