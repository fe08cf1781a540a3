import Foundation
import Tensors

/// How far a result lies from what it should be: max|a - b| / max|b|.
struct Agreement: Equatable {
  let difference: Double
  let allowed: Double

  var holds: Bool { difference <= allowed }

  /// - Returns: infinity if the counts differ or a value is not finite.
  static func difference(_ found: some Collection<Float>, _ expected: some Collection<Double>) -> Double {
    guard found.count == expected.count else { return .infinity }
    var largest = 0.0
    var scale = 0.0
    for (a, b) in zip(found, expected) {
      guard a.isFinite, b.isFinite else { return .infinity }
      largest = max(largest, abs(Double(a) - b))
      scale = max(scale, abs(b))
    }
    return largest == 0 ? 0 : largest / scale
  }
}

/// One thing that is timed.
package struct BenchCandidate {
  package let name: String
  var engine = Engine.current.description
  var threads = Engine.threads
  /// Floating-point operations of one call; nil where a call is not arithmetic.
  var operations: Double?
  /// Bytes that one call must at least read and write.
  var bytes: Double?
  /// Rows that one call stores, and their bytes.
  var rows: (count: Int, bytes: Int)?
  /// Maps that one call records, and their bytes.
  var recorded: (count: Int, bytes: Int)?
  /// Compares one call with what it should give; made before anything is timed.
  var check: (() throws -> Agreement)?
  let body: () throws -> Void
}

extension BenchCandidate {
  /// A piece of work from another module.
  /// - Parameters:
  ///   - allowed: how far max|a - b| / max|b| may lie from 0.
  ///   - values: what it finds and what it should, of the same count; made before anything is timed.
  package init(
    _ name: String, allowed: Double, comparing values: @escaping () throws -> (found: [Float], expected: [Float]),
    body: @escaping () throws -> Void
  ) {
    self.init(
      name: name,
      check: {
        let (found, expected) = try values()
        return Agreement(difference: Agreement.difference(found, expected.map(Double.init)), allowed: allowed)
      }, body: body)
  }
}

/// Candidates timed in turn, so that what else the machine does meets all of them alike.
package struct Contest {
  /// Timed calls of each candidate, at least 1.
  let repeats: Int
  /// What shares are measured against, timed in the same rounds; nil: no shares.
  let peak: BenchCandidate?
  let note: (String) -> Void

  /// Timed beside the machine's peak, where a candidate is arithmetic.
  package static func results(
    of candidates: [BenchCandidate], repeats: Int, note: @escaping (String) -> Void
  ) throws -> [BenchResult] {
    let isArithmetic = candidates.contains { $0.operations != nil }
    return try Contest(repeats: repeats, peak: isArithmetic ? try EngineBench.peakProduct() : nil, note: note)
      .run(candidates)
  }

  init(repeats: Int, peak: BenchCandidate?, note: @escaping (String) -> Void = { _ in }) {
    precondition(repeats > 0, "a contest has at least one round")
    self.repeats = repeats
    self.peak = peak
    self.note = note
  }

  /// Checks every candidate, then calls each once to warm up, then times them round by round, every other round in
  /// reverse order.
  /// - Throws: `BenchmarkError` with every candidate that fails its check, and none is timed; what a candidate throws.
  func run(_ candidates: [BenchCandidate]) throws -> [BenchResult] {
    let checks = try agreements(candidates)
    let entrants = candidates + (peak.map { [$0] } ?? [])
    var times = Array(repeating: [Double](), count: entrants.count)
    var memory = Array(repeating: Int?.none, count: entrants.count)
    for entrant in entrants { try entrant.body() }
    // The same case on two libraries is named once.
    let names = candidates.map(\.name).reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
    let clock = ContinuousClock()
    for round in 0..<repeats {
      let order = Array(entrants.indices)
      for index in round % 2 == 0 ? order : order.reversed() {
        ProcessMemory.restartPeak()
        let start = clock.now
        try entrants[index].body()
        times[index].append(clock.now - start)
        memory[index] = [memory[index], ProcessMemory.peak].compactMap { $0 }.max()
      }
      note("round \(round + 1) of \(repeats): \(names.joined(separator: ", "))")
    }
    let peakGflops = peak?.operations.flatMap { work in times.last?.min().map { work / $0 / 1e9 } }
    return candidates.indices.map {
      BenchResult(
        candidates[$0], times: times[$0], check: checks[$0], peakMemory: memory[$0], peakGflops: peakGflops)
    }
  }

  private func agreements(_ candidates: [BenchCandidate]) throws -> [Agreement?] {
    let checks = try candidates.map { try $0.check?() }
    let problems = zip(candidates, checks).compactMap { candidate, check in
      check.flatMap { check in
        check.holds
          ? nil
          : "\(candidate.name): wrong by \(check.difference) of the largest value, where \(check.allowed) is allowed; "
            + "nothing of it was timed"
      }
    }
    guard problems.isEmpty else { throw BenchmarkError(problems) }
    return checks
  }
}

extension [Double] {
  fileprivate mutating func append(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    append(Double(seconds) + Double(attoseconds) * 1e-18)
  }
}
