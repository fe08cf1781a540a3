/// Which attentions something applies to, as written in a file's `sites` key.
///
/// A selector is `self:` where the keys are the picture's own cells, `cross:` where they are the tokens of a prompt, or `*:`
/// for both; then one of
/// - `*`, all of them;
/// - layer numbers of the paper, `4-14` or `2,3,5` or `1-3,7`;
/// - `down`, `mid` or `up`;
/// - the grid relative to the latents' side, `grid<=1/2` (also `<`, `=`, `>=`, `>`), rounded up for odd sides;
/// - the grid in cells of its longer side, `res<=16`;
/// - a path with `*` for any run of characters, `up_blocks.1.*`.
///
/// `residual:` selects residual features by their path, `residual:up_blocks.1.resnets.1`, or all of them, `residual:*`.
///
/// A path pattern may also stand alone: `*.attentions.0.*.attn2`. Several selectors joined by ` + ` select what any does.
public struct SiteSelector: Hashable, Sendable, CustomStringConvertible {
  private enum Term: Hashable, Sendable {
    case all
    case layers([ClosedRange<Int>])
    case place(String)
    case grid(Comparison, numerator: Int, denominator: Int)
    case resolution(Comparison, Int)
    case path(String)
  }

  private enum Comparison: String, CaseIterable {
    case atMost = "<="
    case atLeast = ">="
    case below = "<"
    case above = ">"
    case equal = "="

    func holds(_ a: Int, _ b: Int) -> Bool {
      switch self {
      case .atMost: a <= b
      case .atLeast: a >= b
      case .below: a < b
      case .above: a > b
      case .equal: a == b
      }
    }
  }

  private struct Part: Hashable, Sendable {
    let text: String
    /// None for residual features.
    let kinds: Set<AttentionKind>
    let term: Term
  }

  /// Whether it is of residual features, and not of attentions.
  public var isOfResiduals: Bool { parts.allSatisfy(\.kinds.isEmpty) }

  public let description: String
  private let parts: [Part]

  /// - Throws: `SelectionError` if the text is not a selector: what is wrong, and what may stand there.
  public init(_ text: String) throws(SelectionError) {
    description = text
    var parts: [Part] = []
    for piece in text.split(separator: "+", omittingEmptySubsequences: false) {
      parts.append(try Self.part(String(piece.trimmingSpaces)))
    }
    self.parts = parts
    guard isOfResiduals || parts.allSatisfy({ !$0.kinds.isEmpty }) else {
      throw SelectionError(
        "sites", value: text, problem: "attentions and residual features are not selected together",
        hint: "write an operation for each")
    }
  }

  /// The sites selected, in the order of the forward pass.
  /// - Throws: `SelectionError` if a part of the selector matches none: what there is instead.
  public func resolve(_ sites: [AttentionSite]) throws(SelectionError) -> [AttentionSite] {
    guard !isOfResiduals else {
      throw SelectionError(
        "sites", value: description, problem: "it selects residual features, and attentions are wanted here")
    }
    var chosen = Set<Int>()
    for part in parts {
      if case .layers(let ranges) = part.term {
        let last = sites.map(\.layer).max() ?? 0
        for range in ranges where range.upperBound > last || range.lowerBound < 1 {
          let wrong = range.upperBound > last ? range.upperBound : range.lowerBound
          throw SelectionError(
            "sites", value: part.text, problem: "there is no layer \(wrong)", hint: "this model has layers 1-\(last)")
        }
      }
      let matching = sites.filter { part.kinds.contains($0.kind) && Self.matches(part.term, $0) }
      guard !matching.isEmpty else {
        throw SelectionError(
          "sites", value: part.text, problem: "it matches no attention of this model", hint: near(part, sites))
      }
      chosen.formUnion(matching.map(\.index))
    }
    return sites.filter { chosen.contains($0.index) }
  }

  /// The residual features selected, in the order of the forward pass.
  /// - Throws: `SelectionError` if a part of the selector matches none: what there is instead.
  public func resolveResiduals(_ residuals: [ResidualSite]) throws(SelectionError) -> [ResidualSite] {
    var chosen = Set<String>()
    for part in parts {
      guard case .path(let pattern) = part.term else { return residuals }
      let matching = residuals.map(\.path).filter { Self.glob(pattern, $0) }
      guard !matching.isEmpty else {
        let near = residuals.map(\.path).min { common($0, Array(pattern)) > common($1, Array(pattern)) }
        throw SelectionError(
          "sites", value: part.text, problem: "it matches no residual block of this model",
          hint: "a near one is \(near ?? "none")")
      }
      chosen.formUnion(matching)
    }
    return residuals.filter { chosen.contains($0.path) }
  }

  // MARK: - Reading

  static let allowed =
    "self:, cross: or *: followed by *, layers (4-14 or 2,3,5), down, mid, up, grid<=1/2, res<=16 or a path pattern"

