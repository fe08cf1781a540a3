import Attention
internal import GRDB

extension AttentionStore {
  /// Makes sure that a record and what its keys are is in the database.
  ///
  /// A record that is stored with the same entry and quantity is taken, unless it has maps whose keys are other tokens;
  /// then another row is made beside it. So entries of several plans never contradict one another.
  /// - Parameters:
  ///   - keys: By prompt, what key 0, 1, ... of the record's maps of a text's keys are. The prompt is the one whose tokens
  ///     they are: for maps of the unconditional branch the negative prompt.
  ///   - others: Rows that are not to be taken, since the same plan has other keys of the same prompts in them.
  @discardableResult
  public func register(
    record: RecordDescription, keys: [PromptID: [TokenKey]] = [:], beside others: [RecordID] = []
  ) throws(StoreError) -> RecordID {
    try write { db in
      let ids = try Int64.fetchAll(
        db, sql: "SELECT id FROM record WHERE name = ? AND spec = ? AND of = ? ORDER BY id",
        arguments: [record.name, record.spec, record.quantity.rawValue]
      ).map(RecordID.init).filter { !others.contains($0) }
      let fitting = try ids.first { id in try keys.allSatisfy { try fits($1, of: id, for: $0, db) } }
      let id = try fitting ?? insert(record, db)
      for (prompt, keys) in keys.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        try replace(keys, of: id, for: prompt, db)
      }
      return id
    }
  }

  private func insert(_ record: RecordDescription, _ db: Database) throws -> RecordID {
    try db.execute(
      sql: "INSERT INTO record (name, spec, of) VALUES (?, ?, ?)",
      arguments: [record.name, record.spec, record.quantity.rawValue])
    return RecordID(rawValue: db.lastInsertedRowID)
  }

  /// Whether keys are those that are written down, or can take their place since there is no map of them.
  private func fits(_ keys: [TokenKey], of record: RecordID, for prompt: PromptID, _ db: Database) throws -> Bool {
    let stored = try readKeys(of: record, for: prompt, db)
    if stored.isEmpty || stored == keys { return true }
    return try !exists(
      db,
      """
      SELECT 1 FROM run JOIN setting ON setting.id = run.setting_id
        JOIN attention_map ON attention_map.run_id = run.id AND attention_map.record_id = ?1
      WHERE run.prompt_id = ?2 OR setting.negative_prompt_id = ?2
      """, [record.rawValue, prompt.rawValue])
  }

  private func replace(_ keys: [TokenKey], of record: RecordID, for prompt: PromptID, _ db: Database) throws {
    guard try readKeys(of: record, for: prompt, db) != keys else { return }
    let arguments: StatementArguments = [record.rawValue, prompt.rawValue]
    try db.execute(sql: "DELETE FROM record_key WHERE record_id = ? AND prompt_id = ?", arguments: arguments)
    let insert = try db.cachedStatement(
      sql: "INSERT INTO record_key (record_id, prompt_id, key, label, positions) VALUES (?, ?, ?, ?, ?)")
    for (index, key) in keys.enumerated() {
      try insert.execute(arguments: arguments + [index, key.label, json(key.positions)])
    }
  }

  /// Every record of every plan, in the order they were registered.
  public func records() throws(StoreError) -> [StoredRecord] {
    try read { db in try db.all("SELECT * FROM record ORDER BY id", as: storedRecord) }
  }

  /// The records that a run has maps of, in the order they were registered; no two of one name.
  public func records(of run: RunID) throws(StoreError) -> [StoredRecord] {
    try read { db in
      try db.all(
        """
        SELECT * FROM record
        WHERE EXISTS (SELECT 1 FROM attention_map WHERE run_id = ? AND record_id = record.id) ORDER BY id
        """, [run.rawValue], as: storedRecord)
    }
  }

  private func storedRecord(_ row: Row) throws -> StoredRecord {
    StoredRecord(
      id: RecordID(rawValue: try row.decode(forColumn: "id")),
      record: RecordDescription(
        name: try row.decode(forColumn: "name"), spec: try row.decode(forColumn: "spec"),
        of: try named("of", of: row, table: "record")))
  }

  /// What keys 0, 1, ... of a record's maps are, for one prompt; empty where nothing was registered.
  public func recordKeys(of record: RecordID, for prompt: PromptID) throws(StoreError) -> [TokenKey] {
    try read { db in try readKeys(of: record, for: prompt, db) }
  }

  private func readKeys(of record: RecordID, for prompt: PromptID, _ db: Database) throws -> [TokenKey] {
    var index = -1
    return try db.all(
      "SELECT key, label, positions FROM record_key WHERE record_id = ? AND prompt_id = ? ORDER BY key",
      [record.rawValue, prompt.rawValue]
    ) { row in
      index += 1
      _ = try number("key", of: row, table: "record_key", in: index...index)
      return TokenKey(
        label: try row.decode(forColumn: "label"),
        positions: try list("positions", of: row, table: "record_key", elements: "token positions"))
    }
  }
}
