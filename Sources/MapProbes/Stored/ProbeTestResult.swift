import Comparing
import Tensors

/// What became of a test that an experiment file states of its probes.
public struct ProbeTestResult: Hashable, Sendable {
  /// The test in words.
  public let says: String
  public let probe: String
  /// What is subtracted, in words: `chance`, a control, another probe, or nothing.
  public let over: String
  /// `accuracy` or `bits`.
  public let measure: String
  /// The cells that the estimate is of, in words.
  public let cells: String
  /// `above` or `below`, and the number.
  public let side: String
  public let threshold: Double
  /// nil, here and below, where it cannot be tested.
  public let estimate: Double?
  /// Corrected for all tests of the file by Bonferroni's division, so that together they hold at the file's confidence.
  public let interval: ClosedRange<Double>?
  public let seeds: Int
  public let samples: Int
  /// By turning signs of seeds about the threshold, two-sided.
  public let p: Double?
  /// Corrected for all tests of the file: Holm 1979.
  public let correctedP: Double?
  public let verdict: Verdict
  /// Why it cannot be tested, or why it is undecided where the interval lies beyond the threshold; nil elsewhere.
  public let problem: String?

  package init(
    says: String, probe: String, over: String, measure: String, cells: String, side: String, threshold: Double,
    estimate: Double?, interval: ClosedRange<Double>?, seeds: Int, samples: Int, p: Double?, correctedP: Double?,
    verdict: Verdict, problem: String?
  ) {
    self.says = says
    self.probe = probe
    self.over = over
    self.measure = measure
    self.cells = cells
    self.side = side
    self.threshold = threshold
    self.estimate = estimate
    self.interval = interval
    self.seeds = seeds
    self.samples = samples
    self.p = p
    self.correctedP = correctedP
    self.verdict = verdict
    self.problem = problem
  }
}

/// All that an experiment's probes have found: what pages and figures are made of.
public struct ProbeFindings: Hashable, Sendable {
  /// In the order of the file; those that are stored.
  public let probes: [ProbeResult]
  /// In the order of the file.
  public let tests: [ProbeTestResult]
  /// Names of probes of the file that have no result yet.
  public let missing: [String]

  package init(probes: [ProbeResult], tests: [ProbeTestResult], missing: [String]) {
    self.probes = probes
    self.tests = tests
    self.missing = missing
  }
}
