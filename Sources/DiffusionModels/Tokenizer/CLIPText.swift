/// What CLIP's tokenizer does to a text before byte-pair encoding: it normalises and splits it.
///
/// Equal to transformers 5, whose normaliser is NFC, runs of white space to one space, lower case; and whose splitter
/// is a regular expression run by Oniguruma. The parts of that stack know different versions of Unicode, and each
/// treats what it does not know as an unassigned code point, so the same is done here. Measured with tokenizers 0.23:
/// normalisation knows Unicode 9, the letter and number classes know Unicode 16, and lower case is up to date.
/// - Source: `transformers/models/clip/tokenization_clip.py` of transformers 5.
enum CLIPText {
  /// The newest version of Unicode whose code points normalisation composes and reorders.
  private static let normalizationVersion = 9
  /// The newest version of Unicode whose letters and numbers the splitter knows.
  private static let classVersion = 16

  // MARK: Normalising

  /// NFC, then each run of white space as one space, then lower case code point by code point, so that a final sigma
  /// is no special case and `İ` becomes two code points.
  static func normalized(_ text: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    for scalar in composed(Array(text)) {
      if scalar.isASCII {
        if isSpace(scalar) {
          if result.last != " " { result.append(" ") }
        } else if ("A"..."Z").contains(scalar) {
          result.append(Unicode.Scalar(UInt8(scalar.value) + 32))
        } else {
          result.append(scalar)
        }
      } else if isSpace(scalar) {
        if result.last != " " { result.append(" ") }
      } else {
        result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
      }
    }
    return result
  }

  private static func composed(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    // Below the first combining mark every text is its own NFC.
    guard text.contains(where: { $0.value >= 0x300 }) else { return text }
    var result: [Unicode.Scalar] = []
    var known = String.UnicodeScalarView()
    func flush() {
      result += CanonicalComposition.composed(known)
      known = String.UnicodeScalarView()
    }
    for scalar in text {
      // An unassigned code point neither composes nor lets marks pass, so each stretch between two is on its own.
      if isAssigned(scalar, by: normalizationVersion) {
        known.append(scalar)
      } else {
        flush()
        result.append(scalar)
      }
    }
    flush()
    return result
  }

  private static func isAssigned(_ scalar: Unicode.Scalar, by version: Int) -> Bool {
    if scalar.value < 0x300 { return true }
    guard let age = scalar.properties.age else { return false }
    return age.major <= version
  }

  // MARK: Splitting

  private enum Class {
    case space
    case letter
    case number
    case other
  }

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII ? scalar == " " || (0x9...0xD).contains(scalar.value) : scalar.properties.isWhitespace
  }

  private static func classify(_ scalar: Unicode.Scalar) -> Class {
    if scalar.isASCII {
      if ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) { return .letter }
      if ("0"..."9").contains(scalar) { return .number }
      return isSpace(scalar) ? .space : .other
    }
    if scalar.properties.isWhitespace { return .space }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      return isAssigned(scalar, by: classVersion) ? .letter : .other
    case .decimalNumber, .letterNumber, .otherNumber:
      return isAssigned(scalar, by: classVersion) ? .number : .other
    default:
      return .other
    }
  }

  /// The words of a normalised text: runs of letters, single digits, runs of other signs, and the contractions
  /// `'s 't 're 've 'm 'll 'd` where a word would begin. White space parts words and is dropped.
  static func words(_ text: ArraySlice<Unicode.Scalar>) -> [String] {
    var words: [String] = []
    var rest = text
    while let first = rest.first {
      if let literal = literals.first(where: { rest.starts(with: $0) }) {
        // The splitter of CLIP takes the literal whole, and the byte-level splitter after it takes it apart again.
        words += [string(literal.prefix(2)), string(literal.dropFirst(2).dropLast(2)), string(literal.suffix(2))]
        rest = rest.dropFirst(literal.count)
        continue
      }
      if first == "'", let contraction = contractions.first(where: { rest.starts(with: $0) }) {
        words.append(string(contraction))
        rest = rest.dropFirst(contraction.count)
        continue
      }
      let kind = classify(first)
      let end =
        kind == .number || kind == .space
        ? rest.startIndex + 1 : rest.firstIndex { classify($0) != kind } ?? rest.endIndex
      if kind != .space { words.append(string(rest[..<end])) }
      rest = rest[end...]
    }
    return words
  }

  private static let literals = ["<|startoftext|>", "<|endoftext|>"].map { Array($0.unicodeScalars) }
  private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.unicodeScalars) }

  static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }
}
