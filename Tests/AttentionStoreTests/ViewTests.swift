import Attention
import Foundation
import GRDB
import Testing

@testable import AttentionStore

@Suite("Views")
struct ViewTests {
  let database: DocumentedDatabase

  init() throws { database = try DocumentedDatabase() }

  /// Each row as `column=value` in the order of the view.
  private func rows(_ sql: String) throws -> [String] {
    try DatabaseQueue(path: database.url.path).inDatabase { db in
      try Row.fetchAll(db, sql: sql).map { row in row.map { "\($0)=\($1)" }.joined(separator: " ") }
    }
  }

  @Test("a row of word_heatmap is a key of a cross map: all of them, none twice, each with its label")
  func wordHeatmap() throws {
    let words = ["a red car": ["a", "red", "car"], "a blue car": ["a", "blue", "car"], "a dog": ["a", "dog"]]
    let sites = Dictionary(uniqueKeysWithValues: try database.store.sites().map { ($0.id, $0.site) })
    let runs = Dictionary(uniqueKeysWithValues: try database.store.runs().map { ($0.id, $0) })
    var expected: [String] = []
    for map in try database.store.maps() {
      guard let site = sites[map.site], site.kind == .cross, let run = runs[map.run] else { continue }
      let labels = map.branch == .conditional ? words[run.prompt] ?? [] : ["fog"]
      #expect(labels.count == map.keys)
      for (key, label) in labels.enumerated() {
        expected.append(
          "run_id=\(run.id.rawValue) hash=\"\(run.run.hash)\" role=\"\(run.run.role)\" "
            + "intervention=\"\(run.run.intervention)\" source_prompt=\(run.sourcePrompt.map { "\"\($0)\"" } ?? "NULL") "
            + "prompt=\"\(run.prompt)\" seed=\(run.run.seed) setting=\"\" record=\"words\" of=\"probabilities\" layer=\(site.layer) path=\"\(site.path)\" "
            + "grid=\"6x4\" step=\(map.step) timestep=\(map.timestep) branch=\"\(map.branch.rawValue)\" "
            + "head=\(map.head.map(String.init) ?? "NULL") height=2 width=3 keys=\(labels.count) key=\(key) "
            + "label=\"\(label)\" positions=\"[\(key + 1)]\" dtype=\"float16\"")
      }
    }
    let found = try rows("SELECT * FROM word_heatmap").map { $0.split(separator: " ", maxSplits: 1).map(String.init) }
    #expect(found.map { $0[1] }.sorted() == expected.sorted())
    #expect(expected.count == 2 * (8 * 12 + 8 + 8))
    // The ids lead to the maps.
    let wrong = """
      SELECT count(*) FROM word_heatmap AS word, json_each(word.maps) JOIN attention_map AS map ON map.id = json_each.value
      WHERE map.run_id <> word.run_id OR map.step <> word.step OR map.head IS NOT word.head OR map.branch <> word.branch
        OR length(map.data) <> 2 * word.height * word.width * word.keys
      """
    #expect(try value(database.url, wrong) == "0")
  }

  @Test("site_summary counts what is stored of a site")
  func siteSummary() throws {
    func row(
      _ record: String, _ keys: String, _ layer: Int, _ path: String, heads: Int, means: Int, branches: Int, maps: Int,
      bytes: Int, maximum: Double, mass: Double
    ) -> String {
      "experiment=\"first-look\" record=\"\(record)\" of=\"probabilities\" query_axis=\"picture\" key_axis=\"\(keys)\" "
        + "layer=\(layer) path=\"\(path)\" grid=\"6x4\" "
        + "stored_grid=\"3x2\" heads=2 single_heads=\(heads) mean_maps=\(means) branches=\(branches) runs=9 steps=2 "
        + "first_step=0 last_step=20 maps=\(maps) bytes=\(bytes) minimum=0.0 maximum=\(maximum) mass=\(mass)"
    }
    // Values are 0, 1/64, 2/64, ... over 6 cells: their sums over 3, 2, 1 and 6 keys, a cell.
    let (three, two, one, six) = (153.0 / 64 / 6, 66.0 / 64 / 6, 15.0 / 64 / 6, 630.0 / 64 / 6)
    let sites = DocumentedDatabase.sites
    // Eight runs of three words and one of two, two steps, 6 cells, 2 bytes a value; the negative prompt has one word.
    let words = (8 * 3 + 2) * 2 * 6 * 2
    #expect(
      try rows("SELECT * FROM site_summary ORDER BY record, layer") == [
        row(
          "layout", "picture", 11, sites[0].path, heads: 0, means: 18, branches: 1, maps: 18, bytes: 18 * 36 * 4,
          maximum: 35.0 / 64, mass: six),
        row(
          "words", "text", 11, sites[1].path, heads: 0, means: 18 + 16, branches: 2, maps: 18 + 16,
          bytes: words + 8 * 2 * 6 * 2, maximum: 17.0 / 64, mass: (16 * three + 2 * two + 16 * one) / 34),
        row(
          "words", "text", 12, sites[2].path, heads: 2, means: 18, branches: 1, maps: 54, bytes: 3 * words,
          maximum: 17.0 / 64, mass: (16 * three + 2 * two) / 18),
      ])
    let total = try rows("SELECT sum(maps) AS maps, sum(bytes) AS bytes FROM site_summary")
    #expect(total == ["maps=\(try database.store.mapCount()) bytes=\(try database.store.bytesStored())"])
  }

  @Test("comparison sets each metric of a target beside that of the target left alone")
  func comparison() throws {
    let sql = """
      SELECT seed, intervention, source_prompt, prompt, metric, value, none_value, difference FROM comparison
      ORDER BY run_id
      """
    let pair = "source_prompt=\"a red car\" prompt=\"a blue car\" metric=\"ssim\""
    #expect(
      try rows(sql) == [
        "seed=1 intervention=\"none\" \(pair) value=0.5 none_value=0.5 difference=0.0",
        "seed=1 intervention=\"self 4-14\" \(pair) value=0.75 none_value=0.5 difference=0.25",
        "seed=1 intervention=\"uniform self\" \(pair) value=NULL none_value=0.5 difference=NULL",
        "seed=2 intervention=\"none\" \(pair) value=0.25 none_value=0.25 difference=0.0",
        "seed=2 intervention=\"self 4-14\" \(pair) value=0.875 none_value=0.25 difference=0.625",
      ])
    let none = "SELECT count(*) FROM comparison JOIN run ON run.id = none_run_id WHERE run.seed <> comparison.seed"
    #expect(try value(database.url, none) == "0")
  }

  @Test(
    "a run of another setting is no comparison; a target without one stays with NULL",
    arguments: [
      "guidance_scale = 2.5", "num_inference_steps = 5", "scheduler = 'euler'",
      "scheduler_settings = '{\"timestep_spacing\":\"trailing\"}'", "height = 8", "width = 8",
      "negative_prompt_id = NULL",
    ])
  func otherSettings(_ change: String) throws {
    try outside(
      database.url,
      """
      CREATE TEMP TABLE other AS SELECT * FROM setting WHERE id = (SELECT setting_id FROM run WHERE hash = 'none1');
      UPDATE other SET id = 99, \(change);
      INSERT INTO setting SELECT * FROM other;
      """)
    try expectNoComparison("setting_id = 99")
  }

  @Test("a run of another seed or intervention is no comparison", arguments: ["seed = 3", "intervention = 'nothing'"])
  func expectNoComparison(_ change: String) throws {
    try outside(database.url, "UPDATE run SET \(change) WHERE hash = 'none1'")
    let sql = "SELECT none_run_id, none_value, difference FROM comparison WHERE hash = 'self4141'"
    #expect(try rows(sql) == ["none_run_id=NULL none_value=NULL difference=NULL"])
    #expect(try value(database.url, "SELECT difference FROM comparison WHERE hash = 'self4142'") == "0.625")
  }

  /// A source whose targets fill several groups is a run of its own in each, and `none` is in one of them.
  @Test("a target is compared with none of another group, of the same source prompt, and has one row for each metric")
  func severalGroups() throws {
    let columns = "hash, group_hash, setting_id, seed, calls, role, intervention, prompt_id, source_run_id, status"
    try outside(
      database.url,
      """
      INSERT INTO run (\(columns))
        SELECT hash || 'b', group_hash || 'b', setting_id, seed, calls, role, intervention, prompt_id, NULL, status
        FROM run WHERE hash IN ('source1', 'source2');
      INSERT INTO run (\(columns))
        SELECT 'late' || target.seed, source.group_hash, target.setting_id, target.seed, target.calls, 'target', 'late',
          target.prompt_id, source.id, 'done'
        FROM run AS target JOIN run AS source ON source.hash = 'source' || target.seed || 'b'
        WHERE target.intervention = 'none' AND target.role = 'target';
      INSERT INTO plan_run (plan_id, position, run_hash)
        SELECT (SELECT max(id) FROM plan), 100 + id, hash FROM run WHERE group_hash LIKE '%b';
      INSERT INTO metric (run_id, name, value) SELECT id, 'ssim', 1.0 FROM run WHERE intervention = 'late';
      """)
    let late = "SELECT seed, none_value, difference FROM comparison WHERE intervention = 'late' ORDER BY seed"
    let found = ["seed=1 none_value=0.5 difference=0.5", "seed=2 none_value=0.25 difference=0.75"]
    #expect(try rows(late) == found)
    let repeated = "SELECT count(*) - count(DISTINCT run_id || metric) FROM comparison"
    #expect(try value(database.url, repeated) == "0")
    // Where no plan is written down there may be two.
    try outside(
      database.url,
      """
      DELETE FROM plan;
      INSERT INTO run (\(columns))
        SELECT 'none1b', group_hash, setting_id, seed, calls, role, 'none', prompt_id, source_run_id, status
        FROM run WHERE hash = 'late1';
      """)
    #expect(try rows(late) == found && value(database.url, repeated) == "0")
    // Another source's `none` is another edit.
    try outside(
      database.url,
      """
      DELETE FROM run WHERE hash = 'none1b';
      UPDATE run SET prompt_id = (SELECT prompt_id FROM run WHERE hash = 'dog') WHERE hash = 'source1b';
      """)
    #expect(try rows(late) == ["seed=1 none_value=NULL difference=NULL", found[1]])
  }

  @Test("comparison finds what stands beside a target without looking through the runs")
  func comparisonPlan() throws {
    let steps = try DatabaseQueue(path: database.url.path).inDatabase { db in
      try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN SELECT * FROM comparison").map { $0["detail"] as String? ?? "" }
    }
    #expect(steps.contains { $0.contains("none USING AUTOMATIC") && $0.contains("seed=?") }, "\(steps)")
  }

  @Test("an edit of a single prompt is compared with that prompt left alone")
  func singlePrompts() throws {
    try outside(
      database.url,
      """
      INSERT INTO run (hash, group_hash, setting_id, seed, calls, role, intervention, prompt_id)
      SELECT 'dog2', group_hash, setting_id, seed, calls, 'target', 'zero', prompt_id FROM run WHERE hash = 'dog';
      INSERT INTO metric (run_id, name, value) SELECT id, 'ssim', iif(hash = 'dog', 1.0, 0.75) FROM run WHERE hash LIKE 'dog%'
      """)
    #expect(
      try rows("SELECT hash, source_prompt, none_value, difference FROM comparison WHERE prompt = 'a dog'")
        == ["hash=\"dog2\" source_prompt=NULL none_value=1.0 difference=-0.25"])
  }
}
