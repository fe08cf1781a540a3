import ExperimentFiles
import Measures

/// How far metrics can be trusted, in words.
struct MetricAccuracies {
  let text: (Metric) -> String

  init(_ spec: ExperimentSpec) {
    let folders = spec.instruments
    text = { metric in
      if let instrument = metric.accuracy.instrument, !folders.knows(spec.model, instrument) {
        return "its instrument knows the drawn world of emoji-scenes alone, and can say nothing of other pictures"
      }
      return (try? folders.accuracy(of: metric)) ?? "its instrument cannot be read"
    }
  }
}
