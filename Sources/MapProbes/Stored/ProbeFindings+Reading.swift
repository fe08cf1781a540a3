import Analysis
import AttentionStore
import Comparing
import ExperimentFiles
import Formatting
import Foundation
import Probing
import Results
import Tensors

extension ProbeFindings {
  /// What is stored of the probes of a plan, and what that says of the file's tests.
  /// - Returns: nil if the file has no probes.
  /// - Throws: `MapProbeError` for a result that cannot be one; `StoreError`.
  package init?(_ spec: ExperimentSpec, store: AttentionStore) throws {
    guard let probes = spec.probes else { return nil }
    let stored = try store.probes()
    let found = try probes.probes.compactMap { probe in
      try stored[probe.name].map { try ProbeResult(reading: $0.result, named: probe.name) }
    }
    self.init(
      probes: found, tests: try ProbeTests(probes, found).results(),
      missing: probes.probes.map(\.name).filter { stored[$0] == nil })
  }
}

/// Judges the tests of a file by what its probes have found.
struct ProbeTests {
  private let spec: ProbesSpec
  private let found: [String: ProbeResult]

  init(_ spec: ProbesSpec, _ results: [ProbeResult]) {
    self.spec = spec
    found = Dictionary(results.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// What a test is of, seed by seed.
  private struct Values {
    let seeds: [SeedMean]
    let samples: Int
    let cells: String
    /// Of one picture's value; nil of bits, which have none.
    let range: ClosedRange<Double>?
    /// What the values are read over: the share that guessing gives.
    var chance = 0.0
  }

  /// Why a test cannot be judged.
  private struct NotTestable: Error { let why: String }

  func results() throws -> [ProbeTestResult] {
    // Bonferroni's division: all intervals together hold at the file's confidence.
    let confidence = 1 - (1 - spec.confidence) / Double(max(1, spec.tests.count))
    let judged = try spec.tests.map {
      test -> (test: ProbeTestSpec, values: Values?, contrast: ProbeContrast?, why: String?) in
      do {
        let values = try self.values(test)
        let contrast = try ProbeContrasts(confidence: confidence)(
          values.seeds, within: values.range, against: test.threshold.value + values.chance)
        return (test, values, contrast, contrast.interval == nil ? "fewer than two seeds" : nil)
      } catch let error as NotTestable {
        return (test, nil, nil, error.why)
      }
    }
    let p = judged.compactMap { $0.contrast?.p }
    var corrected = HolmCorrection.adjusted(p)[...]
    return judged.map { test, values, contrast, why in
      let correctedP = contrast?.p == nil ? nil : corrected.popFirst()
      let level = test.threshold.value
      let chance = values?.chance ?? 0
      let interval = contrast?.interval?.moved(by: -chance)
      let isAbove = if case .above = test.threshold { true } else { false }
      let (verdict, doubt) = self.verdict(test.threshold, interval, correctedP)
      return ProbeTestResult(
        says: test.says, probe: test.probe, over: over(test), measure: test.measure.rawValue,
        cells: values?.cells ?? "", side: isAbove ? "above" : "below", threshold: level,
        estimate: contrast.map { $0.mean - chance }, interval: interval, seeds: contrast?.seeds ?? 0,
        samples: values?.samples ?? 0, p: contrast?.p, correctedP: correctedP, verdict: verdict, problem: why ?? doubt)
    }
  }

  /// The interval's, where turning signs agrees that the value is not the threshold; else undecided, with the reason.
  private func verdict(
    _ threshold: ClaimThreshold, _ interval: ClosedRange<Double>?, _ p: Double?
  ) -> (Verdict, doubt: String?) {
    let verdict = Verdict(threshold, interval: interval, placebo: .none)
    guard [.shown, .refuted].contains(verdict), let p, p > 1 - spec.confidence else { return (verdict, nil) }
    return (.undecided, "turning the signs of seeds does not agree: p \(String(format: "%.3g", p))")
  }

  private func over(_ test: ProbeTestSpec) -> String {
    let first = test.over ?? "nothing"
    return test.less.map { "\(first), less \($0[0]) over \($0[1])" } ?? first
  }

  // MARK: Values

  private func values(_ test: ProbeTestSpec) throws -> Values {
    let probe = try result(test.probe)
    guard let over = test.over else { return try own(probe, test) }
    if over == "chance" {
      // Bits are gained over the classes' shares already, and what a probe follows has no chance.
      guard test.measure == .accuracy else { return try own(probe, test) }
      var own = try self.own(probe, test)
      own.chance = probe.chance
      return own
    }
    if spec.probes.contains(where: { $0.name == over }) {
      let ahead = try difference(own(probe, test), own(try result(over), test), test.says)
      guard let less = test.less else { return ahead }
      let other = try difference(own(try result(less[0]), test), own(try result(less[1]), test), test.says)
      return try difference(ahead, other, test.says)
    }
    guard let control = probe.controls.first(where: { $0.name == over }) else {
      throw NotTestable(why: "the probe \(quoted(probe.name)) has no control \(over) where it was trained")
    }
    let gains = Dictionary(control.cells.map { ($0.cell, $0.gain) }, uniquingKeysWith: { first, _ in first })
    return try chosen(probe, test.at, samples: control.samples, within: -1...1) { gains[$0] }
  }

  private func result(_ name: String) throws -> ProbeResult {
    guard let result = found[name] else { throw NotTestable(why: "the probe \(quoted(name)) has no result yet") }
    return result
  }

  private func own(_ probe: ProbeResult, _ test: ProbeTestSpec) throws -> Values {
    switch test.measure {
    case .accuracy:
      return try chosen(probe, test.at, samples: probe.tested ?? probe.samples, within: 0...1) {
        probe.cells[$0].accuracy
      }
    case .followsWord:
      guard let applied = probe.applied.first, applied.toward.count == 2 else {
        throw NotTestable(why: "the probe \(quoted(probe.name)) was asked about no other maps")
      }
      let (word, picture) = (applied.toward[0].share, applied.toward[1].share)
      let values = { (of: SeedEstimate) in Values(seeds: of.seeds, samples: of.count, cells: "", range: 0...1) }
      let ahead = try difference(values(word), values(picture), test.says)
      return Values(
        seeds: ahead.seeds, samples: applied.samples, cells: probe.cells[applied.cell].name, range: ahead.range)
    case .bits:
      guard !probe.information.isEmpty else {
        throw NotTestable(why: "the probe \(quoted(probe.name)) has no bits")
      }
      let classes = log2(Double(probe.classes.count))
      let bits = probe.information.filter { probe.cells[$0.cell].isRegistered }
      guard !bits.isEmpty else { throw NotTestable(why: "the probe \(quoted(probe.name)) registers no cells") }
      let mean = try self.mean(bits.map(\.information.gain), test.says)
      return Values(
        seeds: mean.map { SeedMean(seed: $0.seed, count: $0.count, mean: $0.mean / classes) }, samples: probe.samples,
        cells: cells(probe, bits.map(\.cell)), range: nil)
    }
  }

  /// The mean over registered cells, or for each seed the value of the cell whose accuracy is best on the other seeds.
  private func chosen(
    _ probe: ProbeResult, _ at: ProbeTestCells, samples: Int, within range: ClosedRange<Double>,
    _ value: (Int) -> SeedEstimate?
  ) throws -> Values {
    let whole = probe.cells.indices.filter { probe.cells[$0].head == nil }
    if at == .registered {
      let registered = whole.filter { probe.cells[$0].isRegistered }
      let estimates = registered.compactMap(value)
      guard !estimates.isEmpty, estimates.count == registered.count else {
        throw NotTestable(why: "registered cells of \(quoted(probe.name)) lack it")
      }
      return Values(
        seeds: try mean(estimates, probe.name), samples: samples, cells: cells(probe, registered), range: range)
    }
    let known = whole.filter { value($0) != nil }
    guard let first = known.first.flatMap(value) else {
      throw NotTestable(why: "no cell of \(quoted(probe.name)) has it")
    }
    var picked: [Int] = []
    let seeds = try first.seeds.map { seed -> SeedMean in
      let others = known.map { cell -> Double in
        let rest = probe.cells[cell].accuracy.seeds.filter { $0.seed != seed.seed }
        return rest.reduce(0) { $0 + $1.mean * Double($1.count) }
      }
      let best = others.indices.max { others[$0] < others[$1] } ?? 0
      picked.append(known[best])
      guard let mean = value(known[best])?.seeds.first(where: { $0.seed == seed.seed }) else {
        throw NotTestable(why: "cells of \(quoted(probe.name)) have different seeds")
      }
      return mean
    }
    return Values(
      seeds: seeds, samples: samples, cells: "best on other seeds: " + cells(probe, picked.uniqued.sorted()),
      range: range)
  }

  private func cells(_ probe: ProbeResult, _ indices: [Int]) -> String {
    let names = indices.map { probe.cells[$0].name }
    return names.count > 6 ? "\(names.count) cells" : names.joined(separator: ", ")
  }

  private func mean(_ estimates: [SeedEstimate], _ what: String) throws -> [SeedMean] {
    guard let first = estimates.first else { return [] }
    return try first.seeds.map { seed in
      let all = estimates.compactMap { one in one.seeds.first { $0.seed == seed.seed }?.mean }
      guard all.count == estimates.count else { throw NotTestable(why: "\(what): cells have different seeds") }
      return SeedMean(seed: seed.seed, count: seed.count, mean: all.reduce(0, +) / Double(all.count))
    }
  }

  private func difference(_ one: Values, _ other: Values, _ what: String) throws -> Values {
    let second = Dictionary(other.seeds.map { ($0.seed, $0.mean) }, uniquingKeysWith: { first, _ in first })
    guard one.seeds.count == other.seeds.count, one.seeds.allSatisfy({ second[$0.seed] != nil }) else {
      throw NotTestable(why: "the probes that are compared do not have the same seeds")
    }
    return Values(
      seeds: one.seeds.map { SeedMean(seed: $0.seed, count: $0.count, mean: $0.mean - (second[$0.seed] ?? 0)) },
      samples: min(one.samples, other.samples), cells: one.cells,
      range: one.range.flatMap { own in
        other.range.map { (own.lowerBound - $0.upperBound)...(own.upperBound - $0.lowerBound) }
      })
  }
}

extension ClosedRange<Double> {
  fileprivate func moved(by distance: Double) -> ClosedRange<Double> {
    (lowerBound + distance)...(upperBound + distance)
  }
}
