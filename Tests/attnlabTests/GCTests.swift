import AttentionStore
import Foundation
import StoreTestSupport
import TestSupport
import Testing

/// `attnlab gc`.
@Suite struct GCTests {
  private let seeds = experiment("seeds: [1]", with: "seeds: [1, 2, 3]")

  private func withResults(_ body: (Program, URL) throws -> Void) throws {
    try Program.inFolder { (program) throws -> Void in
      try program.write(seeds, to: "small.yaml")
      let outcome = try program("run", "small.yaml")
      try #require(outcome.code == 0, "\(outcome.errors)")
      try body(program, program.folder.appending(path: "Results/small/small.sqlite"))
    }
  }

  private func size(_ url: URL) throws -> Int { try Data(contentsOf: url).count }

  /// Sets the age of a run's picture.
  private func age(_ run: StoredRun, days: Double, _ program: Program) throws {
    let picture = program.folder.appending(path: "Results/small/runs/\(run.run.hash.prefix(16))/picture.png")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -days * 86400)], ofItemAtPath: picture.path)
  }

  @Test func removesRunsWithTheirFilesAndShrinksTheFile() throws {
    try withResults { program, database in
      let before = try StoredContents(database)
      let size = try size(database)
      let dry = try program("gc", "small", "--seed", "2", "--dry-run")
      #expect(dry.code == 0 && dry.output.contains("small: would remove 3 runs, about "), "\(dry.errors)")
      #expect(try StoredContents(database) == before)

      let outcome = try program("gc", "small", "--seed", "2", "--intervention", "source", "--json")
      #expect(outcome.code == 0, "\(outcome.errors)")
      let json = try outcome.json()
      let entry = try #require((json["experiments"] as? [[String: Any]])?.first)
      let runs = try #require(entry["runs"] as? [[String: Any]])
      // Targets go with their source.
      #expect(runs.map { $0["selected"] as? Bool } == [true, false, false])
      #expect(runs.allSatisfy { $0["seed"] as? Int == 2 })
      let shrunk = size - (try self.size(database))
      #expect(shrunk > size / 5, "\(size) bytes before, \(shrunk) less after")
      #expect(try #require(json["bytes_freed"] as? Int) > shrunk)
      #expect(json["dry_run"] as? Bool == false)

      let after = try StoredContents(database)
      #expect(after.problems == [])
      #expect(after.runs == before.runs.filter { $0.run.seed != 2 })
      let kept = Set(after.runs.map(\.id))
      #expect(after.maps == before.maps.filter { kept.contains($0.run) })
      let folders = try FileManager.default.contentsOfDirectory(atPath: "\(program.folder.path)/Results/small/runs")
      #expect(Set(folders) == Set(after.runs.map { String($0.run.hash.prefix(16)) }))

      // What the file still asks for is made again, with the same pictures and maps.
      let again = try program("run", "small.yaml", "--json")
      #expect(try again.json()["runs_made"] as? Int == 3)
      let whole = try StoredContents(database)
      #expect(whole.problems == [])
      func values(_ contents: StoredContents) -> Set<Data> { Set(contents.maps.map(\.data)) }
      #expect(values(whole) == values(before) && whole.maps.count == before.maps.count)
      func sums(_ contents: StoredContents) -> Set<Artifact> { Set(contents.artifacts.joined()) }
      #expect(sums(whole) == sums(before))
    }
  }

  /// One run of a group goes alone, and is made again beside the others, which stay.
  @Test func removesASingleRun() throws {
    try withResults { program, database in
      let before = try StoredContents(database)
      let outcome = try program("gc", "small", "--seed", "2", "--intervention", "swap")
      #expect(outcome.code == 0 && outcome.output.contains("small: removed 1 run, freed "), "\(outcome.output)")
      let list = try #require(outcome.output.split(separator: "\n").first { $0.contains("swap") })
      #expect(list.contains("selected") && list.contains("done"))
      let after = try StoredContents(database)
      #expect(after.runs == before.runs.filter { $0.run.seed != 2 || $0.run.intervention != "swap" })
      let again = try program("run", "small.yaml", "--json")
      #expect(try again.json()["runs_made"] as? Int == 1 && again.json()["runs_kept"] as? Int == 8)
      let whole = try StoredContents(database)
      #expect(whole.problems == [])
      func values(_ contents: StoredContents) -> [Data] {
        contents.maps.map(\.data).sorted { $0.hashValue < $1.hashValue }
      }
      #expect(values(whole) == values(before))
      #expect(Set(whole.artifacts.joined()) == Set(before.artifacts.joined()))
    }
  }

  @Test func whatTheLastPlanDoesNotHave() throws {
    try withResults { program, database in
      let changed = experiment("seeds: [1]", with: "seeds: [3, 4]")
      try program.write(changed, to: "changed.yaml")
      let plan = try program("plan", "changed.yaml", "--json")
      let share = try #require(try plan.json()["stored"] as? [String: Int])
      #expect(share == ["done": 3, "failed": 0, "unfinished": 0, "new": 3, "other_runs": 6])
      let text = try program("plan", "changed.yaml")
      #expect(text.output.contains("6: 3 stored, 3 new\n") && text.output.contains("6 stored runs of other plans\n"))
      let run = try program("run", "changed.yaml")
      #expect(run.output.contains("made 3 runs in ") && run.output.contains("; 3 runs were stored already\n"))
      #expect(run.output.contains("\n6 runs of other plans stay stored\n"))
      let show = try program("show", "small")
      #expect(show.output.contains("6 runs of other plans are stored too; this is of the plan that was begun last\n"))
      let note = "note: small: 6 runs of other plans are stored too; this is of the plan that was begun last\n"
      for arguments in [["figures", "small"], ["maps", "stats", "small", "--out", "maps"]] {
        let outcome = try program.run(arguments)
        #expect(outcome.code == 0 && outcome.errors.contains(note), "\(arguments): \(outcome.errors)")
      }
      #expect(try program("gc", "small", "--other-plans", "--dry-run").output.contains("would remove 6 runs"))
      #expect(try program("gc", "small", "--other-plans").output.contains("removed 6 runs"))
      #expect(Set(try StoredContents(database).runs.map(\.run.seed)) == [3, 4])
      #expect(try program("gc", "small", "--other-plans").output.contains("removed 0 runs"))
      #expect(
        try program("run", "changed.yaml").output.hasPrefix("nothing to compute; 6 runs were stored already\nreport"))
    }
  }

  @Test func byAge() throws {
    try withResults { program, database in
      let runs = try StoredContents(database).runs
      for run in runs where run.run.seed == 3 { try age(run, days: 40, program) }
      let none = try program("gc", "--older-than", "41")
      #expect(none.code == 0 && none.output.contains("small: removed 0 runs"), "\(none.output)\(none.errors)")
      let outcome = try program("gc", "--older-than", "39.5")
      #expect(outcome.code == 0 && outcome.output.contains("small: removed 3 runs, freed "), "\(outcome.output)")
      #expect(try StoredContents(database).runs == runs.filter { $0.run.seed != 3 })
    }
  }

  @Test func withoutAConditionOnlyWhatNoRunNeeds() throws {
    try withResults { program, database in
      let before = try StoredContents(database)
      let runs = "\(program.folder.path)/Results/small/runs"
      for name in ["0123456789abcdef", "notes"] {
        try FileManager.default.createDirectory(atPath: "\(runs)/\(name)", withIntermediateDirectories: true)
        try program.write("text", to: "Results/small/runs/\(name)/file.txt")
      }
      // More folders than the program may have files open.
      for number in 0..<200 {
        try FileManager.default.createDirectory(atPath: "\(runs)/notes-\(number)", withIntermediateDirectories: true)
      }
      let outcome = try program.shell("ulimit -n 64; exec $attnlab gc")
      #expect(outcome.code == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("0123456789abcdef  in no database"))
      #expect(outcome.output.contains("small: removed 0 runs and 1 folder of no run, freed "))
      #expect(!FileManager.default.fileExists(atPath: "\(runs)/0123456789abcdef"))
      #expect(FileManager.default.fileExists(atPath: "\(runs)/notes"), "is no folder of attnlab's")
      #expect(try StoredContents(database) == before)
      #expect(try program("gc", "--failed").output.contains("small: removed 0 runs, freed "))
      // Where there is nothing to give back the database is not written anew.
      let past = Date(timeIntervalSince1970: 1_000_000_000)
      try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: database.path)
      #expect(try program("gc").code == 0)
      let attributes = try FileManager.default.attributesOfItem(atPath: database.path)
      #expect(attributes[.modificationDate] as? Date == past)
      // Nor does a run need a file for each folder.
      let run = try program.shell("ulimit -n 64; exec $attnlab run small.yaml")
      #expect(run.code == 0 && run.output.hasPrefix("nothing to compute"), "\(run.errors)")
    }
  }

  @Test func wrongUse() throws {
    try withResults { program, _ in
      let name = try program("gc", "small", "--intervention", "swpa")
      #expect(name.code == 2)
      #expect(
        name.errors.hasPrefix(
          "error: --intervention: no run has the intervention \"swpa\"; there are none, source, swap\n"))
      let days = try program("gc", "--older-than=-1")
      #expect(days.code == 2 && days.errors.contains("--older-than: expected a number of days, 0 or more; found -1.0"))
      let missing = try program("gc", "smal")
      #expect(missing.code == 2 && missing.errors.contains("no results of \"smal\""))
    }
  }
}
