import Formatting
internal import GRDB

/// What a probe found, as a row of `probe_result`.
public struct StoredProbe: Hashable, Sendable {
  /// Of the probe in the experiment file.
  public let name: String
  /// A hash of the question and of all that was read.
  public let source: String
  /// What is told, as `color`.
  public let label: String
  /// Pictures, 1 or more.
  public let samples: Int
  /// The cell that tells most.
  public let best: String
  /// Of that cell, 0...1.
  public let accuracy: Double
  /// The share of the largest class, 0...1.
  public let chance: Double
  /// All that was found, JSON.
  public let result: String
  /// The SHA-256 of the trained probe's file, in hexadecimal digits.
  public let sha256: String

  public init(
    name: String, source: String, label: String, samples: Int, best: String, accuracy: Double, chance: Double,
    result: String, sha256: String
  ) {
    self.name = name
    self.source = source
    self.label = label
    self.samples = samples
    self.best = best
    self.accuracy = accuracy
    self.chance = chance
    self.result = result
    self.sha256 = sha256
  }

  /// The folder of trained probes, below that of the database.
  public static let folder = "probes"

  /// Of the trained probe, relative to the folder of the database.
  public var path: String { "\(Self.folder)/\(name).json" }
}

extension AttentionStore {
  /// Stores what a probe found, in place of what was stored by its name.
  public func setProbe(_ probe: StoredProbe) throws(StoreError) {
    try write { db in
      try db.execute(
        sql: """
          INSERT OR REPLACE INTO probe_result
            (name, source, label, samples, best, accuracy, chance, result, path, sha256)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          probe.name, probe.source, probe.label, probe.samples, probe.best, probe.accuracy, probe.chance, probe.result,
          probe.path, probe.sha256,
        ])
    }
  }

  /// Forgets probes by name.
  public func removeProbes(_ names: [String]) throws(StoreError) {
    try write { db in
      for name in names { try db.execute(sql: "DELETE FROM probe_result WHERE name = ?", arguments: [name]) }
    }
  }

  /// What probes have found, by name.
  /// - Throws: `StoreError.damaged` for numbers that cannot be, and for a file elsewhere than a probe's own.
  public func probes() throws(StoreError) -> [String: StoredProbe] {
    try read { db in
      var probes: [String: StoredProbe] = [:]
      try db.all("SELECT * FROM probe_result ORDER BY name") { row in
        let probe = StoredProbe(
          name: try row.decode(forColumn: "name"), source: try row.decode(forColumn: "source"),
          label: try row.decode(forColumn: "label"),
          samples: try number("samples", of: row, table: "probe_result", in: 1...Int(Int32.max)),
          best: try row.decode(forColumn: "best"), accuracy: try share("accuracy", of: row),
          chance: try share("chance", of: row), result: try row.decode(forColumn: "result"),
          sha256: try hash("sha256", of: row, table: "probe_result"))
        let path: String = try row.decode(forColumn: "path")
        guard path == probe.path else {
          throw fault("path", of: row, table: "probe_result", is: quoted(path), expected: quoted(probe.path))
        }
        probes[probe.name] = probe
      }
      return probes
    }
  }

  private func share(_ column: String, of row: Row) throws -> Double {
    let value: Double = try row.decode(forColumn: column)
    guard (0...1).contains(value) else {
      throw fault(column, of: row, table: "probe_result", is: "\(value)", expected: "0 to 1")
    }
    return value
  }
}
