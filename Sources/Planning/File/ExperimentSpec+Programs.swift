import Formatting
import Measures

extension Metric {
  /// The program that takes it, for one of the user's own.
  public var program: MetricProgram? {
    guard case .program(let program) = measure else { return nil }
    return program
  }
}

extension ExperimentSpec {
  /// The metrics that are programs: to measure them is to run whatever the file names, with the rights of whoever runs it.
  public var programs: [Metric] { metrics.filter { $0.program != nil } }

  /// What programs a run starts, a line each, with their whole paths: whoever is asked must see what would run.
  public var programRemarks: [String] {
    programs.map { metric in
      "metrics: \(metric.name) is the program \"\(escaped(metric.program?.path ?? ""))\", which `attnlab run` starts with "
        + "your rights, after a yes or with --allow-programs"
    }
  }
}
