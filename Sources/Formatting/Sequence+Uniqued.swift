extension Sequence where Element: Hashable {
  /// The elements without their repetitions, in order.
  package var uniqued: [Element] {
    var seen = Set<Element>()
    return filter { seen.insert($0).inserted }
  }
}
