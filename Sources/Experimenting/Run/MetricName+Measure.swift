import Analysis
import Tensors

extension MetricName {
  /// The metric of an edited picture against its source.
  /// - Throws: `ShapeError` if the sizes differ.
  func measure(_ picture: Picture, against source: Picture) throws -> Double {
    switch self {
    case .psnr: try PictureMetrics.psnr(picture, source)
    case .ssim: try PictureMetrics.ssim(picture, source)
    }
  }
}
