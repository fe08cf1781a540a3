import Tensors

/// What one side of an attention's map runs over: its queries, or its keys.
public enum AttentionAxis: Hashable, Sendable {
  /// The cells of a grid, row after row.
  case picture(height: Int, width: Int)
  /// The token positions of a prompt.
  case text(tokens: Int)

  /// The number of queries or keys.
  public var count: Int {
    switch self {
    case .picture(let height, let width): saturatingProduct(height, width)
    case .text(let tokens): tokens
    }
  }

  /// Rows and columns of a picture's cells; nil for a text.
  public var grid: GridSize? {
    if case .picture(let height, let width) = self { GridSize(height: height, width: width) } else { nil }
  }

  public var isText: Bool {
    if case .text = self { true } else { false }
  }
}

extension AttentionAxis: LosslessStringConvertible {
  /// `picture 16x24`, rows before columns, or `text 77`. Databases hold this text.
  public var description: String {
    switch self {
    case .picture(let height, let width): "picture \(height)x\(width)"
    case .text(let tokens): "text \(tokens)"
    }
  }

  /// Reads what `description` writes.
  /// - Returns: nil for anything else, and for sizes below 1.
  public init?(_ description: String) {
    let words = description.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 2 else { return nil }
    let numbers = words[1].split(separator: "x", omittingEmptySubsequences: false).compactMap { Int($0) }
    switch (words[0], numbers.count) {
    case ("picture", 2): self = .picture(height: numbers[0], width: numbers[1])
    case ("text", 1): self = .text(tokens: numbers[0])
    default: return nil
    }
    // Another spelling of a number, as +16 or 016, is no text of ours.
    guard numbers.allSatisfy({ $0 > 0 }), self.description == description else { return nil }
  }
}

extension AttentionAxis: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let axis = AttentionAxis(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "\"\(text)\" is no axis of an attention; expected picture 16x24 or text 77")
    }
    self = axis
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
