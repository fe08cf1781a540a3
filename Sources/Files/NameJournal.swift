import Foundation

/// The names that files of one folder are about to take, written down in a file beside them.
///
/// The system gives one file its name at once, but not two. Where a process is killed between two names, whoever writes to
/// the folder next gives the other files theirs. The writer holds a lock on the journal, which the kernel drops when the
/// process ends, so that nobody meddles with one that is at work.
struct NameJournal {
  private struct Entry: Codable {
    /// What the file is called before it has its name.
    let partial: String
    /// What a file that had the name is called meanwhile.
    let former: String
    let name: String

    /// A folder may be anybody's: nothing is renamed but what files are called while they are written.
    var isSound: Bool { NewFile.isPartial(partial) && NewFile.isPartial(former) && OpenFolder.isName(name) }
  }

  private static let ending = ".names"
  /// What journals are called first: whoever looks for these need not read the folder, which may hold many files. A fifth
  /// journal of one folder has a name of its own.
  private static let usualNames = (0..<4).map { ".00000000-0000-0000-0000-00000000000\($0)\(ending)" }
  /// In bytes; a larger file is no journal. A file takes some 130.
  private static let largest = 1 << 24

  private let folder: OpenFolder
  private let name: String
  /// Open for the lock's sake, and to know it by.
  private let file: OpenFile

  /// Whether a file is called as journals are.
  static func isName(_ name: String) -> Bool {
    name.hasPrefix(".") && name.hasSuffix(ending)
      && UUID(uuidString: String(name.dropFirst().dropLast(ending.count))) != nil
  }

  /// Writes a journal into each folder that settled files are in; a file alone needs none. What a killed process was about
  /// to name there is older, and is named first.
  /// - Throws: `FileError`; then no journal is left.
  static func begin(_ files: [NewFile]) throws(FileError) -> [NameJournal] {
    var groups: [[NewFile]] = []
    for file in files {
      if let place = groups.firstIndex(where: { $0[0].folder.isSame(as: file.folder) }) {
        groups[place].append(file)
      } else {
        groups.append([file])
      }
    }
    for group in groups { complete(in: group[0].folder) }
    guard files.count > 1 else { return [] }
    var journals: [NameJournal] = []
    for group in groups {
      do { journals.append(try NameJournal(group)) } catch {
        for journal in journals { journal.remove() }
        throw error
      }
    }
    return journals
  }

  private init(_ files: [NewFile]) throws(FileError) {
    folder = files[0].folder
    let entries = files.map { Entry(partial: $0.partialName, former: $0.formerName, name: $0.name) }
    let journal = try NewFile(".\(UUID().uuidString)\(Self.ending)", in: folder)
    try journal.append((try? JSONEncoder().encode(entries)) ?? Data())
    try journal.settle()
    // Locked before it has its name: nobody sees it unlocked while this process lives.
    file = try folder.file(journal.partialName)
    _ = flock(file.descriptor, LOCK_EX | LOCK_NB)
    name = try journal.takeName(orFreeOf: Self.usualNames)
  }

  /// All files have their names, or have given them back.
  func remove() { if folder.holds(file.descriptor, under: name) { unlinkat(folder.descriptor, name, 0) } }

  /// Gives the files of journals whose writers have ended their names.
  static func complete(in folder: OpenFolder) {
    complete((try? folder.names())?.filter(isName) ?? [], in: folder)
  }

  /// The same of journals that have one of the usual names, without reading the folder.
  static func completeUsual(in folder: OpenFolder) { complete(usualNames, in: folder) }

  private static func complete(_ names: [String], in folder: OpenFolder) {
    for name in names {
      guard let file = try? folder.file(name), flock(file.descriptor, LOCK_EX | LOCK_NB) == 0,
        folder.holds(file.descriptor, under: name), let data = try? file.data(limit: largest)
      else { continue }
      for entry in (try? JSONDecoder().decode([Entry].self, from: data)) ?? [] where entry.isSound {
        complete(entry, in: folder)
      }
      unlinkat(folder.descriptor, name, 0)
    }
  }

  private static func complete(_ entry: Entry, in folder: OpenFolder) {
    guard let kind = try? folder.kind(of: entry.name) ?? .file, kind == .file else { return }
    let descriptor = folder.descriptor
    if (try? folder.kind(of: entry.partial)) == .file {
      renameat(descriptor, entry.partial, descriptor, entry.name)
    } else if (try? folder.kind(of: entry.name)) == nil {
      // The file gave its name up, and what had it before was not back yet.
      renameat(descriptor, entry.former, descriptor, entry.name)
    }
    unlinkat(descriptor, entry.former, 0)
  }
}

extension OpenFolder {
  /// Gives files their names that were to take them together, where the process was killed in between.
  public func completeNames() { NameJournal.complete(in: self) }

  /// Whether both are one folder, by whatever path they were opened.
  func isSame(as other: OpenFolder) -> Bool {
    var (own, its) = (stat(), stat())
    return fstat(descriptor, &own) == 0 && fstat(other.descriptor, &its) == 0 && own.st_dev == its.st_dev
      && own.st_ino == its.st_ino
  }
}
