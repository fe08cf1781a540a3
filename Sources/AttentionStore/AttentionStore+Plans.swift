import Attention
import Formatting
import Foundation
internal import GRDB

extension AttentionStore {
  /// Writes down what the experiment is, or that it has changed (all but `createdAt` is replaced), and the plan that is
  /// begun: it becomes the last one. Plans and runs that are stored stay.
  /// - Parameter plan: nil where nothing is planned.
  /// - Throws: `StoreError.otherExperiment` if the database holds one of another name; `invalid` for the plan's sites, and
  ///   where its text is no JSON.
  public func beginExperiment(_ experiment: StoredExperiment, plan: PlanDescription? = nil) throws(StoreError) {
    if let plan {
      try check(plan.sites)
      guard Self.isJSON(plan.json) else {
        throw .invalid(
          path: path, [StoreFault("plan \(plan.hash)", "its text", is: quoted(plan.json), expected: "JSON")])
      }
    }
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
      if let plan { try begin(plan, of: experiment, db) }
    }
  }

  /// Makes a plan the last one. Begun again it keeps its row, so that a run that was stopped goes on with the same ids.
  private func begin(_ plan: PlanDescription, of experiment: StoredExperiment, _ db: Database) throws {
    let last = try Row.fetchOne(db, sql: "SELECT id, hash FROM plan ORDER BY id DESC LIMIT 1")
    let isLast = try last?.decode(String.self, forColumn: "hash") == plan.hash
    if !isLast { try db.execute(sql: "DELETE FROM plan WHERE hash = ?", arguments: [plan.hash]) }
    // What is asked of the same runs may have changed: metrics, claims, figures.
    try db.execute(
      sql: """
        INSERT INTO plan (hash, spec, spec_hash, model, model_hash, tool_version, engine, plan)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (hash) DO UPDATE SET spec = excluded.spec, spec_hash = excluded.spec_hash, model = excluded.model,
          model_hash = excluded.model_hash, tool_version = excluded.tool_version, engine = excluded.engine,
          plan = excluded.plan
        """,
      arguments: [
        plan.hash, experiment.spec, experiment.specHash, experiment.model, experiment.modelHash,
        experiment.toolVersion, experiment.engine, plan.json,
      ])
    guard !isLast else { return }
    let id = db.lastInsertedRowID
    let insert = try db.cachedStatement(sql: "INSERT INTO plan_run (plan_id, position, run_hash) VALUES (?, ?, ?)")
    for (position, run) in plan.runs.enumerated() { try insert.execute(arguments: [id, position, run]) }
    for site in plan.sites {
      try db.execute(
        sql: "INSERT INTO plan_site (plan_id, site_id) VALUES (?, ?)",
        arguments: [id, register(site: site, db).rawValue])
    }
  }

  /// The plan that was begun last; nil where no plan is written down.
  public func lastPlan() throws(StoreError) -> StoredPlan? {
    try read { db in
      try Row.fetchOne(db, sql: "SELECT hash, plan FROM plan ORDER BY id DESC LIMIT 1").map {
        StoredPlan(hash: try $0.decode(forColumn: "hash"), json: try $0.decode(forColumn: "plan"))
      }
    }
  }

  /// Whether a plan is written down.
  func hasPlan(_ db: Database) throws -> Bool { try exists(db, "SELECT 1 FROM plan", []) }

  /// How many runs are stored that are not of the plan that was begun last; 0 where no plan is written down.
  public func countOfOtherRuns() throws(StoreError) -> Int {
    try read { db in
      guard try hasPlan(db) else { return 0 }
      return try Int.fetchOne(db, sql: "SELECT count(*) FROM run WHERE \(Self.isOther)") ?? 0
    }
  }

  /// How many runs of the plan that was begun last are not stored yet; 0 where no plan is written down.
  public func countOfRunsNotBegun() throws(StoreError) -> Int {
    try read { db in
      let sql = """
        SELECT count(*) FROM plan_run
        WHERE plan_id = (SELECT max(id) FROM plan) AND NOT EXISTS (SELECT 1 FROM run WHERE hash = run_hash)
        """
      return try Int.fetchOne(db, sql: sql) ?? 0
    }
  }

  /// Forgets every plan but the last one. Runs are left where they are: see `removeRuns`.
  public func removeOtherPlans() throws(StoreError) {
    try write { db in try db.execute(sql: "DELETE FROM plan WHERE id < (SELECT max(id) FROM plan)") }
  }

  /// True of a row of `run` that the last plan does not have.
  static let isOther =
    "hash NOT IN (SELECT run_hash FROM plan_run WHERE plan_id = (SELECT max(id) FROM plan))"
}
