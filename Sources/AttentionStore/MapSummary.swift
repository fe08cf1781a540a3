import CKernels
import Foundation

/// Four numbers of a map's values as they are stored, after rounding: its columns `minimum`, `maximum`, `mean` and `mass`.
///
/// All four are nil where the sum of the values is not a number. Sums are taken in one fixed order, so equal values have equal numbers.
struct MapSummary: Hashable {
  /// The smallest value.
  let minimum: Double?
  /// The largest value.
  let maximum: Double?
  /// The sum of all values, divided by their number.
  let mean: Double?
  /// The sum of all values, divided by the number of queries: of probabilities, the share of attention that a query gives
  /// to the map's keys together, in the mean over its queries. It is 1 where every key is stored.
  let mass: Double?

  /// - Parameter map: Of a size that its values fit.
  init(_ map: MapRow) {
    let count = map.data.count / map.type.bytes
    var summary = ck_summary()
    map.data.withUnsafeBytes {
      ck_summarise(ck_best_isa(), map.type == .float16 ? 1 : 0, count, $0.baseAddress, &summary)
    }
    let isNumber = !summary.sum.isNaN && count > 0
    minimum = isNumber ? Double(summary.minimum) : nil
    maximum = isNumber ? Double(summary.maximum) : nil
    mean = isNumber ? summary.sum / Double(count) : nil
    mass = isNumber ? summary.sum / Double(map.height * map.width) : nil
  }
}
