import Analysis
import Testing

@Suite struct HolmCorrectionTests {
  /// Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: the last is raised to what is before it.
  @Test func stepsDown() {
    let found = HolmCorrection.adjusted([0.01, 0.04, 0.03, 0.005])
    for (p, expected) in zip(found, [0.03, 0.06, 0.06, 0.02]) { #expect(abs(p - expected) < 1e-12, "\(found)") }
    #expect(HolmCorrection.adjusted([0.5, 0.9]) == [1, 1] && HolmCorrection.adjusted([]).isEmpty)
    #expect(HolmCorrection.adjusted([0.2]) == [0.2])
  }
}
