import Analysis
import ExperimentFiles
import Measures
import Planning

/// The methods of an experiment with the interventions that are the points of their curves.
struct MethodCurves: Sendable {
  /// One method along its dial.
  struct Curve: Sendable {
    /// Interventions, in the order of the file.
    let points: [String]
    let dial: DialCurve.Dial

    static let empty = Curve(points: [], dial: DialCurve.Dial(values: [], published: 0))
  }

  let spec: MethodsSpec
  private let curves: [String: Curve]

  /// - Parameter interventions: names, in the order of the file.
  init(_ spec: MethodsSpec, interventions: [String]) {
    self.spec = spec
    curves = Dictionary(
      spec.curves.map { curve in
        let points = curve.points(among: interventions)
        return (curve.name, Curve(points: points, dial: curve.dial(points)))
      }, uniquingKeysWith: { first, _ in first })
  }

  /// - Returns: One without points where the file has no curve of this name.
  func curve(_ name: String) -> Curve { curves[name] ?? .empty }
}

extension CurveSpec {
  /// Where points stand on the dial: at the numbers in their names, 0.8 for `fpe until=0.8`, or one after another from
  /// 0 where a point has none, as `mix layers=4-14`.
  fileprivate func dial(_ points: [String]) -> DialCurve.Dial {
    let numbers = points.compactMap { point in
      point.dropFirst(name.count).split(separator: "=").last.flatMap { Double($0) }
    }
    let areNumbers = numbers.count == points.count && numbers.allSatisfy(\.isFinite)
    let values = areNumbers ? numbers : points.indices.map { Double($0) }
    return DialCurve.Dial(values: values, published: points.firstIndex(of: published).map { values[$0] } ?? 0)
  }
}

/// What runs say of a metric where methods keep equally much.
struct HeldRuns {
  /// What each run adds to the mean, as ``DialReading/of`` has it.
  let values: (found: [ClaimRuns.Value], missing: Int)
  /// Of the mean, or of the mean difference, by resampling clusters.
  let standardError: Double
}

/// Why nothing can be read where methods keep equally much.
struct Unreached: Error {
  let reason: String
}

extension ClaimRuns {
  /// A metric of one method, or of two, where the mean of what is held is the level of the file's `methods`.
  /// - Returns: Why there is none where a curve does not reach the level, or not surely.
  func held(_ metric: String, of name: String, against other: String? = nil) -> Result<HeldRuns, Unreached> {
    guard let methods else { return .failure(Unreached(reason: "the file compares no methods")) }
    let hold = heldMetric(methods.spec, for: metric)
    let names = [name] + (other.map { [$0] } ?? [])
    let columns = names.map { methods.curve($0).points }
    let all = subjects(of: Set(columns.joined()))
    let curves = columns.map { points in points.map { point in all.map { value(metric, hold, of: point, $0) } } }
    // The curves are of the same subjects at all their points, but for those that no subject has: else a reading and the
    // places it is read at would be means of different subjects.
    let points = curves.joined().filter { point in point.contains { $0 != nil } }
    let kept = points.isEmpty ? [] : all.indices.filter { subject in points.allSatisfy { $0[subject] != nil } }
    let subjects = kept.map { all[$0] }
    let clustering = Comparison.Clustering(of: subjects)
    let numbers = ClusterNumbers(subjects)
    let clusters = subjects.map { numbers.number(of: $0, clustering) }
    let dials = zip(names, curves).map { name, points in
      DialCurve(points.map { point in kept.map { point[$0] } }, dial: methods.curve(name).dial, clusters: clusters)
    }
    let level = methods.spec.at
    guard let reading = DialReading(dials[0], against: dials.count > 1 ? dials[1] : nil, at: level) else {
      let reasons = zip(names, dials).compactMap { name, dial in missed(name, dial, hold, at: level) }
      return .failure(Unreached(reason: reasons.joined(separator: "; ")))
    }
    guard reading.reached >= DialReading.surely else {
      return .failure(
        Unreached(
          reason: "only \(Int((100 * reading.reached).rounded(.down))) % of resamples reach a \(hold) of "
            + "\(level) with \(names.joined(separator: " and "))"))
    }
    let found = subjects.indices.compactMap { index -> Value? in
      guard let of = reading.of[index] else { return nil }
      if let against = reading.against, against[index] == nil { return nil }
      return Value(
        key: subjects[index], of: of, against: reading.against?[index] ?? 0,
        runs: columns.joined().compactMap { place($0, subjects[index]) })
    }
    return .success(
      HeldRuns(values: (found, all.count - found.count), standardError: reading.standardError))
  }

  /// The metric that is held where another one is read. Beside a metric of the second scene reader it is held as that
  /// reader sees it, so that each judge holds what it sees itself. Where no run has that, the first reader's stands in.
  func heldMetric(_ spec: MethodsSpec, for metric: String) -> String {
    let second = Metric.nameBySecondReader(spec.hold)
    let isBySecond = MetricRegistry.named(metric)?.accuracy.instrument == .secondSceneReader
    return isBySecond && has(second) ? second : spec.hold
  }

  /// The mean of what is held and of a metric at each point of a method that has runs with both.
  func points(_ metric: String, of name: String) -> [(name: String, mean: DialCurve.Value)] {
    guard let methods else { return [] }
    let (curve, hold) = (methods.curve(name), heldMetric(methods.spec, for: metric))
    let all = subjects(of: Set(curve.points))
    let dial = DialCurve(
      curve.points.map { point in all.map { value(metric, hold, of: point, $0) } }, dial: curve.dial,
      clusters: Array(all.indices))
    return zip(curve.points, dial.means).compactMap { point, mean in mean.map { (point, $0) } }
  }

  private func missed(_ name: String, _ curve: DialCurve, _ hold: String, at level: Double) -> String? {
    let means = curve.means.compactMap { $0?.held }
    guard let low = means.min(), let high = means.max() else { return "\(name) has no run with both metrics" }
    guard low > level || high < level else { return nil }
    let found =
      low == high ? "its mean is \(rounded(low))" : "its means lie between \(rounded(low)) and \(rounded(high))"
    return "\(name) does not reach a \(hold) of \(level): \(found)"
  }

  private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

  private func value(_ metric: String, _ hold: String, of name: String, _ subject: RunKey) -> DialCurve.Value? {
    guard let metrics = place(name, subject).flatMap({ runs[$0].metrics }), let held = metrics[hold],
      let value = metrics[metric], held.isFinite, value.isFinite
    else { return nil }
    return DialCurve.Value(held: held, metric: value)
  }
}
