import Foundation

/// What the machine says of itself; nil or empty where it does not.
enum Machine {
  /// Those that the kernels or oneDNN make use of.
  private static let knownFeatures = [
    "sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16", "amx_tile",
    "amx_bf16",
  ]

  static var processor: String? { processorInfo("model name") }

  static var features: [String] {
    let flags = Set((processorInfo("flags") ?? "").split(separator: " ").map(String.init))
    return knownFeatures.filter(flags.contains)
  }

  private static func processorInfo(_ key: String) -> String? {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(key) }
    return line?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) }
  }
}
