import Measures

/// How far metrics can be trusted, in words.
struct MetricAccuracies {
  let text: (Metric) -> String

  init(_ folders: InstrumentFolders) {
    text = { metric in (try? folders.accuracy(of: metric)) ?? "its instrument cannot be read" }
  }
}
