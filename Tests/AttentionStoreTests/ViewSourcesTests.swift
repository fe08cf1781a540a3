import Testing

@testable import AttentionStore

/// What a view reads, told by its text.
struct ViewSourcesTests {
  static let reading: [(sql: String, names: Set<String>)] = [
    ("CREATE VIEW v AS SELECT * FROM run", ["run"]),
    ("CREATE VIEW v AS SELECT * FROM \"Run\"", ["run"]),
    ("CREATE VIEW v AS SELECT * FROM 'run', [plan] JOIN `site` ON 1, token", ["run", "plan", "site", "token"]),
    ("CREATE VIEW v AS SELECT 1 AS a, (SELECT count(*) FROM main.[run_overview]) AS b", ["main", "run_overview"]),
    ("CREATE VIEW v AS SELECT * FROM/* FROM note */run -- FROM note", ["run"]),
    ("CREATE VIEW v AS SELECT * FROM (note n LEFT OUTER JOIN (run))", ["note", "run"]),
    ("CREATE VIEW v AS SELECT * FROM (SELECT a FROM note), run", ["note", "run"]),
    ("CREATE VIEW v AS SELECT * FROM note WHERE a IN run OR a IN main.plan", ["note", "run", "main", "plan"]),
    ("CREATE VIEW v AS WITH c AS (SELECT * FROM run) SELECT * FROM c UNION SELECT * FROM plan", ["run", "c", "plan"]),
    ("CREATE VIEW v AS SELECT '\u{301}' AS a, \"b\"\"\" FROM run", ["run"]),
    ("CREATE VIEW v AS SELECT EXISTS (SELECT 1 FROM note NATURAL JOIN run)", ["note", "run"]),
  ]

  @Test("names in the place of a table count, however they are written", arguments: reading)
  func sources(sql: String, names: Set<String>) {
    #expect(ViewSources(sql).names == names)
  }

  @Test(
    "names of columns, and in texts and comments, do not",
    arguments: [
      "CREATE VIEW v(run, plan) AS SELECT run, note.plan AS record, 'run' AS text FROM note",
      "CREATE VIEW run_list AS SELECT count(run) FROM note JOIN note AS site ON site.run = note.run WHERE run > 'plan'",
      "CREATE VIEW v AS SELECT a FROM note -- run\n/* FROM run */ GROUP BY run, site ORDER BY plan LIMIT 1",
      "CREATE VIEW v AS SELECT value FROM note, json_each(run, metric) ORDER BY (run), token",
      "CREATE VIEW v AS SELECT run FROM note run",
    ])
  func columns(sql: String) {
    #expect(ViewSources(sql).names.isSubset(of: ["note", "json_each"]))
  }
}
