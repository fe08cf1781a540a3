import Attention
import Formatting
import StrictYAML

extension Form<TokenSelector> {
  /// `all`, `words`, or a list of words and positions.
  package static var tokens: Form<TokenSelector> {
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
    guard reader.isNoSlip(word, of: TokenName.roleNames, field) else { return nil }
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

extension FileReader {
  /// Reports a word in angle brackets that is nearly one of some names, and so hardly a word that the model was taught.
  /// - Returns: whether it may be a word or is one of the names.
  package func isNoSlip(_ word: String, of names: [String], _ field: Field) -> Bool {
    // An occurrence makes no word of a name.
    guard word.hasPrefix("<"), !word.hasPrefix("<after "), !names.contains(word),
      let nearest = nearestName(to: String(word.prefix { $0 != "#" }), in: names)
    else { return true }
    let allowed = names.joined(separator: ", ")
    report(field, "unknown name \(quoted(word)); did you mean \(nearest)? allowed: \(allowed), words and positions")
    return false
  }
}

extension Form<String> {
  /// Text that selects attention sites.
  package static var sites: Form<String> {
    line(allowsEmpty: false).checked { text, field, reader in
      do { try reader.context.checkSites(text) } catch { reader.report(field, "\(error)") }
      return text
    }
  }
}
