import Foundation
import Tensors

/// Measures of one picture against another of the same size.
public enum PictureMetrics {
  /// Peak signal-to-noise ratio in decibels: `10 log10(255^2 / mse)`, the error taken over all pixels and channels.
  /// Infinite for equal pictures.
  /// - Throws: `ShapeError` if the sizes differ.
  public static func psnr(_ a: Picture, _ b: Picture) throws -> Double {
    try checkSizes("PSNR", a, b)
    let squares = zip(a.pixels, b.pixels).reduce(0) { sum, pair in
      let difference = Int(pair.0) - Int(pair.1)
      return sum + difference * difference
    }
    guard squares > 0 else { return .infinity }
    return 10 * log10(255 * 255 * Double(a.pixels.count) / Double(squares))
  }

  /// Structural similarity, at most 1: the mean over the three channels and over every place where the whole window
  /// lies inside the picture. Gaussian window of 11 x 11 pixels with standard deviation 1.5, K1 = 0.01, K2 = 0.03,
  /// population covariance.
  /// - Throws: `ShapeError` if the sizes differ, or a side is under 11 pixels.
  /// - Source: Wang et al. 2004.
  public static func ssim(_ a: Picture, _ b: Picture) throws -> Double {
    try checkSizes("SSIM", a, b)
    guard min(a.width, a.height) >= window.count else {
      throw ShapeError("SSIM", expected: "sides of \(window.count) pixels or more", found: "\(a.width) x \(a.height)")
    }
    let channels = (0..<3).map { channel -> Double in
      let x = plane(a, channel)
      let y = plane(b, channel)
      let filtered = [x, y, products(x, x), products(y, y), products(x, y)].map {
        filter($0, width: a.width, height: a.height)
      }
      return meanSimilarity(filtered[0], filtered[1], filtered[2], filtered[3], filtered[4])
    }
    return channels.reduce(0, +) / 3
  }

  /// `(2 mx my + c1)(2 cov + c2) / ((mx^2 + my^2 + c1)(vx + vy + c2))`, averaged.
  private static func meanSimilarity(
    _ meanX: [Double], _ meanY: [Double], _ meanXX: [Double], _ meanYY: [Double], _ meanXY: [Double]
  ) -> Double {
    let c1 = (0.01 * 255) * (0.01 * 255)
    let c2 = (0.03 * 255) * (0.03 * 255)
    var sum = 0.0
    for i in meanX.indices {
      let (mx, my) = (meanX[i], meanY[i])
      let varianceX = meanXX[i] - mx * mx
      let varianceY = meanYY[i] - my * my
      let covariance = meanXY[i] - mx * my
      sum += (2 * mx * my + c1) * (2 * covariance + c2) / ((mx * mx + my * my + c1) * (varianceX + varianceY + c2))
    }
    return sum / Double(meanX.count)
  }

  /// The Gaussian window along one axis.
  private static let window: [Double] = {
    let deviation = 1.5
    let weights = (-5...5).map { (place: Int) -> Double in exp(-Double(place * place) / (2 * deviation * deviation)) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }()

  /// The window's mean at every place where it lies inside, along columns and then along rows.
  private static func filter(_ values: [Double], width: Int, height: Int) -> [Double] {
    let (outWidth, outHeight) = (width - window.count + 1, height - window.count + 1)
    var rows = [Double](repeating: 0, count: outWidth * height)
    for y in 0..<height {
      addWindow(to: &rows, at: y * outWidth, count: outWidth, of: values, from: y * width, stride: 1)
    }
    var result = [Double](repeating: 0, count: outWidth * outHeight)
    for y in 0..<outHeight {
      addWindow(to: &result, at: y * outWidth, count: outWidth, of: rows, from: y * outWidth, stride: outWidth)
    }
    return result
  }

  /// Adds the window's mean of values to a row of sums: tap by tap, so that neighbours are computed at once.
  private static func addWindow(
    to sums: inout [Double], at place: Int, count: Int, of values: [Double], from start: Int, stride: Int
  ) {
    sums.withUnsafeMutableBufferPointer { sums in
      values.withUnsafeBufferPointer { values in
        let row = UnsafeMutableBufferPointer(rebasing: sums[place..<(place + count)])
        for (tap, weight) in window.enumerated() {
          let first = start + tap * stride
          let taken = UnsafeBufferPointer(rebasing: values[first..<(first + count)])
          for x in 0..<count { row[x] += weight * taken[x] }
        }
      }
    }
  }

  private static func plane(_ picture: Picture, _ channel: Int) -> [Double] {
    stride(from: channel, to: picture.pixels.count, by: 3).map { Double(picture.pixels[$0]) }
  }

  private static func products(_ x: [Double], _ y: [Double]) -> [Double] {
    zip(x, y).map { $0 * $1 }
  }

  private static func checkSizes(_ what: String, _ a: Picture, _ b: Picture) throws {
    guard a.width == b.width, a.height == b.height else {
      throw ShapeError(what, expected: "\(a.width) x \(a.height) pixels", found: "\(b.width) x \(b.height)")
    }
  }
}
