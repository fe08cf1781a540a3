/// The cluster sums of some samples, each over its root sum of squares, over the clusters that any of them has.
struct SignFlips {
  let clusters: Int
  /// Of each sample: places of its clusters, and their scaled sums.
  private let terms: [[(cluster: Int, value: Double)]]

  init(_ samples: [ClusteredSample]) {
    var places: [Int: Int] = [:]
    terms = samples.map { sample in
      // Over the largest first, so that squares neither overflow nor vanish.
      let largest = sample.sums.map(abs).max() ?? 0
      let scaled = sample.sums.map { largest > 0 ? $0 / largest : 0 }
      let norm = scaled.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return zip(sample.numbers, scaled).map { number, value in
        let place = places[number, default: places.count]
        places[number] = place
        return (place, norm > 0 ? value / norm : 0)
      }
    }
    clusters = places.count
  }

  /// Of each sample, with the signs of some clusters turned.
  func statistics(isTurned: (Int) -> Bool) -> [Double] {
    terms.map { $0.reduce(0) { isTurned($1.cluster) ? $0 - $1.value : $0 + $1.value } }
  }
}

/// How many draws gave statistics as extreme as those that were found, for each alone and for the family.
package struct ExtremeCounts {
  private let observed: [Double]
  /// From the least extreme on: the maximum runs over what is no more extreme than the statistic itself.
  private let order: [Int]
  package private(set) var total = 0
  package private(set) var single: [Int]
  private var family: [Int]

  package init(_ observed: [Double]) {
    self.observed = observed
    order = observed.indices.sorted { observed[$0] < observed[$1] }
    single = [Int](repeating: 0, count: observed.count)
    family = single
  }

  package mutating func add(_ values: [Double]) {
    total += 1
    var maximum = -Double.infinity
    for index in order {
      maximum = max(maximum, values[index])
      // Equal but for rounding counts as equal. No statistic is above the root of the number of clusters.
      let bound = observed[index] - 1e-10
      if values[index] >= bound { single[index] += 1 }
      if maximum >= bound { family[index] += 1 }
    }
  }

  /// Of the family: no count is below that of a more extreme statistic.
  package var corrected: [Int] {
    var result = family
    for (above, below) in zip(order.reversed(), order.reversed().dropFirst()) {
      result[below] = max(result[below], result[above])
    }
    return result
  }
}
