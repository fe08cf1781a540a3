import Files
import Foundation
import Synchronization

/// The right to write to one database, held by at most one process.
///
/// It is an exclusive `flock` on a file beside the database, `<database>.lock`, whose text names the holder. The kernel
/// drops the lock when the process ends, by `kill -9` too; the text may then stay behind and means nothing.
final class StoreLock: Sendable {
  private let file: DatabaseFile
  /// nil once released.
  private let descriptor: Mutex<Int32?>

  /// Takes the lock.
  /// - Throws: `StoreError.inUse` if it is held, by another process or by another store of this one;
  ///   `folderNotWritable` if the file beside the database cannot be made; `unsafe` if it is a link.
  /// - Parameter beforeLocking: for tests, which let others act at the moment when the file is open but not locked.
  init(_ file: DatabaseFile, beforeLocking: () -> Void = {}) throws(StoreError) {
    self.file = file
    descriptor = Mutex(try StoreLock.take(file, beforeLocking: beforeLocking))
  }

  deinit { release() }

  /// Gives the lock back and removes its file. Does nothing the second time.
  func release() {
    descriptor.withLock { descriptor in
      guard let held = descriptor else { return }
      // Removed while still held: whoever opened the file before sees below that it is no longer the one of this name.
      try? file.folder.removeFile(file.lockName)
      close(held)
      descriptor = nil
    }
  }

  private static func take(_ file: DatabaseFile, beforeLocking: () -> Void) throws(StoreError) -> Int32 {
    while true {
      let descriptor = try open(file)
      beforeLocking()
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let reason = errno
        let holder = reason == EWOULDBLOCK ? readHolder(descriptor) : nil
        close(descriptor)
        guard reason == EWOULDBLOCK else {
          throw .inputOutput(
            path: file.folder.path(of: file.lockName), code: reason, message: String(cString: strerror(reason)))
        }
        throw .inUse(path: file.path, holder: holder)
      }
      // Its former holder may have removed it in between.
      guard file.folder.holds(descriptor, under: file.lockName) else {
        close(descriptor)
        continue
      }
      write(currentProcess(), to: descriptor)
      return descriptor
    }
  }

  private static func open(_ file: DatabaseFile) throws(StoreError) -> Int32 {
    do { return try file.folder.descriptorForLocking(file.lockName) } catch {
      guard case .system(let number) = error.reason else { throw .unsafe(error) }
      throw .folderNotWritable(path: file.folder.path, reason: String(cString: strerror(number)))
    }
  }

  private static func currentProcess() -> LockHolder {
    LockHolder(
      processID: getpid(), host: ProcessInfo.processInfo.hostName,
      since: Date().formatted(.iso8601))
  }

  private static func write(_ holder: LockHolder, to descriptor: Int32) {
    let text = "process \(holder.processID)\nhost \(holder.host)\nsince \(holder.since)\n"
    // The lock holds without the text, so a full disk here only leaves the holder unnamed.
    guard ftruncate(descriptor, 0) == 0 else { return }
    _ = pwrite(descriptor, text, text.utf8.count, 0)
  }

  /// The holder's text; nil if it does not come within a fifth of a second, the time between its lock and its text.
  private static func readHolder(_ descriptor: Int32) -> LockHolder? {
    for _ in 0..<20 {
      var bytes = [UInt8](repeating: 0, count: 1024)
      let count = pread(descriptor, &bytes, bytes.count, 0)
      let text = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
      if let holder = LockHolder(text: text) { return holder }
      usleep(10_000)
    }
    return nil
  }
}

extension LockHolder {
  /// From the text of a lock file: lines `process`, `host` and `since`, each with its value. nil if one is missing.
  init?(text: String) {
    guard text.hasSuffix("\n") else { return nil }
    var values: [Substring: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      if parts.count == 2 { values[parts[0]] = String(parts[1]) }
    }
    guard let process = values["process"].flatMap({ Int32($0) }), let host = values["host"],
      let since = values["since"]
    else { return nil }
    self.init(processID: process, host: host, since: since)
  }
}
