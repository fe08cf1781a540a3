import Foundation
import TestSupport
import Testing

/// What `notebooks-md/database.md` tells its readers to type, on a small database of the same shape: in the `sqlite3`
/// shell, in pandas and in Datasette.
@Suite("The page of the database")
struct DatabasePageTests {
  private static let page = Fixtures.repository.appending(path: "notebooks-md/database.md")
  private static let name = "Results/first-look/first-look.sqlite"

  /// The commands of a program in the blocks that begin with ```` ```sh ````; a line that ends in a backslash goes on.
  private static func commands(_ program: String) throws -> [String] {
    let text = try String(contentsOf: page, encoding: .utf8)
    let blocks = text.components(separatedBy: "\n```sh\n").dropFirst().map { $0.components(separatedBy: "\n```")[0] }
    return blocks.joined(separator: "\n").replacing("\\\n", with: "").split(separator: "\n").map(String.init)
      .filter { $0.hasPrefix("\(program) ") }
  }

  /// Runs a command on the database and gives what it printed.
  private func run(_ command: String, on database: URL, input: String = "") throws -> String {
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/bash")
    shell.arguments = ["-c", command.replacing(Self.name, with: database.path)]
    shell.currentDirectoryURL = Fixtures.repository
    let (written, printed) = (Pipe(), Pipe())
    shell.standardInput = written
    shell.standardOutput = printed
    try shell.run()
    try written.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try written.fileHandleForWriting.close()
    let output = try printed.fileHandleForReading.readToEnd().map { String(decoding: $0, as: UTF8.self) } ?? ""
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0, "\(command)")
    return output
  }

  /// Whether a command ends well here: programs that are no part of attnlab may be missing.
  private static func works(_ command: String) -> Bool {
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/bash")
    shell.arguments = ["-c", "\(command) > /dev/null 2>&1"]
    try? shell.run()
    shell.waitUntilExit()
    return shell.terminationStatus == 0
  }

  @Test(
    "the shell answers the query, in a folder that may be written to and as a file that does not change",
    .enabled(if: works("sqlite3 --version"), "the sqlite3 shell is not installed"))
  func shell() throws {
    let database = try DocumentedDatabase()
    try database.store.close()
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    let query = try #require(text.components(separatedBy: "\n```sql\n").dropFirst().first)
      .components(separatedBy: "\n```")[0]
    let commands = try Self.commands("sqlite3")
    try #require(commands.count == 1 && text.contains("`'file:\(Self.name)?immutable=1'`"), "\(commands)")
    for name in [Self.name, "'file:\(Self.name)?immutable=1'"] {
      let answer = try run(commands[0].replacing(Self.name, with: name), on: database.url, input: query)
      #expect(answer.contains("│ self 4-14") && answer.contains("│ 0.438"), "\(answer)")
    }
  }

  @Test(
    "Datasette shows rows and their values", .enabled(if: works("datasette --version"), "datasette is not installed"))
  func datasette() throws {
    let database = try DocumentedDatabase()
    let commands = try Self.commands("datasette").filter { $0.contains("--get") }
    try #require(commands.count == 2, "\(commands)")
    for command in commands {
      let answer = try JSONSerialization.jsonObject(with: Data(run(command, on: database.url).utf8))
      let rows = try #require(answer as? [[String: Any]])
      #expect(!rows.isEmpty)
      for row in rows { #expect(row.values.allSatisfy { !($0 is NSNull) }, "\(command): \(row)") }
    }
  }

  @Test(
    "the script finds the maps of a word",
    .enabled(if: works("python3 -c 'import numpy, pandas'"), "numpy and pandas are not installed"))
  func script() throws {
    let database = try DocumentedDatabase()
    let commands = try Self.commands("python3 Experiments/pandas/heatmaps.py")
    try #require(commands.count == 1, "\(commands)")
    let answer = try run(commands[0] + " --grid 6x4", on: database.url)
    #expect(answer.contains("Maps of \"car\" at sites of 6x4 cells: 32 of 8 runs, layers 11, 12, 2 steps"), "\(answer)")
  }

  @Test(
    "the script sets each target beside its own source alone, where prompts and seeds are made in two settings",
    .enabled(if: works("python3 -c 'import numpy, pandas'"), "numpy and pandas are not installed"))
  func scriptOfTwoSettings() throws {
    let database = try DocumentedDatabase()
    try outside(
      database.url,
      """
      INSERT INTO setting
        SELECT 99, 'guidance_scale=2', num_inference_steps, 2.0, scheduler, scheduler_settings, height, width,
          negative_prompt_id
        FROM setting WHERE id = (SELECT setting_id FROM run WHERE hash = 'none1');
      INSERT INTO run (id, hash, group_hash, setting_id, seed, calls, role, intervention, prompt_id, source_run_id,
          status)
        SELECT id + 100, hash || 'x', group_hash || 'x', 99, seed, calls, role, intervention, prompt_id,
          source_run_id + 100, status
        FROM run WHERE hash <> 'dog';
      INSERT INTO plan_run SELECT plan_id, position + 100, run_hash || 'x' FROM plan_run;
      INSERT INTO attention_map (run_id, record_id, site_id, step, timestep, branch, head, height, width, keys, minimum,
          maximum, mean, mass, dtype, codec, data)
        SELECT run_id + 100, record_id, site_id, step, timestep, branch, head, height, width, keys, minimum, maximum,
          mean, mass, dtype, codec, data
        FROM attention_map WHERE run_id + 100 IN (SELECT id FROM run);
      """)
    let command = try #require(try Self.commands("python3 Experiments/pandas/heatmaps.py").first)
    let answer = try run(command + " --grid 6x4", on: database.url)
    #expect(answer.contains("64 of 16 runs"), "\(answer)")
    // Two seeds in two settings; the lines of a head come first.
    let table = try #require(answer.components(separatedBy: "by intervention:\n").dropFirst().first)
      .components(separatedBy: "\n\n")[0]
    let counts = table.split(separator: "\n").dropFirst(2).map { $0.split(separator: " ").last }
    #expect(counts == ["4", "4", "4"], "\(answer)")
  }
}