  private static func part(_ text: String) throws(SelectionError) -> Part {
    guard !text.isEmpty else {
      throw SelectionError("sites", problem: "a selector is empty", hint: "allowed: \(allowed)")
    }
    guard let colon = text.firstIndex(of: ":") else {
      guard text.contains(".") || text.contains("*") else {
        throw SelectionError("sites", value: text, problem: "a kind is missing", hint: "allowed: \(allowed)")
      }
      return Part(text: text, kinds: Set(AttentionKind.allCases), term: .path(text))
    }
    let kinds: Set<AttentionKind>
    switch text[..<colon] {
    case "self": kinds = [.selfAttention]
    case "cross": kinds = [.cross]
    case "*": kinds = Set(AttentionKind.allCases)
    case "residual":
      let rest = text[text.index(after: colon)...].trimmingSpaces
      guard rest == "*" || rest.contains(".") else {
        throw SelectionError(
          "sites", value: text,
          problem: "residual features are selected by path, as residual:up_blocks.1.resnets.1, or all by residual:*")
      }
      return Part(text: text, kinds: [], term: rest == "*" ? .all : .path(rest))
    default:
      throw SelectionError(
        "sites", value: text, problem: "\"\(text[..<colon])\" is not a kind of attention",
        hint: "allowed: self, cross, *, and residual")
    }
    let rest = text[text.index(after: colon)...].trimmingSpaces
    return Part(text: text, kinds: kinds, term: try term(rest, in: text))
  }

  private static func term(_ text: String, in selector: String) throws(SelectionError) -> Term {
    if text == "*" { return .all }
    if ["down", "mid", "up"].contains(text) { return .place(text) }
    if let first = text.first, first.isNumber { return .layers(try layers(text, in: selector)) }
    for name in ["grid", "res"] where text.hasPrefix(name) {
      let rest = text.dropFirst(name.count)
      guard let comparison = Comparison.allCases.first(where: { rest.hasPrefix($0.rawValue) }) else { break }
      let value = rest.dropFirst(comparison.rawValue.count)
      if name == "res", let cells = Int(value), cells > 0 { return .resolution(comparison, cells) }
      // Small enough that no side of a grid times it overflows.
      let numbers = value.split(separator: "/", omittingEmptySubsequences: false)
        .map { Int($0).flatMap { $0 <= 1_000_000 ? $0 : nil } }
      if name == "grid", numbers.count <= 2, let numerator = numbers[0], numerator > 0,
        let denominator = numbers.count == 2 ? numbers[1] : 1, denominator > 0
      {
        return .grid(comparison, numerator: numerator, denominator: denominator)
      }
      throw SelectionError(
        "sites", value: selector,
        problem: "\"\(value)\" is not a \(name == "res" ? "number of cells, as 16" : "fraction, as 1/2")")
    }
    guard text.contains(".") || text.contains("*") else {
      throw SelectionError(
        "sites", value: selector, problem: "\"\(text)\" is not understood", hint: "allowed: \(allowed)")
    }
    return .path(text)
  }

  private static func layers(_ text: String, in selector: String) throws(SelectionError) -> [ClosedRange<Int>] {
    var ranges: [ClosedRange<Int>] = []
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      let bounds = item.split(separator: "-", omittingEmptySubsequences: false).map { Int($0.trimmingSpaces) }
      guard bounds.count <= 2, let first = bounds[0], let last = bounds[bounds.count - 1], first <= last else {
        throw SelectionError(
          "sites", value: selector, problem: "\"\(item)\" is not a layer or a range of layers, as 7 or 4-14")
      }
      ranges.append(first...last)
    }
    return ranges
  }

  // MARK: - Matching

  private static func matches(_ term: Term, _ site: AttentionSite) -> Bool {
    switch term {
    case .all: true
    case .layers(let ranges): ranges.contains { $0.contains(site.layer) }
    case .place(let place): site.path.hasPrefix(place)
    case .grid(let comparison, let numerator, let denominator):
      comparison.holds(
        max(site.height, site.width),
        (max(site.latentHeight, site.latentWidth) * numerator + denominator - 1) / denominator)
    case .resolution(let comparison, let cells): comparison.holds(max(site.height, site.width), cells)
    case .path(let pattern): glob(pattern, site.path)
    }
  }

  /// Whether a pattern, in which `*` stands for any run of characters, matches the whole text.
  static func glob(_ pattern: String, _ text: String) -> Bool {
    let (p, t) = (Array(pattern.utf8), Array(text.utf8))
    var (i, j, star, mark) = (0, 0, -1, 0)
    while j < t.count {
      if i < p.count, p[i] == UInt8(ascii: "*") {
        (star, mark) = (i, j)
        i += 1
      } else if i < p.count, p[i] == t[j] {
        i += 1
        j += 1
      } else if star >= 0 {
        mark += 1
        (i, j) = (star + 1, mark)
      } else {
        return false
      }
    }
    return p[i...].allSatisfy { $0 == UInt8(ascii: "*") }
  }

  private func near(_ part: Part, _ sites: [AttentionSite]) -> String {
    let sites = sites.filter { part.kinds.contains($0.kind) }
    if case .path(let pattern) = part.term {
      let wanted = Array(pattern.split(separator: "*").joined())
      let nearest = sites.min { common($0.path, wanted) > common($1.path, wanted) }
      return "a near one is \(nearest?.path ?? "none")"
    }
    let grids = Array(Set(sites.map { max($0.height, $0.width) })).sorted()
    return "its grids have sides of \(grids.map(String.init).joined(separator: ", ")) cells"
  }

  private func common(_ path: String, _ wanted: [Character]) -> Int {
    zip(path, wanted).prefix { $0 == $1 }.count
  }
}

extension StringProtocol {
  var trimmingSpaces: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
