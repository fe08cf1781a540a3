import AttentionTracing
import Foundation
internal import GRDB

extension AttentionStore {
  /// Writes down what the experiment is, or that it has changed: all but `createdAt` is replaced.
  /// - Throws: `StoreError.otherExperiment` if the database holds one of another name.
  public func beginExperiment(_ experiment: StoredExperiment) throws(StoreError) {
    try write { db in
      if let stored = try String.fetchOne(db, sql: "SELECT name FROM experiment"), stored != experiment.name {
        throw StoreError.otherExperiment(path: path, stored: stored, asked: experiment.name)
      }
      try db.execute(
        sql: """
          INSERT INTO experiment
            (id, name, question, spec, spec_hash, model, model_hash, tool_version, engine, created_at)
          VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (id) DO UPDATE SET question = excluded.question, spec = excluded.spec,
            spec_hash = excluded.spec_hash, model = excluded.model, model_hash = excluded.model_hash,
            tool_version = excluded.tool_version, engine = excluded.engine
          """,
        arguments: [
          experiment.name, experiment.question, experiment.spec, experiment.specHash, experiment.model,
          experiment.modelHash, experiment.toolVersion, experiment.engine, experiment.createdAt.formatted(.iso8601),
        ])
    }
  }

  /// Makes sure that the prompts and their tokens are in the database.
  /// - Returns: their ids, in the order given.
  /// - Throws: `StoreError.conflict` if a prompt is stored with other tokens and a run uses it.
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
    let find = try db.cachedStatement(sql: "SELECT id FROM prompt WHERE text = ?")
    if let id = try Int64.fetchOne(find, arguments: [prompt.prompt]) {
      if try readTokens(PromptID(rawValue: id), db) == prompt { return PromptID(rawValue: id) }
      guard
        try !exists(db, "SELECT 1 FROM run WHERE prompt_id = ?1 OR negative_prompt_id = ?1", [id])
      else {
        throw StoreError.conflict(
          path: path,
          detail: "the prompt \"\(prompt.prompt)\" is stored with other tokens, and runs use it. "
            + "Remove those runs first, or choose another results folder")
      }
      try db.execute(sql: "DELETE FROM prompt WHERE id = ?", arguments: [id])
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
  /// - Throws: `StoreError.conflict` if one is stored with another layer or number of heads and has maps.
  @discardableResult
  public func register(sites: [AttentionSite]) throws(StoreError) -> [SiteID] {
    let problems = sites.filter { site in
      let sizes = [
        site.layer, site.height, site.width, site.heads, site.latentHeight, site.latentWidth, site.index + 1,
      ]
      return !Self.isModulePath(site.path) || !sizes.allSatisfy(StoreSchema.sizes.contains)
    }.map {
      "the site \"\($0.path)\" has a size that is not 1 to \(StoreSchema.sizes.upperBound), or is no module path"
    }
    guard problems.isEmpty else { throw .invalid(path: path, problems: problems) }
    return try write { db in try sites.map { try register(site: $0, db) } }
  }

  private func register(site: AttentionSite, _ db: Database) throws -> SiteID {
    let row = try Row.fetchOne(
      db,
      sql: """
        SELECT \(Self.siteColumns) FROM site
        WHERE path = ? AND height = ? AND width = ? AND latent_height = ? AND latent_width = ?
        """,
      arguments: [site.path, site.height, site.width, site.latentHeight, site.latentWidth])
    if let stored = try row.map(storedSite) {
      if stored.site == site { return stored.id }
      guard
        try !exists(db, "SELECT 1 FROM attention_map WHERE site_id = ?", [stored.id.rawValue])
      else {
        throw StoreError.conflict(
          path: path,
          detail: "the site \(site.path) is stored with another kind, layer or number of heads, and has maps. "
            + "The model has changed: remove the runs of the former one first, or choose another results folder")
      }
      try db.execute(
        sql: "UPDATE site SET kind = ?, layer = ?, forward_index = ?, heads = ? WHERE id = ?",
        arguments: [site.kind.rawValue, site.layer, site.index, site.heads, stored.id.rawValue])
      return stored.id
    }
    try db.execute(
      sql: """
        INSERT INTO site (path, kind, layer, forward_index, height, width, heads, latent_height, latent_width)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        site.path, site.kind.rawValue, site.layer, site.index, site.height, site.width, site.heads, site.latentHeight,
        site.latentWidth,
      ])
    return SiteID(rawValue: db.lastInsertedRowID)
  }

  /// Makes sure that the records are in the database.
  /// - Returns: their ids, in the order given.
  /// - Throws: `StoreError.conflict` if one is stored with another `spec` and has maps.
  @discardableResult
  public func register(records: [RecordDescription]) throws(StoreError) -> [RecordID] {
    try write { db in
      try records.map { record in
        let sql = "SELECT id, name, spec FROM record WHERE name = ?"
        let row = try Row.fetchOne(db, sql: sql, arguments: [record.name])
        guard let stored = try row.map(storedRecord) else {
          try db.execute(sql: "INSERT INTO record (name, spec) VALUES (?, ?)", arguments: [record.name, record.spec])
          return RecordID(rawValue: db.lastInsertedRowID)
        }
        guard stored.record != record else { return stored.id }
        guard try !exists(db, "SELECT 1 FROM attention_map WHERE record_id = ?", [stored.id.rawValue]) else {
          throw StoreError.conflict(
            path: path,
            detail: "the record \"\(record.name)\" is stored with other settings, and has maps. "
              + "Give the new one another name, or remove the runs of the former one first")
        }
        // Its keys were chosen by the former settings.
        try db.execute(sql: "DELETE FROM record_key WHERE record_id = ?", arguments: [stored.id.rawValue])
        try db.execute(
          sql: "UPDATE record SET spec = ? WHERE id = ?", arguments: [record.spec, stored.id.rawValue])
        return stored.id
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
