import Attention
import Foundation
internal import GRDB

extension AttentionStore {
  /// Makes sure that the prompts and their tokens are in the database.
  /// - Returns: their ids, in the order given.
  @discardableResult
  public func register(prompts: [PromptTokens]) throws(StoreError) -> [PromptID] {
    let problems = prompts.flatMap { prompt in
      prompt.tokens.compactMap(\.word).filter { !prompt.words.indices.contains($0) }.map {
        "prompt \"\(prompt.prompt)\": a token belongs to word \($0), and there are \(prompt.words.count) words"
      }
    }
    guard problems.isEmpty else { throw .invalid(path: path, problems: problems) }
    for prompt in prompts {
      let first = prompt.tokens.compactMap(\.word).reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
      guard first == Array(prompt.words.indices) else {
        throw .invalid(
          path: path, problems: ["prompt \"\(prompt.prompt)\": its words are not each begun by a token, in their order"]
        )
      }
    }
    return try write { db in try prompts.map { try register(prompt: $0, db) } }
  }

  private func register(prompt: PromptTokens, _ db: Database) throws -> PromptID {
    let find = try db.cachedStatement(sql: "SELECT id FROM prompt WHERE text = ? ORDER BY id")
    for id in try Int64.fetchAll(find, arguments: [prompt.prompt]).map(PromptID.init) {
      if try readTokens(id, db) == prompt { return id }
    }
    try db.cachedStatement(sql: "INSERT INTO prompt (text, truncated_words) VALUES (?, ?)")
      .execute(arguments: [prompt.prompt, json(prompt.truncatedWords)])
    let id = PromptID(rawValue: db.lastInsertedRowID)
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO token (prompt_id, position, token_id, piece, role, word, word_index) VALUES (?, ?, ?, ?, ?, ?, ?)
        """)
    for (position, token) in prompt.tokens.enumerated() {
      try insert.execute(arguments: [
        id.rawValue, position, token.id, token.piece, token.role.rawValue, token.word.map { prompt.words[$0] },
        token.word,
      ])
    }
    return id
  }

  /// Makes sure that the sites are in the database.
  /// - Returns: their ids, in the order given.
  @discardableResult
  public func register(sites: [AttentionSite]) throws(StoreError) -> [SiteID] {
    try check(sites)
    return try write { db in try sites.map { try register(site: $0, db) } }
  }

  func check(_ sites: [AttentionSite]) throws(StoreError) {
    let problems = sites.filter { site in
      let sizes = [
        site.layer, site.height, site.width, site.heads, site.latentHeight, site.latentWidth, site.index + 1,
      ]
      return !Self.isModulePath(site.path) || !sizes.allSatisfy(StoreSchema.sizes.contains)
    }.map {
      "the site \"\($0.path)\" has a size that is not 1 to \(StoreSchema.sizes.upperBound), or is no module path"
    }
    guard problems.isEmpty else { throw .invalid(path: path, problems: problems) }
  }

  func register(site: AttentionSite, _ db: Database) throws -> SiteID {
    let values: StatementArguments = [
      site.path, site.kind.rawValue, site.layer, site.index, site.height, site.width, site.heads, site.latentHeight,
      site.latentWidth,
    ]
    let known = try Int64.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT id FROM site WHERE path = ? AND kind = ? AND layer = ? AND forward_index = ? AND height = ?
            AND width = ? AND heads = ? AND latent_height = ? AND latent_width = ?
          """), arguments: values)
    if let known { return SiteID(rawValue: known) }
    try db.execute(
      sql: """
        INSERT INTO site (path, kind, layer, forward_index, height, width, heads, latent_height, latent_width)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: values)
    return SiteID(rawValue: db.lastInsertedRowID)
  }

  /// Makes sure that the records are in the database.
  /// - Returns: their ids, in the order given.
  @discardableResult
  public func register(records: [RecordDescription]) throws(StoreError) -> [RecordID] {
    try write { db in
      try records.map { record in
        let values: StatementArguments = [record.name, record.spec]
        let sql = "SELECT id FROM record WHERE name = ? AND spec = ?"
        if let known = try Int64.fetchOne(db, sql: sql, arguments: values) { return RecordID(rawValue: known) }
        try db.execute(sql: "INSERT INTO record (name, spec) VALUES (?, ?)", arguments: values)
        return RecordID(rawValue: db.lastInsertedRowID)
      }
    }
  }

  /// Makes sure that it is written down which token positions the keys of a record's maps are, for one prompt.
  /// - Parameters:
  ///   - keys: key 0, 1, ... of the maps.
  ///   - prompt: whose tokens they are: for maps of the unconditional branch the negative prompt.
  /// - Throws: `StoreError.conflict` if others are stored and the record has maps of this prompt.
  public func register(
    keys: [RecordKey], of record: RecordID, for prompt: PromptID, kind: AttentionKind = .cross
  ) throws(StoreError) {
    try write { db in
      let stored = try readKeys(of: record, for: prompt, kind: kind, db)
      guard stored != keys else { return }
      let used = try exists(
        db,
        """
        SELECT 1 FROM run JOIN attention_map ON attention_map.run_id = run.id AND attention_map.record_id = ?1
        WHERE run.prompt_id = ?2 OR run.negative_prompt_id = ?2
        """, [record.rawValue, prompt.rawValue])
      guard stored.isEmpty || !used else {
        throw StoreError.conflict(
          path: path,
          detail: "the record \(record.rawValue) has maps whose keys are other tokens of prompt \(prompt.rawValue). "
            + "Give the new record another name, or remove the runs of the former one first")
      }
      let arguments: StatementArguments = [record.rawValue, prompt.rawValue, kind.rawValue]
      try db.execute(
        sql: "DELETE FROM record_key WHERE record_id = ? AND prompt_id = ? AND kind = ?", arguments: arguments)
      let insert = try db.cachedStatement(
        sql: """
          INSERT INTO record_key (record_id, prompt_id, kind, key, label, positions) VALUES (?, ?, ?, ?, ?, ?)
          """)
      for (index, key) in keys.enumerated() {
        try insert.execute(arguments: arguments + [index, key.label, json(key.positions)])
      }
    }
  }

  func exists(_ db: Database, _ sql: String, _ arguments: StatementArguments) throws -> Bool {
    try Bool.fetchOne(db, sql: "SELECT EXISTS (\(sql))", arguments: arguments) ?? false
  }

  /// A JSON array, in one line.
  func json(_ values: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    return String(decoding: try encoder.encode(values), as: UTF8.self)
  }
}
