extension StoreSchema {
  /// What version 3 adds as SQL text: what the values of a metric were measured with, so that those of another
  /// instrument or definition can be told from today's.
  public static let version3 = """
    CREATE TABLE metric_source (
      name TEXT PRIMARY KEY,                   -- of the metric
      hash TEXT NOT NULL                       -- of its definition, and of the network that it looks with
    ) STRICT, WITHOUT ROWID;
    """
}
