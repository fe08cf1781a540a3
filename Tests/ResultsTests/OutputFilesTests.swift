import ExperimentFiles
import Foundation
import Results
import TestSupport
import Testing

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

  /// More files than a process may have open: each folder is opened once.
  @Test func moreFilesThanMayBeOpen() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
      var before = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
      var fewer = before
      fewer.rlim_cur = rlim_t(open + 40)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &fewer)
      defer { setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before) }
      var files = OutputFiles()
      for number in 0..<200 { files.add(folder.appending(path: "out/\(number).txt"), bytes: [1]) }
      try files.commit()
      #expect(try names(folder.appending(path: "out")).count == 200)
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

/// Files that appear together or not at all.
@Suite struct OutputFilesTests {
  @Test func allOrNothing() throws {
    try Fixtures.withTemporaryFolder { folder in
      let deep = folder.appending(path: "new/deeper")
      var files = OutputFiles()
      files.add(deep.appending(path: "a.txt"), bytes: [1])
      files.add(folder.appending(path: "b.txt")) { throw ExperimentError("out of ink") }
      let error = #expect(throws: ResultsFileError.self) { try files.commit() }
      #expect(error?.description == "\(folder.path)/b.txt: cannot be written (out of ink)")
      let left = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      #expect(left == [])
    }
  }

  @Test func replacesWhole() throws {
    try Fixtures.withTemporaryFolder { folder in
      for byte: UInt8 in [1, 2] {
        var files = OutputFiles()
        files.add(folder.appending(path: "new/a.txt"), bytes: [byte])
        try files.commit()
      }
      #expect(try Data(contentsOf: folder.appending(path: "new/a.txt")) == Data([2]))
      #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() == ["new", "new/a.txt"])
    }
  }

  @Test func placesLeaveNoTrace() throws {
    try Fixtures.withTemporaryFolder { folder in
      try Data().write(to: folder.appending(path: "file"))
      #expect(OutputPlace.problem(file: folder.appending(path: "x.png")) == nil)
      #expect(OutputPlace.problem(folder: folder.appending(path: "a/b/c")) == nil)
      #expect(OutputPlace.problem(file: folder) == "\(folder.path) is a folder; name a file")
      #expect(
        OutputPlace.problem(folder: folder.appending(path: "file/b"))
          == "\(folder.path)/file is not a folder; name another place")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
    }
  }
}
