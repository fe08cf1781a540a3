import Checkpoints

// Settings, and the tokens that have a part to play or are cut out of a prompt whole.

extension CLIPTokenizerFiles {
  mutating func readSettings(_ tokenizer: ConfigFile?) throws(CheckpointError) {
    var config = try object("tokenizer_config.json")
    if var settings = config {
      readLength(&settings)
      for side in ["padding_side", "truncation_side"] { _ = settings.string(side, default: "right", oneOf: ["right"]) }
      if settings.bool("split_special_tokens", default: false) {
        settings.report("split_special_tokens", expected: "false, the only way that is supported")
      }
      problems += settings.problems
      config = settings
    }
    if let config { readNamed(config, "tokenizer_config.json", specialByDefault: false) }
    if case .object(let decoder) = config?["added_tokens_decoder"] {
      for member in few(decoder.members, "tokenizer_config.json", "added_tokens_decoder") {
        readDeclared(member.value, id: Int(member.key), "tokenizer_config.json", "added_tokens_decoder.\(member.key)")
      }
    } else {
      if let map = try object("special_tokens_map.json") {
        readNamed(map, "special_tokens_map.json", specialByDefault: true)
      }
      try readAddedTokens()
      readAddedTokens(of: tokenizer)
    }
    for (role, token) in named {
      if let same = declared.last(where: { $0.token.content == token.content }) { named[role] = same.token }
    }
  }

  private mutating func readLength(_ settings: inout ConfigFile) {
    switch settings["model_max_length"] ?? settings["max_len"] {
    case nil, .null?: return
    case .integer(let length)? where length >= 2: if length <= Self.longest { maxLength = length }
    case .number(let length)? where length > Double(Self.longest): return
    default: settings.report("model_max_length", expected: "a whole number of at least 2")
    }
  }

  /// The tokens under `bos_token` and its like, and the list of further special ones.
  private mutating func readNamed(_ config: ConfigFile, _ file: String, specialByDefault: Bool) {
    for role in Self.roles {
      guard let value = config[role] else { continue }
      // CLIP's tokenizer cannot do without these four; null for another role is "none".
      if value == .null, Self.defaults[role] == nil { continue }
      if let token = token(value, file, role, specialByDefault: specialByDefault, alwaysSpecial: true) {
        named[role] = token
      }
    }
    for key in ["additional_special_tokens", "extra_special_tokens"] {
      guard let value = config[key], value != .null else { continue }
      let list: [JSONValue]
      switch value {
      case .array(let tokens): list = tokens
      // transformers 4.47 to 4.57 write extra_special_tokens by name, `{}` where there are none.
      case .object(let named) where key == "extra_special_tokens": list = named.members.map(\.value)
      default:
        report(file, key, value, expected: "a list")
        continue
      }
      extra += few(list, file, key).compactMap {
        token($0, file, key, specialByDefault: specialByDefault, alwaysSpecial: true)
      }
    }
  }

  /// `added_tokens.json`: contents and ids.
  private mutating func readAddedTokens() throws(CheckpointError) {
    guard let file = try object("added_tokens.json") else { return }
    let special = Set((Array(named.values) + extra).map { ExactString($0.content) })
    for member in few(file.object.members, "added_tokens.json", "text") {
      guard case .integer(let id) = member.value else {
        report("added_tokens.json", member.key, member.value, expected: "an id, a whole number")
        continue
      }
      let isSpecial = special.contains(ExactString(member.key))
      declared.append((AddedToken(content: member.key, normalized: !isSpecial, special: isSpecial), id))
    }
  }

  private mutating func readAddedTokens(of tokenizer: ConfigFile?) {
    guard case .array(let list) = tokenizer?["added_tokens"] else { return }
    for (place, value) in few(list, "tokenizer.json", "added_tokens").enumerated() {
      var id: Int?
      if case .object(let object) = value, case .integer(let number) = object["id"] { id = number }
      readDeclared(value, id: id, "tokenizer.json", "added_tokens[\(place)]")
    }
  }

  /// The tokens of a list; none, and a report, if there are too many. Each is compared with all before it.
  private mutating func few<Token>(_ tokens: [Token], _ file: String, _ field: String) -> [Token] {
    if tokens.count <= Self.mostAdded { return tokens }
    report(file, field, found: "\(tokens.count) tokens", expected: "at most \(Self.mostAdded)")
    return []
  }

  private mutating func readDeclared(_ value: JSONValue, id: Int?, _ file: String, _ field: String) {
    guard let id else {
      report(file, field, value, expected: "a token with an id")
      return
    }
    if let token = token(value, file, field, specialByDefault: false, alwaysSpecial: false) {
      declared.removeAll { $0.id == id }
      declared.append((token, id))
    }
  }

  /// A token given as a text, or as an object with `content` and flags.
  private mutating func token(
    _ value: JSONValue, _ file: String, _ field: String, specialByDefault: Bool, alwaysSpecial: Bool
  ) -> AddedToken? {
    if case .string(let content) = value, !content.isEmpty {
      return AddedToken(content: content, normalized: false, special: true, isBare: true)
    }
    guard case .object(let object) = value, case .string(let content) = object["content"], !content.isEmpty else {
      report(file, field, value, expected: "a text, or an object with a text as content")
      return nil
    }
    for flag in ["lstrip", "rstrip", "single_word"] where object[flag] == .bool(true) {
      report(file, "\(field).\(flag)", found: "true", expected: "false, the only way that is supported")
    }
    let special = specialByDefault || object["special"] == .bool(true)
    // A token is normalised unless it is special, where the file does not say.
    let normalized = object["normalized"].map { $0 == .bool(true) } ?? !special
    return AddedToken(content: content, normalized: normalized, special: special || alwaysSpecial)
  }

  /// Gives every added token its id: the vocabulary's, or the next free one.
  mutating func addTokens() {
    var tokens = declared.sorted { $0.id < $1.id }.map(\.token)
    let contents = Set(tokens.map { ExactString($0.content) })
    for token in Self.roles.compactMap({ named[$0] }) + extra
    where !contents.contains(ExactString(token.content)) && !tokens.contains(token) {
      tokens.append(token)
    }
    var ids: [ExactString: Int] = [:]
    for token in tokens {
      let content = ExactString(token.content)
      let highest = ids.values.max() ?? -1
      let id = ids[content] ?? vocabulary[content] ?? max(vocabulary.count, highest + 1)
      ids[content] = id
      // Of two with the same content the later one's properties count.
      added.removeAll { $0.id == id }
      added.append((token, id))
    }
    for (token, id) in declared where ids[ExactString(token.content)] != id {
      let given = ids[ExactString(token.content)].map(String.init) ?? "none"
      problems.append(
        .init(
          file: folder.lastPathComponent, field: "id of added token \(JSONValue.string(token.content).summary)",
          found: "\(id)", expected: "\(given), the vocabulary's or the next free one"))
    }
    func id(_ role: String) -> Int { named[role].flatMap { ids[ExactString($0.content)] } ?? 0 }
    start = id("bos_token")
    end = id("eos_token")
    padding = id("pad_token")
    unknown = id("unk_token")
    if let token = named["unk_token"], vocabulary[ExactString(token.content)] == nil {
      problems.append(
        .init(
          file: folder.lastPathComponent, field: "unk_token", found: JSONValue.string(token.content).summary,
          expected: "a piece of the vocabulary"))
    }
  }
}
