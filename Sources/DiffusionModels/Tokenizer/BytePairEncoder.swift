import Checkpoints
import Synchronization

/// Byte-pair encoding over bytes, as GPT-2 and CLIP do it.
///
/// A word is its UTF-8 bytes, each written as one printable sign, with `</w>` at the last. Again and again the pair of
/// neighbours that comes first in the list of merges (the leftmost of several) becomes one piece.
/// - Source: Sennrich et al. 2016 (algorithm 1); the order among equal ranks follows the tokenizers library.
final class BytePairEncoder: Sendable {
  /// A pair of pieces that become one.
  struct Merge: Hashable, Sendable {
    let first: String
    let second: String
  }

  /// How many words the cache holds; a longer text starts it afresh.
  private static let cacheLimit = 10_000
  /// Longer words are not cached.
  private static let cachedWordLimit = 256

  private let pieces: [Int: String]
  private let merges: [UInt64: (rank: Int, id: Int)]
  private let inner: [Int]
  private let last: [Int]
  private let cache = Mutex<[ExactString: [Int]]>([:])

  static let endOfWord = "</w>"

  /// - Parameters:
  ///   - vocabulary: pieces and their ids, which are all different.
  ///   - merges: in the order of their rank; of a pair that is there twice the later counts. Each merge's two pieces
  ///     and their concatenation are in the vocabulary; one that is not is left out.
  ///   - unknown: the id of a byte that the vocabulary lacks.
  init(vocabulary: [ExactString: Int], merges: [Merge], unknown: Int) {
    pieces = Dictionary(vocabulary.map { ($0.value, $0.key.text) }, uniquingKeysWith: { first, _ in first })
    var table: [UInt64: (rank: Int, id: Int)] = [:]
    table.reserveCapacity(merges.count)
    for (rank, merge) in merges.enumerated() {
      guard let first = vocabulary[ExactString(merge.first)], let second = vocabulary[ExactString(merge.second)],
        let joined = vocabulary[ExactString(merge.first + merge.second)]
      else { continue }
      table[Self.pair(first, second)] = (rank, joined)
    }
    self.merges = table
    inner = ByteAlphabet.signs.map { vocabulary[ExactString(String($0))] ?? unknown }
    last = ByteAlphabet.signs.map { vocabulary[ExactString(String($0) + Self.endOfWord)] ?? unknown }
  }

  func piece(of id: Int) -> String? { pieces[id] }

  /// The ids of a word's pieces.
  func encode(_ word: String) -> [Int] {
    let key = ExactString(word)
    if let known = cache.withLock({ $0[key] }) { return known }
    let ids = merge(Array(word.utf8))
    if word.utf8.count <= Self.cachedWordLimit {
      cache.withLock {
        if $0.count >= Self.cacheLimit { $0.removeAll(keepingCapacity: true) }
        $0[key] = ids
      }
    }
    return ids
  }

  private static func pair(_ first: Int, _ second: Int) -> UInt64 {
    UInt64(UInt32(truncatingIfNeeded: first)) << 32 | UInt64(UInt32(truncatingIfNeeded: second))
  }

  /// A heap of the merges that may be made, so that a word of n bytes takes n log n steps however it merges.
  private func merge(_ bytes: [UInt8]) -> [Int] {
    guard let final = bytes.last else { return [] }
    var ids = bytes.dropLast().map { inner[Int($0)] } + [last[Int(final)]]
    let end = ids.count
    // Neighbours that are left; a symbol that was merged into its left neighbour is its own `next`.
    var next = Array(1...end)
    var previous = Array(-1..<end - 1)
    var heap = MergeHeap()
    func consider(_ place: Int) {
      guard place >= 0, next[place] < end else { return }
      if let merge = merges[Self.pair(ids[place], ids[next[place]])] {
        heap.push(.init(rank: merge.rank, place: place, id: merge.id))
      }
    }
    for place in 0..<end { consider(place) }
    while let candidate = heap.pop() {
      let place = candidate.place
      let right = next[place]
      // Either symbol may have been merged with another since the candidate was noted.
      guard right > place, right < end, merges[Self.pair(ids[place], ids[right])]?.id == candidate.id else { continue }
      ids[place] = candidate.id
      next[place] = next[right]
      if next[right] < end { previous[next[right]] = place }
      next[right] = right
      consider(previous[place])
      consider(place)
    }
    return ids.indices.filter { next[$0] != $0 }.map { ids[$0] }
  }
}

/// A binary heap that gives the lowest rank first, and of equal ranks the leftmost place.
private struct MergeHeap {
  struct Candidate {
    let rank: Int
    let place: Int
    let id: Int

    func isBefore(_ other: Candidate) -> Bool {
      (rank, place) < (other.rank, other.place)
    }
  }

  private var items: [Candidate] = []

  mutating func push(_ item: Candidate) {
    items.append(item)
    var child = items.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard items[child].isBefore(items[parent]) else { return }
      items.swapAt(child, parent)
      child = parent
    }
  }

  mutating func pop() -> Candidate? {
    guard let first = items.first, let end = items.popLast() else { return nil }
    guard !items.isEmpty else { return first }
    items[0] = end
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < items.count && items[child].isBefore(items[least]) {
        least = child
      }
      guard least != parent else { return first }
      items.swapAt(parent, least)
      parent = least
    }
  }
}

/// The signs that stand for bytes in the vocabulary: printable Latin-1 for itself, the rest in order from U+0100.
/// - Source: Radford et al. 2019, the released encoder of GPT-2.
enum ByteAlphabet {
  /// The sign of each byte.
  static let signs: [Unicode.Scalar] = {
    var other: UInt16 = 0x100
    return (0...255).map { (byte: UInt8) in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
      default:
        defer { other += 1 }
        return Unicode.Scalar(other) ?? "?"
      }
    }
  }()

  private static let bytes: [Unicode.Scalar: UInt8] = Dictionary(
    zip(signs, 0...255), uniquingKeysWith: { first, _ in first })

  /// The bytes that a piece stands for; its own UTF-8 where it holds another sign.
  static func bytes(of piece: String) -> [UInt8] {
    var result: [UInt8] = []
    for scalar in piece.unicodeScalars {
      guard let byte = bytes[scalar] else { return Array(piece.utf8) }
      result.append(byte)
    }
    return result
  }
}
