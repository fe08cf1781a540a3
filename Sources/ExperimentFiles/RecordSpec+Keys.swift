import Attention
import Formatting
import StrictYAML

extension RecordSpec {
  static let section = Section(
    "record", blank: RecordSpec(name: "", sites: ""),
    keys: [
      Key("name", \.name, .name, required: true, example: "words", "{allowed}"),
      Key(
        "of", \.of, .choice, brief: true, example: "scores",
        "the quantity, see below: {allowed}"),
      Key(
        "sites", \.sites, .sites, required: true, example: "\"cross:*\"",
        "selects attention sites, as `\"cross:*\"` or `\"self:4-14\"`"),
      Key("heads", \.heads, .choice, example: "all", "`mean`: one map; `all`: one map for each head"),
      Key("steps", \.steps, .steps, example: "[0, 10, 20]", "which denoising steps, see below"),
      Key(
        "tokens", \.tokens, .tokens, example: "[red, car]",
        "which keys of cross-attention maps: `all` positions, the prompt's `words`, or a list, see below"),
      Key("branch", \.branch, .choice, example: "both", "half of classifier-free guidance: {allowed}"),
      Key(
        "pool", \.pool, .orNull(.whole(1...1024)), example: "8",
        "the side of the grid, in cells, that maps are averaged down to, {allowed}; `null` to keep each site's grid"),
      Key("dtype", \.dtype, .choice, example: "fp16", "how values are stored: {allowed}"),
      Key(
        "random_unet", \.randomUNet, .ifGiven(.seed), brief: true, example: "1",
        "the seed of a UNet that was never trained: its attention to what the model is given is stored, see below"),
    ], check: check)

  /// Reports what a quantity does not have.
  private static let check: @Sendable (RecordSpec, Fields, FileReader) -> Void = { record, fields, reader in
    let name = record.of.rawValue
    if record.heads == .mean, !record.of.hasMeanOfHeads {
      reader.report(
        fields["heads"] ?? fields.field, "\(name) are vectors of single heads, which have no mean; write heads: all")
    }
    if record.heads == .all, record.of == .output, let heads = fields["heads"] {
      reader.report(heads, "an attention's output has no heads; leave the key out, or record values and probabilities")
    }
    if !record.of.hasTokens, record.tokens != .all, let tokens = fields["tokens"] {
      reader.report(tokens, "tokens are keys, and of is \(name), which belongs to places of the picture")
    }
    if record.of == .logRatio, record.dtype != .float32, let dtype = fields["dtype"] {
      reader.report(dtype, "log ratios are stored in fp32, so that small differences stay")
    }
  }
}

extension Form<String> {
  /// Text that selects attention sites.
  static var sites: Form<String> {
    line(allowsEmpty: false).checked { text, field, reader in
      do { try reader.context.checkSites(text) } catch { reader.report(field, "\(error)") }
      return text
    }
  }
}

// MARK: Tokens

extension Form<TokenSelector> {
  /// `all`, `words`, or a list of words and positions.
  static var tokens: Form<TokenSelector> {
    Form(
      read: { field, reader in
        switch field.node.content {
        case .scalar("all", .text): return .all
        case .scalar("words", .text): return .words
        case .scalar(let text, _):
          reader.report(
            field, "expected all, words or a list, found \(field.node.described); one word is written [\(text)]")
          return nil
        default: return tokenNamesForm.read(field, reader).map { .names($0) }
        }
      },
      write: { selector in
        switch selector {
        case .all: .plain("all")
        case .words: .plain("words")
        case .names(let names): tokenNamesForm.write(names)
        }
      })
  }
}

private let tokenNamesForm = Form<[TokenName]>.distinct(
  of: "words and positions", tokenForm, ifEmpty: "write all or words, or leave the key out")

extension Form<[TokenName]?> {
  /// The same for the words of an operation, of which nil is all.
  static var words: Form<[TokenName]?> {
    Form(
      read: { field, reader in
        guard let selector = Form<TokenSelector>.tokens.read(field, reader) else { return nil }
        if case .names(let names) = selector { return names } else { return .some(nil) }
      },
      write: { Form<TokenSelector>.tokens.write($0.map { .names($0) } ?? .all) })
  }
}

private let tokenForm = Form<TokenName>(
  read: { field, reader in
    if case .scalar(_, .integer) = field.node.content {
      return reader.integer(field, in: 0...Int(Int32.max)).map { .position($0) }
    }
    guard let word = reader.line(field, allowsEmpty: false) else { return nil }
    if word.hasPrefix("<"), !word.hasPrefix("<after "), !TokenName.roleNames.contains(word) {
      let nearest = nearestName(to: word, in: TokenName.roleNames).map { "did you mean \($0)? " } ?? ""
      let allowed = TokenName.roleNames.joined(separator: ", ")
      reader.report(field, "unknown name \(quoted(word)); \(nearest)allowed: \(allowed), words and positions")
      return nil
    }
    do {
      let name = try TokenName(word)
      guard name.isOfEdits, !reader.context.hasPairs else { return name }
      reader.report(field, "\(name) is of the words of a pair's edit, and generate has no pairs")
    } catch {
      reader.report(
        field, "\(quoted(word)): after # stands which of the word's occurrences is meant, from 1, as car#2")
    }
    return nil
  }, write: { if case .position(let position) = $0 { .plain("\(position)") } else { .text($0.description) } })
