extension Instruments {
  /// What a metric says of a picture or an edit; nil where it says nothing.
  package struct Value {
    package let metric: Metric
    package let value: Double?

    init(_ metric: Metric, _ value: Double?) {
      self.metric = metric
      self.value = value
    }
  }

  /// The metrics of one picture, in their order. Those of many pictures or of raters are left out, and those of edits where there is no
  /// source.
  /// - Parameters:
  ///   - metrics: nil: all whose networks there are.
  ///   - source: what the picture was edited from.
  /// - Throws: as the metrics do.
  package func values(of metrics: [Metric]?, _ run: MeasuredRun, source: MeasuredRun?) throws -> [Value] {
    let edit = source.map { MeasuredEdit(run, source: $0) }
    return try (metrics ?? MetricRegistry.all.filter { folders.has($0) }).compactMap { metric in
      switch metric.measure {
      case .picture(let measure): return Value(metric, try measure(run, self))
      case .edit(let measure): return try edit.map { Value(metric, try measure($0, self)) }
      case .program(let program): return Value(metric, try answer(program, run, source: source))
      case .maps, .besideTarget, .set, .seeds, .rating: return nil
      }
    }
  }
}
