import Foundation
import TestSupport
import Testing

@testable import Files

/// Files that take their names together have them together, also where the process was killed in between.
@Suite struct NameJournalTests {
  private let scratch: ScratchFolder
  private let folder: OpenFolder

  init() throws {
    scratch = try ScratchFolder("together")
    folder = try OpenFolder(scratch.url)
  }

  private func begin(_ names: [String], in folder: OpenFolder) throws -> [NewFile] {
    try names.map { name in
      let file = try folder.newFile(name)
      try file.append("new \(name)")
      try file.settle()
      return file
    }
  }

  /// What a process leaves that is killed after some names: its files stay, and its lock goes.
  private func leave(_ names: [String], named: Int, keepsNextFormer: Bool) throws {
    // `deinit` of a file that has no name would remove it: a copy of all is put back.
    var left: [String: Data] = [:]
    do {
      let files = try begin(names, in: folder)
      let journals = try NameJournal.begin(files)
      for file in files.prefix(named) {
        file.keepFormer()
        try file.takeName()
      }
      if keepsNextFormer { files[named].keepFormer() }
      #expect(journals.count == 1)
      for name in try folder.names() { left[name] = try folder.file(name).data() }
    }
    for name in try folder.names() { try folder.removeFile(name) }
    for (name, data) in left { try data.write(to: scratch.url.appending(path: name)) }
  }

  @Test(arguments: 0...3, [true, false]) func killedAfterEachName(named: Int, isThereBefore: Bool) throws {
    let names = ["a", "b", "c"]
    if isThereBefore { for name in names { try folder.write(Data("old".utf8), to: name) } }
    try leave(names, named: named, keepsNextFormer: named < 3)
    #expect(try folder.names().count > 3, "nothing was left to complete")
    folder.completeNames()
    #expect(try folder.names() == names)
    for name in names { #expect(try folder.file(name).data() == Data("new \(name)".utf8)) }
  }

  /// What a killed process was about to name is older than what is written after it.
  @Test func aNewerFileStays() throws {
    try leave(["a", "b"], named: 0, keepsNextFormer: true)
    try folder.write(Data("newest".utf8), to: "a")
    folder.completeNames()
    #expect(try folder.names() == ["a", "b"])
    #expect(try folder.file("a").data() == Data("newest".utf8) && folder.file("b").data() == Data("new b".utf8))
  }

  /// A write looks for lists under their usual names alone, so it costs the same however many files the folder has.
  @Test func aWriteDoesNotReadTheFolder() throws {
    let (partial, former) = (".\(UUID().uuidString).part", ".\(UUID().uuidString).part")
    try Data("whole".utf8).write(to: scratch.url.appending(path: partial))
    let list = [["partial": partial, "former": former, "name": "late"]]
    try JSONEncoder().encode(list).write(to: scratch.url.appending(path: ".\(UUID().uuidString).names"))
    try folder.write(Data("new".utf8), to: "a")
    #expect(try folder.kind(of: "late") == nil, "the folder was read")
    folder.completeNames()
    #expect(try folder.names() == ["a", "late"] && folder.file("late").data() == Data("whole".utf8))
  }

  /// More writers than there are usual names: none takes another's list for its own.
  @Test func writersAtOnceHaveListsOfTheirOwn() throws {
    let pairs = try (0..<6).map { try begin(["a\($0)", "b\($0)"], in: folder) }
    let journals = try pairs.map { try NameJournal.begin($0) }
    for left in (0..<6).reversed() {
      #expect(try folder.names().count { NameJournal.isName($0) } == left + 1)
      for journal in journals[left] { journal.remove() }
    }
    for pair in pairs { try NewFile.takeNames(pair) }
    let names = ["a", "b"].flatMap { letter in (0..<6).map { "\(letter)\($0)" } }
    #expect(try folder.names() == names)
  }

  @Test func aLivingWriterIsLeftAlone() throws {
    let files = try begin(["a", "b"], in: folder)
    let journals = try NameJournal.begin(files)
    folder.completeNames()
    #expect(try folder.names().count == 3 && folder.kind(of: "a") == nil)
    for journal in journals { journal.remove() }
    try NewFile.takeNames(files)
    #expect(try folder.names() == ["a", "b"])
  }

  @Test func eachFolderHasItsOwn() throws {
    let other = try folder.folder("other", making: true)
    let files = try begin(["a"], in: folder) + begin(["b", "c"], in: other)
    let journals = try NameJournal.begin(files)
    #expect(journals.count == 2)
    #expect(try folder.names().count { NameJournal.isName($0) } == 1)
    #expect(try other.names().count { NameJournal.isName($0) } == 1)
    for journal in journals { journal.remove() }
    try NewFile.takeNames(files)
    #expect(try folder.names() == ["a", "other"] && other.names() == ["b", "c"])
  }

  /// A list that somebody else made names nothing but files as they are called while they are written.
  @Test(arguments: [
    #"[{"partial":"secret","former":".\(U).part","name":"b"}]"#,
    #"[{"partial":".\(U).part","former":"secret","name":"b"}]"#,
    #"[{"partial":".\(U).part","former":".\(U).part","name":"../b"}]"#,
    #"[{"partial":".\(U).part","former":".\(U).part","name":"../\u0301b"}]"#,
    #"[{"partial":".\(U).part","former":".\(U).part","name":".."}]"#, "[", "",
  ])
  func aStrangersListDoesNoHarm(_ text: String) throws {
    let unique = UUID().uuidString
    try folder.write(Data("precious".utf8), to: "secret")
    try folder.write(Data("other".utf8), to: ".\(unique).part")
    try folder.write(Data(text.replacingOccurrences(of: "\\(U)", with: unique).utf8), to: ".\(unique).names")
    folder.completeNames()
    #expect(try folder.names() == [".\(unique).part", "secret"])
    #expect(try folder.file("secret").data() == Data("precious".utf8))
  }
}
