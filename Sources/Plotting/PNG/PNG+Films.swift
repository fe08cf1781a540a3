import CText
import Tensors

extension PNG {
  /// More pixels than this in all frames together are a mistake.
  static let mostFilmPixels = 1 << 29

  /// The bytes of an animated PNG: pictures one after another, over and over, without loss. Browsers and most hosts of
  /// Markdown play it; a viewer that does not shows the first frame.
  /// - Parameters:
  ///   - frames: of one size, one or more.
  ///   - seconds: how long each frame stays, 0.02 to 100, to the hundredth; the last one stays three times as long.
  ///   - texts: as of `encode`.
  /// - Throws: `PlottingError` for frames that do not fit.
  public static func film(_ frames: [Picture], seconds: Double, texts: [Text] = []) throws -> [UInt8] {
    let problems = filmProblems(frames, seconds: seconds)
    guard problems.isEmpty else { throw PlottingError(.figure, "film", problems) }
    let delay = UInt16((seconds * 100).rounded())
    let delays = frames.indices.map { $0 == frames.count - 1 ? delay * 3 : delay }
    let encoded = try frames.enumerated().map { try encode($1, texts: $0 == 0 ? texts : []) }
    var count = 0
    var message = Message()
    let bytes = message.filled {
      cpngfile_animate(
        encoded.flatMap { $0 }, encoded.map(\.count), delays, Int32(frames.count), &count, $0)
    }
    guard let bytes else { throw PlottingError(.figure, "film", [message.text]) }
    defer { cpngfile_free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }

  private static func filmProblems(_ frames: [Picture], seconds: Double) -> [String] {
    guard let first = frames.first else { return ["a film has one frame or more"] }
    var problems: [String] = []
    if frames.contains(where: { ($0.width, $0.height) != (first.width, first.height) }) {
      problems.append("the frames have different sizes")
    }
    if first.width * first.height > mostFilmPixels / frames.count {
      problems.append("\(frames.count) frames of \(first.width) x \(first.height) pixels are too large")
    }
    if !(0.02...100).contains(seconds) { problems.append("\(seconds) seconds a frame; 0.02 to 100") }
    return problems
  }
}
