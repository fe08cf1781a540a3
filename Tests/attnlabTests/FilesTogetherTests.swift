import Foundation
import TestSupport
import Testing

@testable import attnlab

/// Files that a command writes together.
@Suite struct FilesTogetherTests {
  private func names(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  @Test func allHaveTheirNamesAndReplaceWhatHadThem() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let (one, two) = (folder.appending(path: "one.png"), folder.appending(path: "new/two.txt"))
      try Data("old".utf8).write(to: one)
      var files = OutputFiles()
      files.add(one, bytes: [1])
      files.add(two, bytes: [2])
      try files.commit()
      #expect(try Data(contentsOf: one) == Data([1]) && Data(contentsOf: two) == Data([2]))
      #expect(try names(folder) == ["new", "one.png"])
      #expect(try names(folder.appending(path: "new")) == ["two.txt"])
    }
  }

  /// The last file cannot take its name: the others give theirs back.
  @Test(arguments: [true, false]) func allOrNone(isThereBefore: Bool) throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let (one, two) = (folder.appending(path: "one.png"), folder.appending(path: "two.txt"))
      if isThereBefore { try Data("old".utf8).write(to: one) }
      var files = OutputFiles()
      files.add(one, bytes: [1])
      files.add(folder.appending(path: "new/three"), bytes: [3])
      files.add(two) {
        // Meanwhile somebody makes a folder of that name.
        try FileManager.default.createDirectory(at: two.appending(path: "x"), withIntermediateDirectories: true)
        return Data([2])
      }
      #expect {
        try files.commit()
      } throws: {
        "\($0)".hasPrefix("\(two.path): cannot be written (")
      }
      #expect(try names(folder) == (isThereBefore ? ["one.png", "two.txt"] : ["two.txt"]))
      if isThereBefore { #expect(try Data(contentsOf: one) == Data("old".utf8)) }
    }
  }
}
