/// A lane whose encoded prompt takes the empty prompt's embedding at some positions.
public struct EmptiedPrompt: Codable, Hashable, Sendable {
  public let lane: Lane
  /// The roles of the tokens whose positions take it.
  public let roles: [PromptTokens.Role]

  public init(lane: Lane, roles: [PromptTokens.Role]) {
    self.lane = lane
    self.roles = roles
  }
}
