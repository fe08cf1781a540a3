import Analysis
import Testing

/// The mean rank correlation of several windows, and its p by exchanging units in all of them alike.
@Suite struct MeanRankCorrelationTests {
  private static let windows = [
    MeanRankCorrelation.Window([0.1, 0.5, 0.2, 0.9, 0.4, 0.3], [1, 4, 3, 6, 2, 5]),
    MeanRankCorrelation.Window([0.2, 0.2, 0.1, 0.8, 0.6, 0.7], [0, 0.5, 0.1, 0.4, 0.4, 0.2]),
  ]

  /// All orders of the numbers from 0.
  private static func orders(_ count: Int) -> [[Int]] {
    count == 0
      ? [[]]
      : orders(count - 1).flatMap { order in
        (0..<count).map { place in Array(order[..<place]) + [count - 1] + Array(order[place...]) }
      }
  }

  /// Against all 720 orders, each correlated anew.
  @Test func pIsThatOfAllOrders() throws {
    func mean(_ order: [Int]) -> Double {
      Self.windows.reduce(0) { sum, window in
        sum + (RankCorrelation(.spearman, order.map { window.x[$0] }, window.y).value ?? .nan)
      } / 2
    }
    let own = mean(Array(0..<6))
    let all = Self.orders(6).map(mean)
    #expect(all.count == 720)
    let exact = Double(all.count { abs($0) >= abs(own) - 1e-9 }) / 720
    let found = try #require(MeanRankCorrelation(Self.windows))
    #expect(abs(found.value - own) < 1e-12 && found.windows == 2)
    // Four standard errors of 9,999 draws.
    #expect(abs(try #require(found.p) - exact) < 4 * (exact * (1 - exact) / 9999).squareRoot())
    #expect(exact > 0.05 && exact < 0.5, "\(exact) is no test of much")
  }

  @Test func aWindowWithoutRanksIsLeftOut() throws {
    let flat = MeanRankCorrelation.Window([1, 1, 1, 1, 1, 1], [1, 2, 3, 4, 5, 6])
    let found = try #require(MeanRankCorrelation(Self.windows + [flat]))
    #expect(found == MeanRankCorrelation(Self.windows))
    #expect(MeanRankCorrelation([flat]) == nil)
    #expect(MeanRankCorrelation([]) == nil)
  }

  @Test func withoutAValueThereIsNoP() throws {
    let holed = MeanRankCorrelation.Window([0.1, 0.5, .nan, 0.9, 0.4, 0.3], [1, 4, 3, 6, 2, 5])
    let found = try #require(MeanRankCorrelation([holed]))
    #expect(found.p == nil && found.windows == 1)
    let short = MeanRankCorrelation.Window([1, 2, 3], [1, 2, 3])
    #expect(try #require(MeanRankCorrelation(Self.windows + [short])).p == nil)
  }
}
