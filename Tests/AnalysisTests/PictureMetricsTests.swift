import Analysis
import Foundation
import Plotting
import Tensors
import TestSupport
import Testing

/// PSNR and SSIM against scikit-image, within 1e-5.
@Suite struct PictureMetricsTests {
  struct Reference: Decodable {
    struct Pair: Decodable {
      let a, b: String
      let psnr, ssim: Double
    }
    let pairs: [Pair]
  }

  private func picture(_ name: String) throws -> Picture {
    try PNG.read(Fixtures.folder.appending(path: "pictures/\(name).png"))
  }

  @Test func againstScikitImage() throws {
    let file = Fixtures.folder.deletingLastPathComponent().appending(path: "AnalysisTests/picture_metrics.json")
    let reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
    #expect(reference.pairs.count == 10)
    for pair in reference.pairs {
      let (a, b) = (try picture(pair.a), try picture(pair.b))
      let psnr = try PictureMetrics.psnr(a, b)
      let ssim = try PictureMetrics.ssim(a, b)
      #expect(abs(psnr - pair.psnr) < 1e-5, "\(pair.a), \(pair.b): PSNR \(psnr), expected \(pair.psnr)")
      #expect(abs(ssim - pair.ssim) < 1e-5, "\(pair.a), \(pair.b): SSIM \(ssim), expected \(pair.ssim)")
    }
  }

  @Test func equalPictures() throws {
    let one = try picture("colour-0")
    #expect(try PictureMetrics.psnr(one, one) == .infinity)
    #expect(abs(try PictureMetrics.ssim(one, one) - 1) < 1e-12)
  }

  @Test func sizesAreChecked() throws {
    let small = try Picture(width: 2, height: 1, pixels: [UInt8](repeating: 0, count: 6))
    let other = try Picture(width: 1, height: 2, pixels: [UInt8](repeating: 0, count: 6))
    #expect { _ = try PictureMetrics.psnr(small, other) } throws: {
      "\($0)" == "PSNR: expected 2 x 1 pixels, found 1 x 2"
    }
    #expect { _ = try PictureMetrics.ssim(small, small) } throws: {
      "\($0)" == "SSIM: expected sides of 11 pixels or more, found 2 x 1"
    }
  }

  @Test func summaries() {
    let summary = Summary([1, 2, 3, 4, .infinity])
    #expect(summary.count == 4 && summary.unbounded == 1 && summary.mean == 2.5)
    #expect(abs(summary.standardDeviation - 1.2909944487358056) < 1e-15)
    #expect(summary.minimum == 1 && summary.maximum == 4)
    let single = Summary([5])
    #expect(single.mean == 5 && single.standardDeviation.isNaN)
    #expect(Summary([]).mean.isNaN && Summary([]).count == 0)
  }
}
