import Attention
import Formatting
import Foundation
internal import GRDB

extension AttentionStore {
  /// Makes sure that the prompts and their tokens are in the database.
  /// - Returns: their ids, in the order given.
  @discardableResult
  public func register(prompts: [PromptTokens]) throws(StoreError) -> [PromptID] {
    let faults = prompts.compactMap { prompt in
      let begun = prompt.tokens.compactMap(\.word).reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
      return begun == Array(prompt.words.indices)
        ? nil
        : StoreFault(
          "prompt \(quoted(prompt.prompt))", "the order in which tokens begin its words", is: "\(begun)",
          expected: "each of its \(prompt.words.count) words once, in their order")
    }
    guard faults.isEmpty else { throw .invalid(path: path, faults) }
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

  /// The row of a setting, made where there is none; its label becomes this one.
  func register(setting: SettingDescription, _ db: Database) throws -> Int64 {
    let values: StatementArguments = [
      setting.numInferenceSteps, setting.guidanceScale, setting.scheduler, setting.schedulerSettings, setting.height,
      setting.width, setting.negativePrompt?.rawValue,
    ]
    let find = try db.cachedStatement(
      sql: """
        SELECT id, label FROM setting WHERE num_inference_steps = ? AND guidance_scale = ? AND scheduler = ?
          AND scheduler_settings = ? AND height = ? AND width = ? AND negative_prompt_id IS ?
        """)
    if let known = try Row.fetchOne(find, arguments: values) {
      let id: Int64 = try known.decode(forColumn: "id")
      if try known.decode(String.self, forColumn: "label") != setting.label {
        try db.execute(sql: "UPDATE setting SET label = ? WHERE id = ?", arguments: [setting.label, id])
      }
      return id
    }
    try db.execute(
      sql: """
        INSERT INTO setting (num_inference_steps, guidance_scale, scheduler, scheduler_settings, height, width,
          negative_prompt_id, label)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: values + [setting.label])
    return db.lastInsertedRowID
  }

  func exists(_ db: Database, _ sql: String, _ arguments: StatementArguments) throws -> Bool {
    try Bool.fetchOne(db.cachedStatement(sql: "SELECT EXISTS (\(sql))"), arguments: arguments) ?? false
  }

  /// Whether a text is JSON: any value, or an object alone.
  static func isJSON(_ text: String, object: Bool = false) -> Bool {
    let value = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    return object ? value is [String: Any] : value != nil
  }

  /// A JSON array, in one line.
  func json(_ values: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    return String(decoding: try encoder.encode(values), as: UTF8.self)
  }
}
