/// How values between the given ones are found.
public enum Interpolation: Hashable, Sendable, CaseIterable {
  /// The value of the cell that the point falls in: cells stay visible.
  case nearest
  /// Straight lines between the centers of cells.
  case bilinear
  /// Keys' cubic with a = -1/2 (Catmull-Rom): smooth, and may overshoot a little beside sharp edges.
  case bicubic

  /// Half the width of the kernel in source cells.
  fileprivate var radius: Double { self == .bicubic ? 2 : 1 }

  fileprivate func weight(_ distance: Double) -> Double {
    let x = abs(distance)
    guard self == .bicubic else { return max(0, 1 - x) }
    if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
    if x < 2 { return ((-0.5 * x + 2.5) * x - 4) * x + 2 }
    return 0
  }
}

/// For each cell of the new axis, the old cells it is made of.
struct ResamplingAxis {
  var starts: [Int] = []
  var weights: [[Float]] = []

  init(from old: Int, to new: Int, _ interpolation: Interpolation) {
    let step = Double(old) / Double(new)
    // When shrinking, the kernel grows with the step, so that no old cell is passed over.
    let stretch = max(1, step)
    for cell in 0..<new {
      guard interpolation != .nearest else {
        // In integers, because (cell + 0.5) * step rounds to the wrong side now and then.
        starts.append((2 * cell + 1) * old / (2 * new))
        weights.append([1])
        continue
      }
      let center = (Double(cell) + 0.5) * step
      let reach = interpolation.radius * stretch
      let first = max(0, Int((center - reach).rounded(.down)))
      let last = min(old - 1, Int((center + reach).rounded(.up)))
      let raw = (first...last).map { interpolation.weight((Double($0) + 0.5 - center) / stretch) }
      // Cells without weight are dropped: 0 * NaN would spread a broken value further than the kernel reaches.
      let used = raw.indices.filter { raw[$0] != 0 }
      let kept = raw[(used.first ?? 0)...(used.last ?? 0)]
      let sum = kept.reduce(0, +)
      starts.append(first + kept.startIndex)
      weights.append(kept.map { Float($0 / sum) })
    }
  }
}

/// Rows of interleaved channels on another grid, columns first, then rows.
func resample(
  _ values: [Float], from old: (width: Int, height: Int), to new: (width: Int, height: Int), channels: Int,
  _ interpolation: Interpolation
) -> [Float] {
  if old == new { return values }
  let across = ResamplingAxis(from: old.width, to: new.width, interpolation)
  let down = ResamplingAxis(from: old.height, to: new.height, interpolation)
  var narrow = [Float](repeating: 0, count: old.height * new.width * channels)
  for y in 0..<old.height {
    for x in 0..<new.width {
      let weights = across.weights[x]
      for channel in 0..<channels {
        var source = (y * old.width + across.starts[x]) * channels + channel
        var sum: Float = 0
        for weight in weights {
          sum += weight * values[source]
          source += channels
        }
        narrow[(y * new.width + x) * channels + channel] = sum
      }
    }
  }
  let row = new.width * channels
  var result = [Float](repeating: 0, count: new.height * row)
  for y in 0..<new.height {
    for (offset, weight) in down.weights[y].enumerated() {
      let source = (down.starts[y] + offset) * row
      for i in 0..<row { result[y * row + i] += weight * narrow[source + i] }
    }
  }
  return result
}
