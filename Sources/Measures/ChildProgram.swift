import Foundation
import Synchronization

/// A program that runs beside this one, its standard input and output pipes, in a process group of its own.
///
/// Foundation's `Process` waits for whatever holds its pipes, and for a signal to be heeded. Here nothing is waited for
/// without an end: the group is killed, which nobody can refuse, and what has left the group has nothing of this process.
final class ChildProgram {
  /// Of its standard input, which does not wait for room; -1 once closed.
  private var input: Int32
  private let output: Int32
  private let processID: pid_t
  /// Whether the system has forgotten it, so that its number may be another's.
  private var isForgotten = false

  /// - Throws: an error number of the system.
  init(_ path: String) throws(SystemError) {
    var (questions, answers): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
    guard pipe(&questions) == 0 else { throw SystemError() }
    guard pipe(&answers) == 0 else {
      let error = SystemError()
      for end in questions { close(end) }
      throw error
    }
    // Closed in other programs that are started: each holds the pipes of its own questions alone.
    for end in questions + answers { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let (found, number) = Self.spawn(path, input: questions[0], output: answers[1])
    close(questions[0])
    close(answers[1])
    guard number == 0 else {
      close(questions[1])
      close(answers[0])
      throw SystemError(number)
    }
    _ = fcntl(questions[1], F_SETFL, fcntl(questions[1], F_GETFL) | O_NONBLOCK)
    (input, output, processID) = (questions[1], answers[0], found)
    Self.groups.withLock { _ = $0.insert(found) }
  }

  deinit {
    closeInput()
    close(output)
    kill()
  }

  struct SystemError: Error, CustomStringConvertible {
    let number: Int32

    init(_ number: Int32 = errno) { self.number = number }

    var description: String { String(cString: strerror(number)) }
  }

  private static func spawn(_ path: String, input: Int32, output: Int32) -> (pid_t, number: Int32) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    posix_spawnattr_setpgroup(&attributes, 0)
    // What this process ignores or holds back is its own affair.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for number in [SIGPIPE, SIGINT, SIGTERM] { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    let texts: [UnsafeMutablePointer<CChar>?] = [strdup(path), nil]
    let environment: [UnsafeMutablePointer<CChar>?] =
      ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in texts + environment { free(text) } }
    var found: pid_t = 0
    let number = posix_spawn(&found, path, &actions, &attributes, texts, environment)
    return (found, number)
  }

  // MARK: - Talking

  /// What became possible; both false when the time is over.
  struct Readiness {
    var writes = false
    /// Something, or the end, can be read.
    var reads = false
  }

  /// Waits until something can be written or read.
  func wait(toWrite: Bool, seconds: Double) throws(SystemError) -> Readiness {
    var places = [pollfd(fd: output, events: Int16(POLLIN), revents: 0)]
    if toWrite { places.append(pollfd(fd: input, events: Int16(POLLOUT), revents: 0)) }
    let found = poll(&places, nfds_t(places.count), Int32(min(1e9, max(0, seconds * 1000).rounded(.up))))
    guard found >= 0 || errno == EINTR else { throw SystemError() }
    return found <= 0
      ? Readiness() : Readiness(writes: toWrite && places[1].revents != 0, reads: places[0].revents != 0)
  }

  /// Whether bytes lie there to be read; the end is none.
  var hasOutput: Bool {
    var place = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
    return poll(&place, 1, 0) > 0 && place.revents & Int16(POLLIN) != 0
  }

  /// - Returns: how many bytes there was room for.
  func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
    let count = bytes.withUnsafeBytes { Foundation.write(input, $0.baseAddress, $0.count) }
    if count >= 0 { return count }
    guard errno == EAGAIN || errno == EINTR else { throw SystemError() }
    return 0
  }

  /// - Returns: what there is, after `wait` said so; empty at the end.
  func read() throws(SystemError) -> [UInt8] {
    var piece = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = Foundation.read(output, &piece, piece.count)
      if count >= 0 { return Array(piece.prefix(count)) }
      guard errno == EINTR else { throw SystemError() }
    }
  }

  func closeInput() {
    guard input >= 0 else { return }
    close(input)
    input = -1
  }

  // MARK: - Ending

  /// Whether it has ended by itself. The system still keeps its number, and that of its group, for it.
  var isOver: Bool {
    guard !isForgotten else { return true }
    var info = siginfo_t()
    return waitid(P_PID, id_t(processID), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_signo == SIGCHLD
  }

  /// Ends it and what it has started, whatever they think of signals.
  func kill() {
    guard !isForgotten else { return }
    Self.kill(group: processID)
    // Only a process that waits inside the kernel, for a disk that is gone, does not end at once.
    for _ in 0..<400 {
      if waitpid(processID, nil, WNOHANG) == processID { break }
      usleep(5_000)
    }
    isForgotten = true
    Self.groups.withLock { _ = $0.remove(processID) }
  }

  /// Those at work, for when this process ends by a signal.
  private static let groups = Mutex<Set<pid_t>>([])

  private static func kill(group: pid_t) {
    _ = Foundation.kill(-group, SIGKILL)
    _ = Foundation.kill(group, SIGKILL)
  }

  /// Ends all that are at work, from any thread.
  static func killAll() { groups.withLock { $0.forEach(kill(group:)) } }
}
