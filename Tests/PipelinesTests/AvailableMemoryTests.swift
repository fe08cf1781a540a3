import Foundation
import TestSupport
import Testing

@testable import Pipelines

/// What is taken for the memory that there is.
@Suite struct AvailableMemoryTests {
  private func available(_ files: [String: String]) throws -> Int? {
    try Fixtures.withTemporaryFolder { root in
      for (name, text) in files {
        let file = root.appending(path: name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
      return AvailableMemory.bytes(root: root)
    }
  }

  private let meminfo = "MemTotal:       2000 kB\nMemFree:          10 kB\nMemAvailable:   1000 kB\n"

  @Test func theKernelSaysIt() throws {
    #expect(try available(["proc/meminfo": meminfo]) == 1_024_000)
    #expect(try available([:]) == nil)
    #expect(AvailableMemory.bytes.map { $0 > 1 << 20 } == true)
  }

  /// The tightest limit on the way up holds, and files that are kept in memory count as free.
  @Test func aLimitOfAGroupHolds() throws {
    let group = "sys/fs/cgroup/a/b"
    let files = [
      "proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n", "\(group)/memory.max": "max\n",
      "sys/fs/cgroup/a/memory.max": "500000\n", "sys/fs/cgroup/a/memory.current": "450000\n",
      "sys/fs/cgroup/a/memory.stat": "anon 1\ninactive_file 50000\n",
    ]
    #expect(try available(files) == 100_000)
    #expect(try available(files.merging(["sys/fs/cgroup/a/memory.current": "900000"]) { $1 }) == 0)
  }

  @Test func versionOneHasAnotherPlace() throws {
    let group = "sys/fs/cgroup/memory/docker/x"
    let files = [
      "proc/meminfo": meminfo, "proc/self/cgroup": "5:cpu:/\n4:memory:/docker/x\n",
      "\(group)/memory.limit_in_bytes": "300000", "\(group)/memory.usage_in_bytes": "100000",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
      "sys/fs/cgroup/memory/memory.usage_in_bytes": "1",
    ]
    #expect(try available(files) == 200_000)
  }
}
