import ExperimentFiles
import Formatting
import Measures

/// A column under the name that the comparison gives it.
struct NamedColumn {
  let name: String
  let column: ComparisonColumn
}

/// The columns and metrics that a request names.
struct ComparisonChoice {
  let baseline: NamedColumn
  /// Without the baseline.
  let treatments: [NamedColumn]
  let metrics: [Metric]

  /// - Throws: `ExperimentError` with every name that does not fit.
  init(_ results: [ComparableResults], _ request: ComparisonRequest) throws {
    var problems: [String] = []
    for name in results.map(\.name).uniqued where results.count(where: { $0.name == name }) > 1 {
      problems.append("\(name) is named more than once; compare results of different names")
    }
    let columns = results.flatMap { results in
      results.columns.map { NamedColumn(name: $0.intervention, column: $0) }
    }
    let named =
      results.count == 1
      ? columns
      : columns.map { NamedColumn(name: "\($0.column.experiment)/\($0.column.intervention)", column: $0.column) }

    /// Those of a name; of an intervention's name alone, in every experiment.
    func find(_ name: String, _ option: String) -> [NamedColumn] {
      if let exact = named.first(where: { $0.name == name }) { return [exact] }
      let found = named.filter { $0.column.intervention == name }
      if found.isEmpty {
        let known = named.map(\.name)
        let near = nearestName(to: name, in: known).map { "; did you mean \"\($0)\"?" } ?? ";"
        problems.append(
          "\(option): there is no intervention \"\(name)\"\(near) there are \(known.joined(separator: ", "))")
      }
      return found
    }

    let baselines = find(request.baseline, "--baseline")
    let wanted = request.interventions.map { $0.flatMap { find($0, "--interventions") } } ?? named
    let common = (results.first?.metrics ?? []).filter { metric in results.allSatisfy { $0.metrics.contains(metric) } }
    for metric in request.metrics ?? [] {
      for result in results where !result.metrics.contains(metric) {
        problems.append(
          "--metrics: \(result.name) did not measure \(metric.name); it has "
            + result.metrics.map(\.name).joined(separator: ", "))
      }
    }
    if common.isEmpty, request.metrics == nil {
      problems.append("the experiments measured nothing in common")
    }
    problems += Self.problems(request, results, compared: (request.metrics ?? common).map(\.name))
    let treatments = wanted.filter { column in column.name != baselines.first?.name }
    if problems.isEmpty, treatments.isEmpty {
      problems.append(
        "there is nothing to compare with the baseline \"\(request.baseline)\"; name another intervention")
    }
    guard problems.isEmpty, let baseline = baselines.first else { throw ExperimentError(problems.uniqued) }
    self.baseline = baseline
    var seen: Set<String> = []
    self.treatments = treatments.filter { seen.insert($0.name).inserted }
    metrics = (request.metrics ?? common).uniqued
  }

  /// What is asked of metrics that are not compared, or not measured.
  private static func problems(
    _ request: ComparisonRequest, _ results: [ComparableResults], compared: [String]
  ) -> [String] {
    let ofEquivalence = request.equivalence.keys.sorted().filter { !compared.contains($0) }.map {
      "--equivalence: \($0) is not compared; there are \(compared.joined(separator: ", "))"
    }
    let pair = request.correlation.map { [$0.first, $0.second] } ?? []
    let ofCorrelation = results.flatMap { result in
      let measured = result.metrics.map(\.name)
      return pair.filter { !measured.contains($0) }.map {
        "--correlate: \(result.name) did not measure \($0); it has \(measured.joined(separator: ", "))"
      }
    }
    return ofEquivalence + ofCorrelation
  }
}
