import Foundation

/// What this process may still take of the machine's memory.
public enum AvailableMemory {
  /// Bytes that the kernel can give without swapping, or what is left below a limit of the control group, if that is less;
  /// nil where neither can be read.
  public static var bytes: Int? { bytes(root: URL(filePath: "/")) }

  /// - Parameter root: where `proc` and `sys` are.
  static func bytes(root: URL) -> Int? {
    let meminfo = text(root.appending(path: "proc/meminfo")) ?? ""
    let line = meminfo.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    let kernel = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    return ([kernel] + groups(root: root).map(left)).compactMap { $0 }.min()
  }

  /// The folders of the process's control groups, from its own up: those of version 2, and those of version 1 for memory.
  private static func groups(root: URL) -> [URL] {
    let lines = (text(root.appending(path: "proc/self/cgroup")) ?? "").split(separator: "\n")
    return lines.flatMap { line -> [URL] in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3, parts[1].isEmpty || parts[1].split(separator: ",").contains("memory") else { return [] }
      let mount = root.appending(path: parts[1].isEmpty ? "sys/fs/cgroup" : "sys/fs/cgroup/memory")
      let names = parts[2].split(separator: "/")
      return (0...names.count).map { mount.appending(path: names.prefix($0).joined(separator: "/")) }
    }
  }

  /// What is left below a group's limit; what it holds of files is given back where it is needed. nil without a limit.
  private static func left(_ group: URL) -> Int? {
    for (limit, usage, files) in [
      ("memory.max", "memory.current", "inactive_file"),
      ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ] {
      // A limit of version 1 that is none is the largest number of pages.
      guard let most = number(group, limit), most < 1 << 60, let used = number(group, usage) else { continue }
      let lines = (text(group.appending(path: "memory.stat")) ?? "").split(separator: "\n")
      let cached = lines.first { $0.hasPrefix("\(files) ") }?.split(separator: " ").last.flatMap { Int($0) } ?? 0
      return max(0, most - max(0, used - cached))
    }
    return nil
  }

  private static func number(_ group: URL, _ name: String) -> Int? {
    text(group.appending(path: name)).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  private static func text(_ url: URL) -> String? { try? String(contentsOf: url, encoding: .utf8) }
}
