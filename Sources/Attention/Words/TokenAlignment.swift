import Tensors

/// Which tokens of a source's text stand for which of a target's, where the two do not stand at the same positions.
///
/// A segment of as many tokens on both sides is taken one to one. Of another number, every token of the target takes the
/// same share: of probabilities the source's sum divided by the target's tokens, which keeps the sum of a row (Hertz et
/// al. 2022, prompt-to-prompt, word swap); of scores, keys and values the source's mean.
public struct TokenAlignment: Codable, Hashable, Sendable {
  public struct Segment: Codable, Hashable, Sendable {
    public let source: Range<Int>
    public let target: Range<Int>

    public init(source: Range<Int>, target: Range<Int>) {
      self.source = source
      self.target = target
    }
  }

  /// Ascending and disjoint on both sides; none is empty.
  public let segments: [Segment]

  public init(segments: [Segment]) {
    self.segments = segments
  }

  /// Whether a token of the target has a partner; the others keep what they have.
  public func covers(_ token: Int) -> Bool { segments.contains { $0.target.contains(token) } }

  /// The source's matrix with its tokens where the target has them; tokens without a partner are 0.
  /// - Parameters:
  ///   - stride: floats from row to row of the source.
  ///   - tokensAreRows: whether tokens are rows (keys, values) or columns (maps).
  ///   - keepsSum: whether shares are of the sum, as of probabilities, or the mean.
  /// - Returns: `[rows, columns]`.
  func aligned(
    _ source: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int, tokensAreRows: Bool, keepsSum: Bool
  ) -> Tensor {
    var result = Tensor(zeros: [rows, columns])
    let (tokens, others) = tokensAreRows ? (rows, columns) : (columns, rows)
    result.withUnsafeMutableValues { values in
      for segment in segments where segment.source.upperBound <= tokens && segment.target.upperBound <= tokens {
        for other in 0..<others {
          func from(_ token: Int) -> Float {
            tokensAreRows ? source[token * stride + other] : source[other * stride + token]
          }
          func set(_ token: Int, _ value: Float) {
            values[tokensAreRows ? token * columns + other : other * columns + token] = value
          }
          if segment.source.count == segment.target.count {
            for (a, b) in zip(segment.source, segment.target) { set(b, from(a)) }
          } else {
            let sum = segment.source.reduce(Float(0)) { $0 + from($1) }
            let share = sum / Float(keepsSum ? segment.target.count : segment.source.count)
            for token in segment.target { set(token, share) }
          }
        }
      }
    }
    return result
  }
}
