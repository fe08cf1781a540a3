/// Minimizes a smooth, convex function by its values and gradients: L-BFGS.
///
/// Steps are halved until the function falls by a ten-thousandth of what its slope promises. Nothing in it is random.
/// - Source: Liu and Nocedal 1989; Nocedal and Wright 2006, algorithms 7.4 and 3.1.
enum LimitedMemoryBFGS {
  /// How many of the last steps the curvature is taken from.
  private static let memory = 12
  private static let mostIterations = 2000

  /// - Parameters:
  ///   - inverse: for each variable a guess of one over its curvature, above 0.
  ///   - tolerance: no derivative is larger at the result.
  /// - Throws: ``ProbingError`` if the function does not come to that.
  static func minimum(
    from start: [Double], inverse: [Double], tolerance: Double,
    of function: ([Double]) -> (value: Double, gradient: [Double])
  ) throws(ProbingError) -> [Double] {
    var point = start
    var (value, gradient) = function(point)
    var steps: [(change: [Double], gradient: [Double], product: Double)] = []
    for iteration in 0..<mostIterations {
      let largest = gradient.reduce(0) { max($0, abs($1)) }
      if largest <= tolerance { return point }
      var direction = descent(gradient, steps, inverse)
      var slope = dot(direction, gradient)
      if !(slope < 0) {
        steps = []
        direction = descent(gradient, steps, inverse)
        slope = dot(direction, gradient)
      }
      // Near the minimum values differ by rounding alone.
      let slack = 1e-14 * (1 + abs(value))
      var length = 1.0
      var next = point
      var (nextValue, nextGradient) = (Double.infinity, gradient)
      repeat {
        next = zip(point, direction).map { $0 + length * $1 }
        (nextValue, nextGradient) = function(next)
        if nextValue <= value + 1e-4 * length * slope + slack { break }
        length /= 2
      } while length > 1e-18
      guard length > 1e-18 else { throw .notConverged(iterations: iteration, gradient: largest) }
      let change = zip(next, point).map { $0 - $1 }
      let turn = zip(nextGradient, gradient).map { $0 - $1 }
      let product = dot(change, turn)
      if product > 1e-14 * dot(turn, turn).squareRoot() * dot(change, change).squareRoot() {
        steps.append((change, turn, product))
        if steps.count > memory { steps.removeFirst() }
      }
      (point, value, gradient) = (next, nextValue, nextGradient)
    }
    throw .notConverged(iterations: mostIterations, gradient: gradient.reduce(0) { max($0, abs($1)) })
  }

  private static func descent(
    _ gradient: [Double], _ steps: [(change: [Double], gradient: [Double], product: Double)], _ inverse: [Double]
  ) -> [Double] {
    var result = gradient
    var factors: [Double] = []
    for step in steps.reversed() {
      let factor = dot(step.change, result) / step.product
      factors.append(factor)
      for place in result.indices { result[place] -= factor * step.gradient[place] }
    }
    // The guess, in the scale that the last step showed.
    var scale = 1.0
    if let last = steps.last {
      let weighted = zip(last.gradient, inverse).reduce(0) { $0 + $1.0 * $1.0 * $1.1 }
      scale = last.product / weighted
    }
    for place in result.indices { result[place] *= scale * inverse[place] }
    for (step, factor) in zip(steps, factors.reversed()) {
      let back = dot(step.gradient, result) / step.product
      for place in result.indices { result[place] += (factor - back) * step.change[place] }
    }
    for place in result.indices { result[place] = -result[place] }
    return result
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
