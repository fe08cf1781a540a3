/// A size of pictures that a model cannot make.
public struct SizeError: Error, Hashable, CustomStringConvertible {
  public enum Side: String, CaseIterable, Sendable {
    case height
    case width
  }

  /// The sides that are wrong, in pixels; one or both.
  public let sides: [Side: Int]
  /// A side is a multiple of so many pixels.
  public let multiple: Int

  /// The largest side, in pixels.
  public static let most = 8192

  /// - Returns: nil for a size that can be made.
  init?(height: Int, width: Int, multiple: Int) {
    sides = [.height: height, .width: width].filter { _, pixels in
      pixels <= 0 || pixels % multiple != 0 || pixels > Self.most
    }
    self.multiple = multiple
    if sides.isEmpty { return nil }
  }

  /// One a side, beginning with its name.
  public var problems: [String] {
    Side.allCases.compactMap { side in
      guard let pixels = sides[side] else { return nil }
      let nearest = max(multiple, (min(pixels, Self.most) + multiple / 2) / multiple * multiple)
      return
        "\(side.rawValue): \(pixels) is not a multiple of \(multiple) pixels from \(multiple) to \(Self.most); the nearest "
        + "is \(nearest)"
    }
  }

  public var description: String { problems.joined(separator: "; ") }
}

/// A stored state that is not of a group of runs: its experiment is another one, or its file was changed.
public struct StateMismatch: Error, Hashable, CustomStringConvertible {
  /// Of the stored latents, `[runs, height, width, channels]`.
  public let stored: [Int]
  /// The step that the state was stored before.
  public let step: Int
  /// Of the group's latents.
  public let expected: [Int]
  /// The steps of the group.
  public let steps: Int

  public var description: String {
    "a stored state of latents \(stored) at step \(step) does not fit this group of \(expected) and \(steps) steps"
  }
}
