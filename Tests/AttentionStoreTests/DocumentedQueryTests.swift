import Foundation
import GRDB
import TestSupport
import Testing

@testable import AttentionStore

/// Every query of `AttentionStore.md` does what the page says.
@Suite("Documented queries")
struct DocumentedQueryTests {
  /// Of the page's queries, in its order.
  private static let columns = [
    "status runs",
    "id model runs stored done",
    "id source_prompt prompt seed intervention status",
    "intervention name mean n",
    "source_prompt prompt seed intervention value none_value difference",
    "intervention metric mean_difference n",
    "layer step mass runs",
    "step head grid maps key",
    "step height width keys key dtype data",
    "seed layer step plain_maps edited_maps",
    "position piece role word",
    "text key label positions",
    "record key_axis layer stored_grid heads single_heads steps runs maps mass megabytes",
    "record of sites maps bytes",
    "path maps bytes",
    "step timestep height width keys dtype minimum maximum mass",
    "prompt seed intervention path",
    "label num_inference_steps guidance_scale scheduler scheduler_settings size runs",
    "spec",
  ]

  private static func page() throws -> String {
    try String(
      contentsOf: Fixtures.repository.appending(path: "Sources/AttentionStore/AttentionStore.docc/AttentionStore.md"),
      encoding: .utf8)
  }

  /// What stands between lines of three backquotes, the first of which says `sql`.
  private static func queries(_ page: String) -> [String] {
    page.components(separatedBy: "\n```sql\n").dropFirst().map { $0.components(separatedBy: "\n```")[0] }
  }

  @Test("each gives the columns expected of it, and rows of the database that the page speaks of")
  func queries() throws {
    let database = try DocumentedDatabase()
    let queries = Self.queries(try Self.page())
    #expect(queries.count == Self.columns.count)
    try DatabaseQueue(path: database.url.path).inDatabase { db in
      for (query, columns) in zip(queries, Self.columns) {
        let statement = try db.makeStatement(sql: query)
        #expect(statement.isReadonly, "\(query)")
        #expect(statement.columnNames.joined(separator: " ") == columns, "\(query)")
        #expect(try !Row.fetchAll(statement).isEmpty, "\(query)")
      }
    }
  }

  @Test("the page names the schema's version, and reads the largest seed as it is")
  func versionAndSeeds() throws {
    let page = try Self.page()
    #expect(page.contains("its `user_version` is the number of the schema, \(StoreSchema.version)."))
    #expect(page.contains("`application_id` is 0x\(String(UInt32(bitPattern: StoreSchema.applicationID), radix: 16)) "))
    #expect(page.contains("`printf('%u', seed)` is the seed"))
    let fixture = try Fixture()
    let run = Samples.run("large", prompt: fixture.prompts[0], seed: .max)
    _ = try fixture.store.beginGroup(hash: "seeds", runs: [run])
    #expect(try fixture.store.runs(RunFilter(seed: .max)).map(\.run) == [run])
    try DatabaseQueue(path: fixture.folder.database.path).inDatabase { db in
      let texts = try String.fetchAll(db, sql: "SELECT printf('%u', seed) FROM run WHERE seed = -1")
      #expect(texts == ["18446744073709551615"])
    }
  }

  @Test("the page names every column of every table and view")
  func tables() throws {
    let database = try DocumentedDatabase()
    // The table's row of each object: `| `name` | a row is | columns |`.
    let lines = try Self.page().split(separator: "\n").filter { $0.hasPrefix("| `") }
    let described = Dictionary(
      lines.map { line in
        let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        // Names in parentheses are values, not columns.
        let columns = cells[2].replacing(/\([^)]*\)/, with: "").split(separator: ",").map {
          $0.trimmingCharacters(in: CharacterSet(charactersIn: "` "))
        }
        return (cells[0].trimmingCharacters(in: CharacterSet(charactersIn: "`")), columns)
      }, uniquingKeysWith: { first, _ in first })
    try DatabaseQueue(path: database.url.path).inDatabase { db in
      let objects = try String.fetchAll(
        db, sql: "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
      #expect(described.keys.sorted() == objects)
      for object in objects where object != "planned_run" {
        let columns = try String.fetchAll(db, sql: "SELECT name FROM pragma_table_info(?)", arguments: [object])
        let own = object == "experiment" ? columns.filter { $0 != "id" } : columns
        #expect(described[object] == own, "\(object)")
      }
    }
  }
}
