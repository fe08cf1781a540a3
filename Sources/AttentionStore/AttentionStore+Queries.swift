import Attention
import Formatting
import Foundation
internal import GRDB
import Tensors

extension AttentionStore {
  /// What the database is of; nil before `beginExperiment`.
  public func experiment() throws(StoreError) -> StoredExperiment? {
    try read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM experiment").map { row in
        let created: String = try row.decode(forColumn: "created_at")
        guard let date = try? Date(created, strategy: .iso8601) else {
          throw fault("created_at", of: row, table: "experiment", is: quoted(created), expected: "a date, ISO 8601")
        }
        return StoredExperiment(
          name: try row.decode(forColumn: "name"), question: try row.decode(forColumn: "question"),
          spec: try row.decode(forColumn: "spec"), specHash: try row.decode(forColumn: "spec_hash"),
          model: try row.decode(forColumn: "model"), modelHash: try row.decode(forColumn: "model_hash"),
          toolVersion: try row.decode(forColumn: "tool_version"), engine: try row.decode(forColumn: "engine"),
          createdAt: date)
      }
    }
  }

  /// The runs that fulfil every condition of the filter, in the order they were registered, or in that of the last plan.
  public func runs(_ filter: RunFilter = .all) throws(StoreError) -> [StoredRun] {
    try read { db in try fetchRuns(filter, db) }
  }

  /// The status of the stored runs, by hash.
  /// - Parameter isPlanned: only those of the plan that was begun last.
  public func statusOfRuns(isPlanned: Bool = false) throws(StoreError) -> [String: RunStatus] {
    try read { db in
      var statuses: [String: RunStatus] = [:]
      let condition = try isPlanned && hasPlan(db) ? "NOT (\(Self.isOther))" : "1"
      try db.all("SELECT id, hash, status FROM run WHERE \(condition)") { row in
        statuses[try hash("hash", of: row, table: "run")] = try named("status", of: row, table: "run")
      }
      return statuses
    }
  }

  func fetchRuns(_ filter: RunFilter, _ db: Database) throws -> [StoredRun] {
    var conditions = Conditions()
    if let hashes = filter.hashes {
      conditions.add("hash IN (SELECT value FROM json_each(?))", try json(hashes.sorted()))
    }
    if let group = filter.groupHash { conditions.add("group_hash = ?", group) }
    if let status = filter.status { conditions.add("status = ?", status.rawValue) }
    if let role = filter.role { conditions.add("role = ?", role.rawValue) }
    if let intervention = filter.intervention { conditions.add("intervention = ?", intervention) }
    if let prompt = filter.prompt { conditions.add("prompt = ?", prompt) }
    if let seed = filter.seed { conditions.add("seed = ?", seed.bits) }
    let isPlanned = try filter.isPlanned && hasPlan(db)
    let plan =
      "JOIN plan_run ON plan_run.run_hash = run.hash AND plan_run.plan_id = (SELECT max(id) FROM plan)"
    return try db.all(
      """
      SELECT run_overview.*, run.prompt_id, setting.negative_prompt_id, source.hash AS source_hash
      FROM run_overview JOIN run USING (id) JOIN setting ON setting.id = run.setting_id
        LEFT JOIN run AS source ON source.id = run.source_run_id
        \(isPlanned ? plan : "")
      WHERE run.id IN (SELECT id FROM run_overview WHERE \(conditions.sql))
      ORDER BY \(isPlanned ? "plan_run.position" : "run.id")
      """,
      conditions.arguments, as: storedRun)
  }

  private func storedRun(_ row: Row) throws -> StoredRun {
    let negative: Int64? = try row.decode(forColumn: "negative_prompt_id")
    let source: Int64? = try row.decode(forColumn: "source_run_id")
    let run = RunDescription(
      hash: try hash("hash", of: row, table: "run"), role: try named("role", of: row, table: "run"),
      intervention: try row.decode(forColumn: "intervention"),
      prompt: PromptID(rawValue: try row.decode(forColumn: "prompt_id")),
      sourceHash: try row.decode(forColumn: "source_hash"),
      seed: Seed(bits: try row.decode(forColumn: "seed")),
      calls: try number("calls", of: row, table: "run", in: StoreSchema.steps),
      setting: SettingDescription(
        label: try row.decode(forColumn: "setting"),
        numInferenceSteps: try number("num_inference_steps", of: row, table: "run", in: StoreSchema.steps),
        guidanceScale: try row.decode(forColumn: "guidance_scale"), scheduler: try row.decode(forColumn: "scheduler"),
        schedulerSettings: try row.decode(forColumn: "scheduler_settings"),
        height: try number("height", of: row, table: "run"), width: try number("width", of: row, table: "run"),
        negativePrompt: negative.map { PromptID(rawValue: $0) }))
    return StoredRun(
      id: RunID(rawValue: try row.decode(forColumn: "id")), run: run,
      groupHash: try hash("group_hash", of: row, table: "run"), status: try named("status", of: row, table: "run"),
      error: try row.decode(forColumn: "error"), prompt: try row.decode(forColumn: "prompt"),
      negativePrompt: try row.decode(forColumn: "negative_prompt"), sourceID: source.map { RunID(rawValue: $0) },
      sourcePrompt: try row.decode(forColumn: "source_prompt"))
  }

  /// Every prompt, in the order they were registered.
  public func prompts() throws(StoreError) -> [StoredPrompt] {
    try read { db in
      try db.all("SELECT id, text FROM prompt ORDER BY id") {
        StoredPrompt(id: PromptID(rawValue: try $0.decode(forColumn: "id")), text: try $0.decode(forColumn: "text"))
      }
    }
  }

  /// A prompt with its tokens, as it was registered; nil if there is none of this id.
  public func tokens(_ prompt: PromptID) throws(StoreError) -> PromptTokens? {
    try read { db in try readTokens(prompt, db) }
  }

  func readTokens(_ prompt: PromptID, _ db: Database) throws -> PromptTokens? {
    let find = try db.cachedStatement(sql: "SELECT text, truncated_words FROM prompt WHERE id = ?")
    guard let row = try Row.fetchOne(find, arguments: [prompt.rawValue]) else { return nil }
    var words: [String] = []
    var position = -1
    let tokens = try db.all("SELECT * FROM token WHERE prompt_id = ? ORDER BY position", [prompt.rawValue]) { row in
      position += 1
      let word: Int? = try row.decode(forColumn: "word_index")
      // Words are numbered in the order of their first tokens, and positions without a gap.
      if word == words.count { words.append(try row.decode(forColumn: "word")) }
      guard try row.decode(forColumn: "position") == position, word.map(words.indices.contains) ?? true else {
        throw StoreError.damaged(
          path: path,
          StoreFault(
            "token \(position) of prompt row \(prompt.rawValue)", "its numbering", is: "not in order",
            expected: "positions and words numbered from 0 without a gap"))
      }
      return PromptTokens.Token(
        id: try row.decode(forColumn: "token_id"), piece: try row.decode(forColumn: "piece"),
        role: try named("role", of: row, table: "token"), word: word)
    }
    return PromptTokens(
      prompt: try row.decode(forColumn: "text"), tokens: tokens, words: words,
      truncatedWords: try list("truncated_words", of: row, table: "prompt", elements: "words"))
  }

  /// The metrics of a run, by name.
  public func metrics(_ run: RunID) throws(StoreError) -> [String: Double] {
    try read { db in
      var metrics: [String: Double] = [:]
      try db.all("SELECT name, value FROM metric WHERE run_id = ?", [run.rawValue]) { row in
        metrics[try row.decode(forColumn: "name")] = try row.decode(Double?.self, forColumn: "value") ?? .nan
      }
      return metrics
    }
  }

  /// The files that a run left, by kind. Their paths are those that files of the run can have.
  public func artifacts(_ run: RunID) throws(StoreError) -> [Artifact] {
    try read { db in
      let sql = """
        SELECT kind, path, sha256, run.hash FROM artifact JOIN run ON run.id = run_id WHERE run_id = ? ORDER BY kind
        """
      return try db.all(sql, [run.rawValue]) { row in
        let artifact = Artifact(
          kind: try row.decode(forColumn: "kind"), path: try row.decode(forColumn: "path"),
          sha256: try row.decode(forColumn: "sha256"))
        let hash = try hash("hash", of: row, table: "run")
        if let fault = artifact.fault(run: hash, at: "artifact of run row \(run.rawValue)") {
          throw StoreError.damaged(path: path, fault)
        }
        return artifact
      }
    }
  }
}
