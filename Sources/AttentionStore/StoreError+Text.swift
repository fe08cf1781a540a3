import Formatting

extension StoreError: CustomStringConvertible {
  /// Where, what was found, and what to do next: `file: what. Hint`.
  public var description: String {
    if case .unsafe(let error) = self { return "\(error)" }
    let (file, what, hint) = parts
    return "\(file): \(what)" + (hint.isEmpty ? "" : ". \(hint)")
  }

  /// The file, what is the matter with it, and what to do; the hint is empty where nothing can be done by hand.
  private var parts: (file: String, what: String, hint: String) {
    switch self {
    case .missing, .missingFolder, .notAFile, .notADatabase, .otherApplication, .beforeRelease, .newerSchema,
      .otherExperiment, .unsafe, .journal, .foreignSchema:
      return openingParts
    case .damaged(let path, let fault): return (path, "damaged, \(fault)", Self.damageHint)
    case .malformed(let path, let message): return (path, "damaged: \(message)", Self.damageHint)
    case .wrongSize(let path, let maps):
      let list = maps.map(\.description).joined(separator: "; ")
      if maps.contains(where: { $0.row != nil }) { return (path, "damaged, \(list)", Self.damageHint) }
      return (path, "nothing was stored, because of \(counted(maps.count)): \(list)", "")
    case .invalid(let path, let faults):
      let list = faults.map(\.description).joined(separator: "; ")
      return (path, "nothing was stored, because of \(counted(faults.count)): \(list)", "")
    case .staleCheckpoint(let path, let group, let step, let stored):
      return (
        path, "step \(step) of group \(group) cannot follow step \(stored), which is stored",
        "Begin the group again, which tells the step to go on from"
      )
    case .conflict(let path, let conflict): return (path, conflict.description, conflict.hint)
    case .sqlite(let path, let code, let message): return (path, "SQLite says: \(message) (code \(code))", "")
    case .fileNotWritable, .folderNotWritable, .notReadable, .inUse, .busy, .diskFull, .noRoomToCompact, .inputOutput,
      .closed, .openedForReading, .writeWhileReading:
      return accessParts
    }
  }

  private static let damageHint =
    "Keep a copy for inquiry, delete the file and run the experiment again, or bring back a backup"

  private static let wholeHint = "what was stored up to the last step is whole"

  /// The cases that say why a file was not opened.
  private var openingParts: (file: String, what: String, hint: String) {
    switch self {
    case .missing(let path): return (path, "there is no such file", "Run the experiment first, or check the name")
    case .missingFolder(let path):
      return (path, "there is no such folder to hold a database", "Create it first")
    case .notAFile(let path):
      return (path, "expected a database, found a folder or a device", "Name the .sqlite file itself")
    case .notADatabase(let path):
      return (path, "is not a SQLite database", "Check the name; nothing in it was changed")
    case .otherApplication(let path, let id):
      let mark = id == 0 ? "none" : "0x" + String(UInt32(bitPattern: id), radix: 16)
      let own = "0x" + String(UInt32(bitPattern: StoreSchema.applicationID), radix: 16)
      return (
        path,
        "is a SQLite database but holds no experiment of attnlab: its application id is \(mark), expected \(own)",
        "Check the name; nothing in it was changed"
      )
    case .beforeRelease(let path):
      return (
        path,
        "was made by an attnlab from before the first release: nothing in it was changed; move it away and make it again "
          + "with `attnlab run`", ""
      )
    case .newerSchema(let path, let found, let supported):
      return (
        path, "has schema version \(found), and this attnlab knows version \(supported)",
        "Use a newer attnlab; nothing in it was changed"
      )
    case .journal(let path):
      return (
        path,
        "a rollback journal, \(path)-journal, stands beside it. attnlab leaves none, so another program was stopped while "
          + "it wrote, or the journal was made to do harm: following it can remove other files",
        "Let the program that you know finish its work, or move the journal away; nothing was changed"
      )
    case .foreignSchema(let path, let type, let name, let table):
      return (
        path,
        "has the \(type) \(quoted(name)) on \(quoted(table)), which is not attnlab's: it would run somebody else's code, "
          + "or change what is read",
        "If it is yours, drop it with the sqlite3 shell; otherwise do not use this file. Nothing in it was changed"
      )
    case .otherExperiment(let path, let stored, let asked):
      return (path, "holds the experiment \"\(stored)\", not \"\(asked)\"", "Choose another results folder")
    default: return ("", "", "")
    }
  }

  /// The cases of rights, locks, disks and of a store that is used in the wrong way.
  private var accessParts: (file: String, what: String, hint: String) {
    switch self {
    case .fileNotWritable(let path, let reason):
      return (path, "cannot be written to (\(reason))", "Allow writing, or choose another results folder")
    case .folderNotWritable(let path, let reason):
      return (
        path, "the folder takes no new files (\(reason)), and SQLite needs two beside its database",
        "Allow writing, choose another results folder, or copy the database to one"
      )
    case .notReadable(let path, let reason): return (path, "cannot be read (\(reason))", "Allow reading")
    case .inUse(let path, let holder):
      return (
        path, "is in use by \(holder?.description ?? "another process")",
        "Wait for it to end, or stop it; reading is possible meanwhile"
      )
    case .busy(let path, let code):
      return (
        path,
        "another program kept it locked for more than \(AttentionStore.busySeconds) seconds (SQLite code \(code))",
        "Close that program or let it finish, then run again"
      )
    case .diskFull(let path, let code):
      return (path, "the disk is full (SQLite code \(code))", "Free space and run again: \(Self.wholeHint)")
    case .noRoomToCompact(let path, let code, let temporary):
      return (
        path,
        "the disk is full (SQLite code \(code)): compacting writes a copy into the temporary folder \(temporary), "
          + "then to the database's own disk",
        "Free space on both, or name another temporary folder in SQLITE_TMPDIR: everything stored is whole"
      )
    case .inputOutput(let path, let code, let message):
      return (
        path, "reading or writing failed: \(message) (SQLite code \(code))",
        "Check the disk, then run again: \(Self.wholeHint)"
      )
    case .closed(let path): return (path, "the store was closed before; open it again", "")
    case .openedForReading(let path): return (path, "was opened for reading; open it for writing", "")
    case .writeWhileReading(let path):
      return (path, "was written to from within a loop over its own rows; collect first, write after the loop", "")
    default: return ("", "", "")
    }
  }
}

/// `1 problem`, `2 problems`.
private func counted(_ count: Int) -> String { "\(count) problem\(count == 1 ? "" : "s")" }
