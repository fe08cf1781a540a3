/// How well a map tells the places of a mask from all others, by the order of its values alone.
public enum MapRanking {
  /// The area under the ROC curve: the chance that a place of the mask has a higher value than a place outside of it, where a
  /// tie counts as half.
  ///
  /// With `r` the ranks of the values, equal values sharing the mean of theirs, `m` places in the mask and `n` outside, it is
  /// `(sum of r over the mask - m (m + 1) / 2) / (m n)`.
  /// - Parameters:
  ///   - values: of all places, in any order.
  ///   - mask: whether each place is in the mask.
  /// - Returns: 0...1; 0.5 where the order says nothing. NaN if the mask holds no place or all of them, or a value is not
  ///   finite.
  /// - Source: Hanley and McNeil 1982, "The meaning and use of the area under a receiver operating characteristic curve".
  public static func auc(_ values: [Double], mask: [Bool]) -> Double {
    precondition(values.count == mask.count, "\(values.count) values and a mask of \(mask.count)")
    let inside = mask.count { $0 }
    let outside = mask.count - inside
    guard inside > 0, outside > 0, values.allSatisfy(\.isFinite) else { return .nan }
    let sum = zip(RankCorrelation.ranks(values), mask).reduce(0) { $1.1 ? $0 + $1.0 : $0 }
    return (sum - Double(inside) * Double(inside + 1) / 2) / (Double(inside) * Double(outside))
  }

  /// The overlap of the mask with the map's highest places: of the places that are in either, the share that is in both.
  ///
  /// The highest places are those whose value is at least the k-th highest, with k the number of places in the mask. So equal
  /// values are in or out together, and a map that is the same everywhere has all places.
  /// - Returns: 0...1; 1 if the highest places are the mask. NaN if the mask holds no place, or a value is not finite.
  public static func iou(_ values: [Double], mask: [Bool]) -> Double {
    precondition(values.count == mask.count, "\(values.count) values and a mask of \(mask.count)")
    let inside = mask.count { $0 }
    guard inside > 0, values.allSatisfy(\.isFinite) else { return .nan }
    let least = values.sorted(by: >)[inside - 1]
    let both = zip(values, mask).count { $0 >= least && $1 }
    let either = zip(values, mask).count { $0 >= least || $1 }
    return Double(both) / Double(either)
  }
}
