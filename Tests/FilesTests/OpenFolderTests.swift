import Foundation
import TestSupport
import Testing

@testable import Files

/// The description of the `FileError` that a call throws, with paths from the scratch folder.
func message(_ folder: URL, _ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch {
    return "\(error)".replacingOccurrences(of: folder.path + "/", with: "").replacingOccurrences(
      of: folder.path, with: ".")
  }
}

@Suite struct OpenFolderTests {
  private static let link =
    "is a link, and attnlab follows no link inside a results folder. Remove the link, or put what it leads to in its place; "
    + "the results folder as a whole may be a link"

  let scratch: ScratchFolder
  /// Everything is done in `in`; `out` is what no link may lead to.
  let inside: URL
  let outside: URL

  init() throws {
    scratch = try ScratchFolder("doors")
    inside = scratch.url.appending(path: "in")
    outside = scratch.url.appending(path: "out")
    for url in [inside, outside] { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    try Data("precious".utf8).write(to: outside.appending(path: "notes.txt"))
  }

  private func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: inside.appending(path: name).path, withDestinationPath: target)
  }

  private func names(_ url: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
  }

  private func expectOutsideIsWhole() throws {
    #expect(try names(outside) == ["notes.txt"])
    #expect(try Data(contentsOf: outside.appending(path: "notes.txt")) == Data("precious".utf8))
  }

  @Test func writesReadsAndReplaces() throws {
    let folder = try OpenFolder(inside)
    for text in ["one", "another, which is longer", ""] {
      try folder.write(Data(text.utf8), to: "a/b/c.txt", making: true)
      #expect(try folder.file("a/b/c.txt").data() == Data(text.utf8))
    }
    #expect(try folder.names() == ["a"] && folder.folder("a/b").names() == ["c.txt"])
    #expect(try folder.kind(of: "a/b") == .folder && folder.kind(of: "a/b/c.txt") == .file)
    #expect(try folder.kind(of: "a/x/c.txt") == nil && folder.kind(of: "x") == nil)
    #expect(
      message(scratch.url) { try folder.write(Data(), to: "x/y") }
        == "in/x: cannot be opened (No such file or directory)")
    #expect(message(scratch.url) { _ = try folder.file("x") } == "in/x: cannot be opened (No such file or directory)")
  }

  /// A link where the last name, a folder on the way, or the file itself is.
  @Test func followsNoLink() throws {
    try link("link", to: "../out")
    try link("dangling", to: "../nothing")
    try link("notes.txt", to: "../out/notes.txt")
    let folder = try OpenFolder(inside)
    for (path, named) in [
      ("link/x.txt", "link"), ("link/notes.txt", "link"), ("notes.txt", "notes.txt"), ("dangling/x", "dangling"),
      ("dangling", "dangling"),
    ] {
      let expected = "in/\(named): \(Self.link)"
      #expect(message(scratch.url) { try folder.write(Data("x".utf8), to: path, making: true) } == expected)
      #expect(message(scratch.url) { _ = try folder.file(path) } == expected)
    }
    #expect(message(scratch.url) { _ = try folder.folder("link", making: true) } == "in/link: \(Self.link)")
    #expect(message(scratch.url) { try folder.remove("link/notes.txt") } == "in/link: \(Self.link)")
    #expect(message(scratch.url) { _ = try folder.descriptorForLocking("notes.txt") } == "in/notes.txt: \(Self.link)")
    #expect(message(scratch.url) { _ = try folder.descriptorForLocking("dangling") } == "in/dangling: \(Self.link)")
    #expect(message(scratch.url) { try folder.requirePlain("notes.txt") } == "in/notes.txt: \(Self.link)")
    #expect(try folder.kind(of: "link") == .link && folder.size(of: "link") == 0)
    #expect(try names(inside) == ["dangling", "link", "notes.txt"], "nothing half is left")
    try expectOutsideIsWhole()
  }

  @Test func removesALinkAndNotWhatItLeadsTo() throws {
    let folder = try OpenFolder(inside)
    try folder.write(Data("x".utf8), to: "runs/1/a", making: true)
    try folder.write(Data("yy".utf8), to: "runs/1/deep/b", making: true)
    try link("runs/1/out", to: "../../../out")
    try link("out", to: "../out")
    #expect(try folder.size(of: "runs") == 3)
    try folder.remove("runs")
    try folder.remove("out")
    try folder.remove("never")
    #expect(try folder.names() == [])
    try expectOutsideIsWhole()
  }

  @Test("a folder that its owner made a link is opened")
  func ownFolderMayBeALink() throws {
    let way = scratch.url.appending(path: "way")
    try FileManager.default.createSymbolicLink(at: way, withDestinationURL: inside)
    for folder in [try OpenFolder(way), try OpenFolder.make(way)] {
      try folder.write(Data("x".utf8), to: "a")
      #expect(folder.path == way.path)
    }
    #expect(try names(inside) == ["a"])
    let deep = try OpenFolder.make(way.appending(path: "b/c"))
    try deep.write(Data(), to: "d")
    #expect(try names(inside.appending(path: "b/c")) == ["d"])
  }

  /// To Swift a slash and an accent after it are one sign; to the system the slash is a slash.
  @Test(arguments: [
    "..", "../out", "a/../../out", "", "/etc/passwd", "a//b", ".", "a/.", "a\0b", "../\u{301}x", "a/\u{301}b/../c",
  ])
  func namesThatLeadElsewhere(path: String) throws {
    let folder = try OpenFolder(inside)
    let expected =
      "\"\(path)\" cannot name a file inside a folder: expected names between slashes, none of them . or .."
    #expect(message(scratch.url) { try folder.write(Data(), to: path, making: true) } == expected)
    #expect(message(scratch.url) { try folder.remove(path) } == expected)
    #expect(message(scratch.url) { _ = try folder.file(path) } == expected)
    #expect(message(scratch.url) { _ = try folder.kind(of: path) } == expected)
    #expect(message(scratch.url) { _ = try NewFile(path, in: folder) } == expected)
    #expect(try names(inside) == [])
    try expectOutsideIsWhole()
  }

  @Test("what is no plain file is neither read nor replaced, and keeps nobody waiting")
  func otherKinds() throws {
    let folder = try OpenFolder(inside)
    try #require(mkfifo(inside.appending(path: "pipe").path, 0o644) == 0)
    try FileManager.default.createDirectory(at: inside.appending(path: "folder"), withIntermediateDirectories: true)
    for (name, kind) in [("pipe", "a device or a pipe"), ("folder", "a folder")] {
      let expected = "in/\(name): expected a file, found \(kind)"
      #expect(message(scratch.url) { _ = try folder.file(name) } == expected)
      #expect(message(scratch.url) { _ = try OpenFile(inside.appending(path: name)) } == expected)
      #expect(message(scratch.url) { try folder.write(Data(), to: name) } == expected)
      #expect(message(scratch.url) { _ = try folder.descriptorForLocking(name) } == expected)
    }
    #expect(
      message(scratch.url) { _ = try folder.folder("pipe") } == "in/pipe: expected a folder, found a device or a pipe")
    let device = message(scratch.url) { _ = try OpenFile(URL(filePath: "/dev/zero")) }
    #expect(device == "/dev/zero: expected a file, found a device or a pipe")
    let file = message(scratch.url) { _ = try OpenFolder(outside.appending(path: "notes.txt")) }
    #expect(file == "out/notes.txt: expected a folder, found a file")
  }

  @Test("a file with a second name is not written in place")
  func hardLinks() throws {
    try FileManager.default.linkItem(at: outside.appending(path: "notes.txt"), to: inside.appending(path: "lock"))
    let folder = try OpenFolder(inside)
    let expected =
      "in/lock: the file has 2 names (hard links), and writing to it would change it under all of them. Put a copy in its "
      + "place"
    #expect(message(scratch.url) { _ = try folder.descriptorForLocking("lock") } == expected)
    #expect(message(scratch.url) { try folder.requirePlain("lock") } == expected)
    // To replace it changes this name alone.
    try folder.write(Data("new".utf8), to: "lock")
    try expectOutsideIsWhole()
  }

  @Test("a file that is never finished leaves nothing, and what had its name stays")
  func unfinished() throws {
    let folder = try OpenFolder(inside)
    try folder.write(Data("old".utf8), to: "a")
    var file: NewFile? = try folder.newFile("a")
    try file?.append("new")
    let names = try folder.names()
    #expect(names.count == 2 && names.count { NewFile.isUnfinished($0) } == 1 && file?.count == 3)
    file = nil
    #expect(try folder.names() == ["a"] && folder.file("a").data() == Data("old".utf8))
    #expect(!NewFile.isUnfinished("a.part") && !NewFile.isUnfinished(".x.part"))
  }

  @Test("a folder that somebody has locked is written to, and nothing in it is taken for left")
  func lockedByOthers() throws {
    let folder = try OpenFolder(inside)
    try Data("half".utf8).write(to: inside.appending(path: ".\(UUID().uuidString).part"))
    let locked = open(inside.path, O_RDONLY | O_DIRECTORY)
    defer { close(locked) }
    try #require(flock(locked, LOCK_EX | LOCK_NB) == 0)
    try folder.removeUnfinished()
    try folder.write(Data("whole".utf8), to: "a")
    #expect(try folder.names().count == 2)
    flock(locked, LOCK_UN)
    try folder.removeUnfinished()
    #expect(try folder.names() == ["a"])
  }

  @Test("who clears a folder is waited for, and then what is written here is not taken for left")
  func lockedForAMoment() throws {
    let folder = try OpenFolder(inside)
    let locked = open(inside.path, O_RDONLY | O_DIRECTORY)
    try #require(flock(locked, LOCK_EX | LOCK_NB) == 0)
    let isFree = DispatchSemaphore(value: 0)
    let clearing = Thread {
      usleep(20_000)
      close(locked)
      isFree.signal()
    }
    clearing.start()
    // For longer than writing waits: the thread may be late where much else goes on.
    folder.lockForWriting(tries: 12_000)
    let file = try folder.newFile("a")
    try file.append("whole")
    isFree.wait()
    try OpenFolder(inside).removeUnfinished()
    try file.finish()
    #expect(try folder.names() == ["a"] && folder.file("a").data() == Data("whole".utf8))
  }

  @Test("files that take their names together give them back together")
  func namesTogether() throws {
    let folder = try OpenFolder(inside)
    try folder.write(Data("old".utf8), to: "a")
    func begin(_ names: [String]) throws -> [NewFile] {
      try names.map { name in
        let file = try folder.newFile(name)
        try file.append("new")
        try file.settle()
        return file
      }
    }
    let files = try begin(["a", "b", "c"])
    try FileManager.default.createDirectory(at: inside.appending(path: "c/x"), withIntermediateDirectories: true)
    #expect(message(scratch.url) { try NewFile.takeNames(files) }.hasPrefix("in/c: cannot be written ("))
    #expect(try folder.names() == ["a", "c"] && folder.file("a").data() == Data("old".utf8))
    try folder.remove("c")
    try NewFile.takeNames(begin(["a", "b", "c"]))
    #expect(try folder.names() == ["a", "b", "c"])
    for name in ["a", "b", "c"] { #expect(try folder.file(name).data() == Data("new".utf8)) }
  }

  @Test func largeFilesAreRefusedBeforeTheyAreRead() throws {
    let file = try OpenFile(outside.appending(path: "notes.txt"))
    #expect(try file.data(limit: 8) == Data("precious".utf8) && file.bytes(3..<20) == Data("cious".utf8))
    #expect(message(scratch.url) { _ = try file.data(limit: 7) } == "out/notes.txt: has 8 bytes; at most 7")
  }
}
