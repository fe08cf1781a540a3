import Foundation

/// The resident memory of this process, as Linux counts it.
enum ProcessMemory {
  /// Begins to count the peak anew. Where the kernel does not allow it, the peak stays that since the start.
  static func restartPeak() {
    let file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = write(file, "5", 1)
    close(file)
  }

  /// `VmHWM`, in bytes; nil where there is no `/proc`.
  static var peak: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    return peak(inStatus: status)
  }

  static func peak(inStatus status: String) -> Int? {
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
  }
}
