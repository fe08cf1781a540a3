import Attention

/// The halves of classifier-free guidance that something applies to.
public enum BranchChoice: String, CaseIterable, Codable, Hashable, Sendable {
  case conditional
  case unconditional
  case both

  /// The branches meant, the conditional one first.
  public var branches: [GuidanceBranch] {
    switch self {
    case .conditional: [.conditional]
    case .unconditional: [.unconditional]
    case .both: [.conditional, .unconditional]
    }
  }
}
