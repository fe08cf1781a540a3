/// What a scene reader saw in a picture.
public struct SceneReading: Hashable, Sendable {
  public struct Object: Hashable, Sendable {
    public let name: Answer
    /// `none`: the object's own colors.
    public let color: Answer
    /// `left`, `right`, or `front` for what has no such side.
    public let facing: Answer
    /// Around the object, in pixels of the picture.
    public let box: Box
    /// Pixels that it covers.
    public let area: Int
    /// The mean of the places of its pixels.
    public let center: Point
  }

  /// In picture widths from the left and picture heights from above, 0-1.
  public struct Point: Hashable, Sendable {
    public let x, y: Double
  }

  /// A word, and the share of probability that the reader gave it.
  public struct Answer: Hashable, Sendable {
    public let word: String
    /// 0-1.
    public let confidence: Double

    public init(_ word: String, confidence: Double) {
      self.word = word
      self.confidence = confidence
    }
  }

  /// Right and bottom are excluded.
  public struct Box: Hashable, Sendable {
    public let left, top, right, bottom: Int

    public var width: Int { right - left }
    public var height: Int { bottom - top }
  }

  /// The largest first.
  public let objects: [Object]
  public let background: Answer
  public let style: Answer
  /// Of the picture, in pixels.
  public let width: Int
  public let height: Int
  /// Which of `objects` a pixel belongs to, `[height, width]`; -1: none.
  public let owners: [Int8]

  /// The largest object of a name; nil if there is none.
  public func object(_ name: String) -> Object? { objects.first { $0.name.word == name } }
}
