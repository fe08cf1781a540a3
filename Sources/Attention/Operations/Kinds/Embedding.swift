extension AttentionOperation {
  public static let embedding = AttentionOperation(
    "embedding",
    meaning:
      "the encoded prompt takes the empty prompt's embedding, position by position, at its padding, its end token or its "
      + "words",
    example: "{ op: embedding, padding: empty }",
    keys: [
      OperationKey(
        "padding", .name(["own", "empty"]), standard: "own",
        meaning: "`empty`, or `own`: the positions after the end token"),
      OperationKey(
        "end", .name(["own", "empty"]), standard: "own", meaning: "`empty`, or `own`: the position of the end token"),
      OperationKey(
        "text", .name(["own", "empty"]), standardText: "`own`",
        meaning: "`empty`, or `own`: the positions of the words, which then only the end token and padding know"),
    ],
    places: [],
    words: { change in
      let names: [PromptTokens.Role: String] = [.end: "the end token", .padding: "the padding", .word: "the words"]
      let taken = roles(change).compactMap { names[$0] }
      return taken.isEmpty ? nil : "\(taken.joined(separator: " and ")) as in the empty prompt"
    },
    // `text` came later: without it the text is as it was.
    identity: { change in
      let own = "padding: \(change.name("padding")), end: \(change.name("end"))"
      return isEmpty(change, "text") ? "embedding(\(own), text: empty)" : nil
    },
    effect: { change in
      let roles = roles(change)
      return roles.isEmpty ? .nothing : .emptyPrompt(at: roles)
    })
}

/// Where the empty prompt's embedding is taken.
private func roles(_ change: AttentionChange) -> [PromptTokens.Role] {
  [("end", PromptTokens.Role.end), ("padding", .padding), ("text", .word)].filter { isEmpty(change, $0.0) }.map(\.1)
}

private func isEmpty(_ change: AttentionChange, _ key: String) -> Bool { change.values[key] == .name("empty") }

extension AttentionChange {
  /// Whether it takes the empty prompt's embedding at the positions of the words.
  public var emptiesWords: Bool {
    if case .emptyPrompt(let roles) = effect { roles.contains(.word) } else { false }
  }
}
