import Foundation

/// Sigmas between and beside those of training, for the schedulers that step in sigma.
enum SigmaSchedule {
  /// The sigma at a timestep between two of training's; the outermost ones beyond them. As `numpy.interp`.
  static func interpolated(_ sigmas: [Float], at timestep: Double) -> Double {
    guard let last = sigmas.last, timestep < Double(sigmas.count - 1) else { return Double(sigmas.last ?? 0) }
    guard timestep > 0 else { return Double(sigmas.first ?? last) }
    let below = Int(timestep)
    let (low, high) = (Double(sigmas[below]), Double(sigmas[below + 1]))
    return (high - low) * (timestep - Double(below)) + low
  }

  /// Karras et al. 2022, eq. 5 with rho 7: `count` sigmas from `largest` to `smallest`.
  static func karras(largest: Double, smallest: Double, count: Int) -> [Double] {
    let rho = 7.0
    let (first, last) = (pow(largest, 1 / rho), pow(smallest, 1 / rho))
    return Timesteps.linspace(last: 1, count: count).map { pow(first + $0 * (last - first), rho) }
  }

  /// The timestep, with its fraction, at which training has a sigma: interpolated in the logarithm.
  static func timestep(of sigma: Double, _ sigmas: [Float]) -> Double {
    guard sigmas.count > 1 else { return 0 }
    let wanted = log(max(sigma, 1e-10))
    let logs = sigmas.map { Double(log($0)) }
    let low = min(logs.lastIndex { wanted >= $0 } ?? 0, logs.count - 2)
    let distance = logs[low] - logs[low + 1]
    // Two timesteps with one sigma are as good as one another.
    let weight = distance == 0 ? 0 : min(max((logs[low] - wanted) / distance, 0), 1)
    return (1 - weight) * Double(low) + weight * Double(low + 1)
  }
}
