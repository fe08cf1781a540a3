extension AttentionOperation {
  public static let embedding = AttentionOperation(
    "embedding",
    meaning:
      "the encoded prompt takes the empty prompt's embedding, position by position, at its padding or its end token",
    example: "{ op: embedding, padding: empty }",
    keys: [
      OperationKey(
        "padding", .name(["own", "empty"]), standard: "own",
        meaning: "`empty`, or `own`: the positions after the end token"),
      OperationKey(
        "end", .name(["own", "empty"]), standard: "own", meaning: "`empty`, or `own`: the position of the end token"),
    ],
    places: [],
    words: { change in
      let taken = roles(change).map { $0 == .end ? "the end token" : "the padding" }
      return taken.isEmpty ? nil : "\(taken.joined(separator: " and ")) as in the empty prompt"
    },
    effect: { change in
      let roles = roles(change)
      return roles.isEmpty ? .nothing : .emptyPrompt(at: roles)
    })
}

/// Where the empty prompt's embedding is taken.
private func roles(_ change: AttentionChange) -> [PromptTokens.Role] {
  [("end", PromptTokens.Role.end), ("padding", .padding)].filter { change.name($0.0) == "empty" }.map(\.1)
}
