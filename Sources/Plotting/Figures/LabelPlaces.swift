/// A rectangle of a chart, in pixels.
struct ChartBox: Hashable {
  let x: Int
  let y: Int
  let width: Int
  let height: Int
}

extension ChartBox {
  /// Around a point.
  init(around point: (x: Int, y: Int), width: Int, height: Int) {
    self.init(x: point.x - width / 2, y: point.y - height / 2, width: width, height: height)
  }

  /// In square pixels.
  func overlap(_ other: ChartBox) -> Int {
    max(0, min(x + width, other.x + other.width) - max(x, other.x))
      * max(0, min(y + height, other.y + other.height) - max(y, other.y))
  }
}

/// Finds places for texts beside marks: on no mark, on no other text, and inside the chart.
struct LabelPlaces {
  /// What a text is away from its mark, in pixels: the nearest first.
  private static let distances = [12, 26, 44, 62, 80]
  /// Right, left, below, above, and between these.
  private static let directions = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)]

  private let frame: ChartBox
  private var taken: [ChartBox]

  /// - Parameter marks: what no text may cover.
  init(inside frame: ChartBox, marks: [ChartBox]) {
    self.frame = frame
    taken = marks
  }

  /// How many marks lie in one place, as `×2`, for each place of two or more.
  /// - Returns: with the index of the last of them, which is drawn above the others.
  static func counts(of marks: [(x: Int, y: Int)]) -> [(index: Int, text: String)] {
    let together = Dictionary(grouping: marks.indices) { [marks[$0].x, marks[$0].y] }.values
    return together.filter { $0.count > 1 }.map { (index: $0[$0.count - 1], text: "×\($0.count)") }
      .sorted { $0.index < $1.index }
  }

  /// The nearest free place of a text, which is then taken; where there is none, the one that covers least.
  /// - Returns: also whether it is so far from the mark that a line should join them.
  mutating func place(width: Int, height: Int, beside mark: (x: Int, y: Int)) -> (box: ChartBox, isFar: Bool) {
    var best = (box: ChartBox(around: mark, width: width, height: height), isFar: false, covers: Int.max)
    search: for distance in Self.distances {
      for (across, down) in Self.directions {
        // A text beside its mark ends `distance` from it; one above or below is centered.
        let center = (x: mark.x + across * (distance + width / 2), y: mark.y + down * (distance + height / 2))
        let box = ChartBox(around: center, width: width, height: height)
        let covers = width * height - box.overlap(frame) + taken.reduce(0) { $0 + box.overlap($1) }
        guard covers < best.covers else { continue }
        best = (box, distance > Self.distances[0], covers)
        if covers == 0 { break search }
      }
    }
    taken.append(best.box)
    return (best.box, best.isFar)
  }
}
