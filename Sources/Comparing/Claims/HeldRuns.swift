import Analysis
import ExperimentFiles
import Planning

/// The methods of an experiment with the interventions that are the points of their curves.
struct MethodCurves: Sendable {
  let spec: MethodsSpec
  /// By a curve's name, in the order of the dial.
  let points: [String: [String]]

  /// - Parameter interventions: names, in the order of the file.
  init(_ spec: MethodsSpec, interventions: [String]) {
    self.spec = spec
    points = Dictionary(
      spec.curves.map { ($0.name, $0.points(among: interventions)) }, uniquingKeysWith: { first, _ in first })
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
    let names = [name] + (other.map { [$0] } ?? [])
    let columns = names.map { methods.points[$0] ?? [] }
    let all = subjects(of: Set(columns.joined()))
    let curves = columns.map { points in
      points.map { point in all.map { value(metric, methods.spec.hold, of: point, $0) } }
    }
    // The curves are of the same subjects at all their points, but for those that no subject has: else a reading and the
    // places it is read at would be means of different subjects.
    let points = curves.joined().filter { point in point.contains { $0 != nil } }
    let kept = points.isEmpty ? [] : all.indices.filter { subject in points.allSatisfy { $0[subject] != nil } }
    let subjects = kept.map { all[$0] }
    let clustering = Comparison.Clustering(of: subjects)
    let numbers = ClusterNumbers(subjects)
    let clusters = subjects.map { numbers.number(of: $0, clustering) }
    let dials = curves.map { points in DialCurve(points.map { point in kept.map { point[$0] } }, clusters: clusters) }
    let level = methods.spec.at
    guard let reading = DialReading(dials[0], against: dials.count > 1 ? dials[1] : nil, at: level) else {
      let reasons = zip(names, dials).compactMap { name, dial in missed(name, dial, methods.spec) }
      return .failure(Unreached(reason: reasons.joined(separator: "; ")))
    }
    guard reading.reached >= DialReading.surely else {
      return .failure(
        Unreached(
          reason: "only \(Int((100 * reading.reached).rounded(.down))) % of resamples reach a \(methods.spec.hold) of "
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

  /// The mean of what is held and of a metric at each point of a method that has runs with both.
  func points(_ metric: String, of name: String) -> [(name: String, mean: DialCurve.Value)] {
    guard let methods, let points = methods.points[name] else { return [] }
    let all = subjects(of: Set(points))
    let curve = DialCurve(
      points.map { point in all.map { value(metric, methods.spec.hold, of: point, $0) } }, clusters: Array(all.indices))
    return zip(points, curve.means).compactMap { point, mean in mean.map { (point, $0) } }
  }

  private func missed(_ name: String, _ curve: DialCurve, _ spec: MethodsSpec) -> String? {
    let means = curve.means.compactMap { $0?.held }
    guard let low = means.min(), let high = means.max() else { return "\(name) has no run with both metrics" }
    guard low > spec.at || high < spec.at else { return nil }
    let found =
      low == high ? "its mean is \(rounded(low))" : "its means lie between \(rounded(low)) and \(rounded(high))"
    return "\(name) does not reach a \(spec.hold) of \(spec.at): \(found)"
  }

  private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

  private func value(_ metric: String, _ hold: String, of name: String, _ subject: RunKey) -> DialCurve.Value? {
    guard let metrics = place(name, subject).flatMap({ runs[$0].metrics }), let held = metrics[hold],
      let value = metrics[metric], held.isFinite, value.isFinite
    else { return nil }
    return DialCurve.Value(held: held, metric: value)
  }
}
