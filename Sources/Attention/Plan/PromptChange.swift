import Tensors

/// What is changed of a lane's encoded prompt before the first step: random words first, then what the empty prompt gives.
public struct PromptChange: Codable, Hashable, Sendable {
  /// Positions whose tokens are left out of the text, with a random vector in the place of each.
  public struct RandomWords: Codable, Hashable, Sendable {
    /// Ascending.
    public let positions: [Int]
    public let seed: Seed

    public init(positions: [Int], seed: Seed) {
      self.positions = positions
      self.seed = seed
    }

    /// The seed of the vector that stands for a token: `seed * 65536 + token`.
    public func seed(ofToken token: Int) -> Seed { Seed(seed.value &* 65536 &+ UInt64(token)) }
  }

  public let lane: Lane
  /// The roles of the tokens whose positions take the empty prompt's embedding. Of a stranger's plan, one may stand twice.
  public let roles: [PromptTokens.Role]
  /// nil: every token is encoded.
  public let random: RandomWords?

  public init(lane: Lane, roles: [PromptTokens.Role] = [], random: RandomWords? = nil) {
    self.lane = lane
    self.roles = roles
    self.random = random
  }
}
