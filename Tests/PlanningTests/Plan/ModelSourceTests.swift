import Checkpoints
import Foundation
import TestSupport
import Testing

@testable import Planning

@Suite struct ModelSourceTests {
  /// A pipe among the files of an instrument: reading it for the hash would never end.
  @Test func pipesAreNotHashed() throws {
    let folder = try ScratchFolder("clip")
    let file = try folder.write("{}", to: "config.json")
    let pipe = folder.url.appending(path: "notes.json")
    #expect(mkfifo(pipe.path, 0o600) == 0)
    #expect(throws: CheckpointError.self) { try ModelSource.hash([file, pipe]) }
    #expect(try ModelSource.hash([file]).count == 64)
  }
}
