import Attention
import Plotting

/// A word and the keys of a recorded map whose sum is its attention.
public struct RecordedWord: Hashable, Sendable {
  /// The word, `car#2` for its second occurrence.
  public let label: String
  /// Token positions of all its pieces.
  public let positions: [Int]
  /// Indices into the last axis of a map.
  public let keys: [Int]

  /// The keys that together cover the positions and nothing else; nil if a record left one of them out.
  /// - Parameter keyPositions: For each key of a map, the token positions summed in it.
  public static func keys(covering positions: [Int], in keyPositions: [[Int]]) -> [Int]? {
    let wanted = Set(positions)
    let keys = keyPositions.indices.filter { !keyPositions[$0].isEmpty && wanted.isSuperset(of: keyPositions[$0]) }
    let covered = keys.flatMap { keyPositions[$0] }
    return !wanted.isEmpty && covered.count == wanted.count && Set(covered) == wanted ? keys : nil
  }

  /// The words of a prompt whose maps were recorded, in the prompt's order.
  /// - Parameter keyPositions: As above.
  public static func all(of prompt: PromptTokens, in keyPositions: [[Int]]) -> [RecordedWord] {
    let words = (try? TokenSelector.words.resolve(prompt)) ?? []
    return words.compactMap { word in
      keys(covering: word.positions, in: keyPositions).map {
        RecordedWord(label: word.label, positions: word.positions, keys: $0)
      }
    }
  }
}

extension HeatMap {
  /// The middle of the cell with the highest value, the first in reading order; nil if no value is finite.
  public var peak: QueryPoint? {
    var best: Int?
    for cell in values.indices where values[cell].isFinite && values[cell] > best.map({ values[$0] }) ?? -.infinity {
      best = cell
    }
    return best.map {
      QueryPoint(x: (Double($0 % width) + 0.5) / Double(width), y: (Double($0 / width) + 0.5) / Double(height))
    }
  }
}
