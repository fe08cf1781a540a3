import AttentionStore
import CFaultSync
import ExperimentSupport
import Files
import Foundation
import StoreTestSupport
import TestSupport
import Testing

/// A file that does not reach the disk is a failed step: the run ends with the file's name, and the next one makes what is
/// missing.
@Suite(.serialized) struct FailedSyncTests {
  /// Files while the steps are taken, and files at the end.
  private static let overrides = [
    "generate.num_inference_steps=2", "generate.height=32", "generate.width=32", "metrics=[psnr]",
    "record=[{name: words, sites: 'cross:mid'}]", "predicted_clean=[0]",
    "interventions={swap: [{op: replace, sites: 'cross:*'}]}",
  ]

  private func run(_ folder: URL, failing n: Int) -> (calls: Int, error: (any Error)?) {
    fault_sync_arm("\(folder.lastPathComponent)/small/runs/", n)
    let outcome = Result { try SmallExperiment.run(folder, Self.overrides) }
    let calls = fault_sync_disarm()
    guard case .failure(let error) = outcome else { return (calls, nil) }
    return (calls, error)
  }

  @Test func aFileThatDoesNotReachTheDisk() throws {
    let (whole, total) = try Fixtures.withTemporaryFolder { (folder) throws -> (StoredContents, Int) in
      let unbroken = run(folder, failing: 0)
      try #require(unbroken.error == nil)
      return (try StoredContents(folder.appending(path: "small/small.sqlite")), unbroken.calls)
    }
    // Of two runs: a predicted picture after the first step, the picture, and the latents.
    try #require(total == 6)
    let names = [
      "predicted-000.png", "predicted-000.png", "picture.png", "latents.safetensors", "picture.png",
      "latents.safetensors",
    ]
    for n in 1...total {
      try Fixtures.withTemporaryFolder { (folder) throws -> Void in
        let error = try #require(run(folder, failing: n).error as? FileError, "call \(n) was survived")
        #expect(error.path.hasPrefix("\(folder.path)/small/runs/") && error.path.hasSuffix("/\(names[n - 1])"))
        #expect(error.description == "\(error.path): cannot be written (Input/output error)")

        // No step is called done whose files are not there, and no run.
        let left = try StoredContents(folder.appending(path: "small/small.sqlite"))
        #expect(left.runs.map(\.status) == [.running, .running] && left.problems == [])
        #expect(Set(left.maps.map(\.step)) == (n <= 2 ? [] : [0, 1]))
        #expect(!FileManager.default.fileExists(atPath: error.path))

        #expect(run(folder, failing: 0).error == nil)
        let resumed = try StoredContents(folder.appending(path: "small/small.sqlite"))
        #expect(resumed == whole, "after call \(n)")
        let files = FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []
        #expect(!files.contains { NewFile.isUnfinished(URL(filePath: $0).lastPathComponent) })
      }
    }
  }
}
