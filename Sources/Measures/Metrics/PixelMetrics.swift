import Analysis
import Tensors

extension Metric {
  public static let psnr = Metric(
    name: "psnr", title: "PSNR", unit: "dB", digits: 2, range: "0 or more; inf for equal pictures",
    direction: "higher is closer to the source, pixel by pixel",
    reference: "peak signal-to-noise ratio, 10 log10(255^2 / mean squared error) over pixels and channels",
    accuracy: .formula("scikit-image 0.26: differs by less than 1e-5 dB"),
    measure: .edit { pair, _ in try PictureMetrics.psnr(pair.edit.picture(), pair.source.picture()) })

  public static let ssim = Metric(
    name: "ssim", title: "SSIM", digits: 4, range: "-1 to 1; 1 for equal pictures",
    direction: "higher is closer to the source, in local pattern and brightness",
    reference: "Wang et al. 2004; Gaussian window of 11 pixels, over the three channels",
    accuracy: .formula("scikit-image 0.26: differs by less than 1e-5"),
    measure: .edit { pair, _ in try PictureMetrics.ssim(pair.edit.picture(), pair.source.picture()) })

  static let colorDifference = Metric(
    name: "color_difference", title: "color difference", unit: "CIEDE2000", digits: 2, range: "0 to about 100",
    direction: "higher is further from the source in color, pixel by pixel; 1 is just seen",
    reference: "the mean over pixels of CIEDE2000 (Sharma, Wu and Dalal 2005), of sRGB under D65",
    accuracy: .formula("the 34 published pairs to their 4 digits, scikit-image 0.26 within 1e-9"),
    measure: .edit { pair, _ in try pair.edit.colorDifferences(to: pair.source).summary.mean })
}
