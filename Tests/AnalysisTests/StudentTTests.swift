import Foundation
import Testing

@testable import Analysis

/// Student's t and the incomplete beta function against SciPy.
@Suite struct StudentTTests {
  private func agree(_ found: Double, _ expected: Double, _ bound: Double, _ what: String) {
    #expect(abs(found - expected) <= bound * max(abs(expected), 1e-290), "\(what): \(found), expected \(expected)")
  }

  /// Relative to the value: tails of 1e-20 have as many digits as the middle.
  @Test func upperShares() throws {
    let cases = try StatisticsFixture.read().studentT
    #expect(cases.count == 88)
    for one in cases {
      let found = StudentT.upper(one.value, freedom: one.freedom)
      agree(found, one.upper, 1e-10, "t \(one.value) with \(one.freedom)")
    }
    #expect(StudentT.upper(.infinity, freedom: 3) == 0 && StudentT.upper(-.infinity, freedom: 3) == 1)
    #expect(StudentT.upper(1e300, freedom: 3) == 0 && StudentT.upper(.nan, freedom: 3).isNaN)
  }

  @Test func quantiles() throws {
    let cases = try StatisticsFixture.read().studentTQuantiles
    #expect(cases.count == 64)
    for one in cases {
      let found = StudentT.quantile(one.share, freedom: one.freedom)
      #expect(abs(found - one.value) <= 1e-10 * max(1, abs(one.value)), "\(one): \(found)")
    }
  }

  @Test func incompleteBeta() throws {
    let cases = try StatisticsFixture.read().beta
    #expect(cases.count == 270)
    for one in cases {
      let found = Beta.incomplete(one.x, complement: 1 - one.x, one.a, one.b)
      #expect(abs(found - one.value) < 1e-10, "\(one): \(found)")
      let other = Beta.incomplete(1 - one.x, complement: one.x, one.b, one.a)
      #expect(abs(1 - found - other) < 1e-13, "\(one): \(found) and \(other)")
    }
  }
}
