import CText
import Foundation
import Tensors

/// Films: pictures that a viewer shows one after another, over and over.
public enum GIF {
  /// Whether the build has giflib.
  public static var isAvailable: Bool { cgiffile_available() != 0 }

  /// More pixels than this in all frames together are a mistake.
  static let mostPixels = 1 << 28

  /// Writes a film whole or not at all. Each frame keeps its colours where it has at most 256.
  /// - Parameters:
  ///   - frames: of one size, one or more, sides of at most 65,535.
  ///   - seconds: how long each frame stays, to the hundredth; the last one stays three times as long.
  /// - Throws: `PlottingError` for frames that do not fit, a build without giflib, and a file that cannot be written.
  public static func write(_ frames: [Picture], seconds: Double, to url: URL) throws {
    try WholeFile.replace(url, with: encode(frames, seconds: seconds))
  }

  static func encode(_ frames: [Picture], seconds: Double) throws -> [UInt8] {
    let problems = Self.problems(frames, seconds: seconds)
    guard problems.isEmpty, let first = frames.first else { throw PlottingError(.figure, "GIF", problems) }
    let delay = UInt16((seconds * 100).rounded())
    let delays = frames.indices.map { $0 == frames.count - 1 ? delay * 3 : delay }
    let pixels = frames.flatMap(\.pixels)
    var (count, message) = (0, [CChar](repeating: 0, count: Int(CGIFFILE_MESSAGE)))
    let bytes = cgiffile_encode(
      pixels, UInt16(first.width), UInt16(first.height), delays, Int32(frames.count), &count, &message)
    guard let bytes else {
      let reason = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      throw PlottingError(.figure, "GIF", ["giflib: \(reason)"])
    }
    defer { cgiffile_free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }

  private static func problems(_ frames: [Picture], seconds: Double) -> [String] {
    guard isAvailable else {
      return ["this build has no giflib: install libgif-dev, run make setup, and build again"]
    }
    guard let first = frames.first else { return ["a film has one frame or more"] }
    var problems: [String] = []
    if frames.contains(where: { ($0.width, $0.height) != (first.width, first.height) }) {
      problems.append("the frames have different sizes")
    }
    if max(first.width, first.height) > Int(UInt16.max) || first.width * first.height * frames.count > mostPixels {
      problems.append("\(frames.count) frames of \(first.width) x \(first.height) pixels are too large")
    }
    if !(0.02...100).contains(seconds) { problems.append("\(seconds) seconds a frame; 0.02 to 100") }
    return problems
  }
}
