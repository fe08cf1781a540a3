/// What an intervention does at an attention.
public enum AttentionOperation: String, CaseIterable, Codable, Hashable, Sendable {
  /// Take the source's, in place of the target's own.
  case replace
  /// Take a share of the source's: `(1 - strength)` of the target's and `strength` of the source's.
  case mix
  /// Set it to 0.
  case zero
  /// Give every key the same probability, 1 / keys.
  case uniform
  /// Let each place see itself alone: self-attention maps.
  case identity
  /// Put the rows of the map (its queries) in another order.
  case shuffle
  /// Average each row with its neighbours on the grid, by a Gaussian.
  case blur
  /// Multiply, without bringing rows back to a sum of 1.
  case scale
  /// Take the mean over a set of prompts and seeds, in place of the target's own.
  case datasetMean = "dataset_mean"
  /// Give every head the mean of all heads.
  case headMean = "head_mean"

  /// Whether it needs a source run beside the target.
  public var needsSource: Bool { self == .replace || self == .mix }

  /// The meaning in a line, for people who choose one.
  public var meaning: String {
    switch self {
    case .replace: "the source's in place of the target's own"
    case .mix: "(1 - strength) of the target's and strength of the source's"
    case .zero: "0: the attention adds nothing but its output bias"
    case .uniform: "the same probability for every key, 1 / keys"
    case .identity: "each place sees itself alone (self-attention maps)"
    case .shuffle: "the rows of the map in another order, drawn from seed"
    case .blur: "each row averaged with its neighbours on the grid, a Gaussian of sigma cells"
    case .scale: "times factor; rows are not brought back to a sum of 1 unless renormalise: true"
    case .datasetMean: "the mean over a set of prompts and seeds, which run beside the target"
    case .headMean: "the mean of all heads for every head"
    }
  }

  /// The keys of a file that it has beside `op`, `of`, `sites`, `steps`, `branch`, `heads`, `words`.
  public var parameters: [String] {
    switch self {
    case .replace: ["part", "source_seed"]
    case .mix: ["strength", "source_seed"]
    case .datasetMean: ["prompts", "seeds"]
    case .shuffle: ["seed"]
    case .blur: ["sigma"]
    case .scale: ["factor"]
    case .zero, .uniform, .identity, .headMean: []
    }
  }
}

/// What of the source's map a replacement takes.
public enum MapPart: String, CaseIterable, Codable, Hashable, Sendable {
  /// The whole of it.
  case all
  /// How much each key gets over all queries; where stays the target's.
  case mass
  /// Where each key's share lies; how much stays the target's.
  case pattern
}

extension AttentionOperation {
  /// The change with the defaults of a file.
  public var plainChange: AttentionEdit.Change {
    switch self {
    case .replace, .datasetMean: .mix(strength: 1)
    case .mix: .mix(strength: 0.5)
    case .zero: .zero
    case .uniform: .uniform
    case .identity: .identity
    case .shuffle: .shuffle(seed: 0)
    case .blur: .blur(sigma: 1)
    case .scale: .scale(factor: 1)
    case .headMean: .headMean
    }
  }
}
