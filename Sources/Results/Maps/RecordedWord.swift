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

  /// The words of a prompt whose maps were recorded, in the prompt's order; among them keys that stand for several words,
  /// as a phrase or `<edited>` does.
  /// - Parameter recorded: The keys of a map.
  public static func all(of prompt: PromptTokens, in recorded: [TokenKey]) -> [RecordedWord] {
    let words = (try? TokenSelector.words.resolve(prompt)) ?? []
    let positions = recorded.map(\.positions)
    let single = words.compactMap { word in
      keys(covering: word.positions, in: positions).map {
        RecordedWord(label: word.label, positions: word.positions, keys: $0)
      }
    }
    let ofWords = Set(prompt.positions(of: .word))
    let known = Set(single.flatMap(\.keys))
    let several = recorded.indices.filter { key in
      // The pieces of a word are no words.
      !known.contains(key) && ofWords.isSuperset(of: positions[key])
        && words.count { !$0.positions.isEmpty && Set(positions[key]).isSuperset(of: $0.positions) } > 1
    }.map { RecordedWord(label: recorded[$0].label, positions: positions[$0], keys: [$0]) }
    return (single + several).sorted { ($0.positions.first ?? 0) < ($1.positions.first ?? 0) }
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
