import Foundation
import GRDB
import TestSupport
import Testing

/// Results that were made to do harm: whatever their database, links and journals say, nothing outside their folder changes.
@Suite(.serialized) struct HostileResultsTests {
  private static let experiment = """
    version: 1
    name: tiny
    model: emoji-scenes
    generate:
      pairs: [{ source: a red car, target: a blue car }]
      seeds: [1]
      num_inference_steps: 2
      height: 64
      width: 64
    record:
      - { name: words, sites: "cross:mid", dtype: fp16 }
    interventions:
      none: []
    metrics: [psnr]
    figures: [side_by_side]

    """

  /// Sound results, made once: a folder that holds `tiny`.
  private static let sound = Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "attnlab-hostile-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let program = Program(folder: folder)
    try program.write(experiment, to: "tiny.yaml")
    let outcome = try program("run", "tiny.yaml", "--results", "sound")
    try #require(outcome.code == 0, "\(outcome.errors)")
    return folder.appending(path: "sound")
  }

  /// A way to spoil results, and what `attnlab run` or `gc` says of them.
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    /// Of the message; nil where the results can be used.
    let message: String?
    let spoil: @Sendable (_ tiny: URL) throws -> Void

    /// An entry of the results becomes a link that leads out, or a second name of a file outside.
    static func link(_ name: String, to target: String, isHard: Bool = false, message: String? = nil) -> Case {
      Case(testDescription: "\(name) \(isHard ? "shares a file with" : "->") \(target)", message: message) { tiny in
        let entry = tiny.appending(path: name)
        try FileManager.default.createDirectory(
          at: entry.deletingLastPathComponent(), withIntermediateDirectories: true)
        try? FileManager.default.removeItem(at: entry)
        let precious = tiny.deletingLastPathComponent().appending(path: "precious/\(target)")
        if isHard {
          try FileManager.default.linkItem(at: precious, to: entry)
        } else {
          try FileManager.default.createSymbolicLink(at: entry, withDestinationURL: precious)
        }
      }
    }

    static func sql(_ statement: String, _ message: String) -> Case {
      Case(testDescription: statement, message: message) { tiny in
        try DatabaseQueue(path: tiny.appending(path: "tiny.sqlite").path).inDatabase { try $0.execute(sql: statement) }
      }
    }

    private static func run(_ hash: String, group: String = "g") -> String {
      """
      INSERT INTO run (hash, group_hash, setting_id, seed, calls, role, intervention, prompt_id)
      SELECT '\(hash)', '\(group)', setting_id, 1, calls, 'source', 'none', prompt_id FROM run LIMIT 1
      """
    }

    static let names = [
      sql(run("../../precious"), "hash is \"../../precious\", expected"),
      sql(run("../.."), "hash is \"../..\", expected"),
      sql(run("/xxxxxxxxxxxxxxx"), "hash is \"/xxxxxxxxxxxxxxx\", expected"), sql(run("."), "hash is \".\", expected"),
      sql(run("x", group: "../../precious"), "group_hash is \"../../precious\", expected"),
      sql("UPDATE artifact SET path = '../precious/notes.txt'", "path is \"../precious/notes.txt\", expected runs/"),
      sql("UPDATE artifact SET path = '/etc/passwd'", "path is \"/etc/passwd\", expected runs/"),
      sql(
        "UPDATE artifact SET kind = 'predicted-../../x' WHERE kind = 'latents'",
        "kind is \"predicted-../../x\", expected"),
    ]

    private static let isLink = ": is a link, and attnlab follows no link inside a results folder."
    static let links = [
      link("tiny.sqlite", to: "tiny.sqlite", message: "tiny.sqlite\(isLink)"),
      link("tiny.sqlite.lock", to: "notes.txt", message: "tiny.sqlite.lock\(isLink)"),
      link("tiny.sqlite.lock", to: "notes.txt", isHard: true, message: "tiny.sqlite.lock: the file has 2 names"),
      link("tiny.sqlite.lock", to: "nothing", message: "tiny.sqlite.lock\(isLink)"),
      link("tiny.sqlite-wal", to: "notes.txt", message: "tiny.sqlite-wal\(isLink)"),
      link("tiny.sqlite-shm", to: "notes.txt", message: "tiny.sqlite-shm\(isLink)"),
      link("tiny.sqlite-shm", to: "notes.txt", isHard: true, message: "tiny.sqlite-shm: the file has 2 names"),
      link("tables", to: "", message: "tables\(isLink)"), link("figures", to: "", message: "figures\(isLink)"),
      link("probes", to: "", message: "probes\(isLink)"),
      link("runs", to: "", message: "runs\(isLink)"), link("runs", to: "nothing", message: "runs\(isLink)"),
      link("report.md", to: "notes.txt", message: "report.md\(isLink)"),
      link("manifest.json", to: "notes.txt", message: "manifest.json\(isLink)"),
      link("figures/side_by_side.png", to: "picture.png", message: "figures/side_by_side.png\(isLink)"),
      link("tables/runs.csv", to: "runs.csv", message: "tables/runs.csv\(isLink)"),
      // Nothing is written there, and what is removed is the link.
      link("figures/side_by_side-9.png", to: "side_by_side-9.png"),
      link("runs/0123456789abcdef", to: "0123456789abcdef"),
      link("export", to: ""),
    ]

    static let others = [
      sql(
        "CREATE TRIGGER x AFTER INSERT ON metric BEGIN UPDATE metric SET value = 0.999; END; DELETE FROM metric",
        "has the trigger \"x\" on \"metric\""),
      Case(testDescription: "a rollback journal", message: "a rollback journal, ") { tiny in
        try Data("anything".utf8).write(to: tiny.appending(path: "tiny.sqlite-journal"))
      },
    ]
  }

  /// Everything below a folder: what each path is, and the bytes of files.
  private func contents(_ folder: URL) throws -> [String: Data] {
    let paths = FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []
    return Dictionary(
      uniqueKeysWithValues: paths.map { path in
        (path, (try? Data(contentsOf: folder.appending(path: path))) ?? Data("no file".utf8))
      })
  }

  @Test(arguments: Case.names + Case.links + Case.others)
  func nothingOutsideChanges(_ spoiled: Case) throws {
    let sound = try Self.sound.get()
    try Program.inFolder { (program) throws -> Void in
      try program.write(Self.experiment, to: "tiny.yaml")
      let (tiny, precious) = (
        program.folder.appending(path: "out/tiny"), program.folder.appending(path: "out/precious")
      )
      try FileManager.default.createDirectory(
        at: precious.appending(path: "0123456789abcdef"), withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: sound.appending(path: "tiny"), to: tiny)
      for name in ["notes.txt", "runs.csv", "side_by_side-9.png", "0123456789abcdef/notes.txt"] {
        try program.write("a year of work\n", to: "out/precious/\(name)")
      }
      let run = try #require(try FileManager.default.contentsOfDirectory(atPath: tiny.path + "/runs").first)
      for (from, to) in [("tiny.sqlite", "tiny.sqlite"), ("runs/\(run)/picture.png", "picture.png")] {
        try FileManager.default.copyItem(at: tiny.appending(path: from), to: precious.appending(path: to))
      }
      try spoiled.spoil(tiny)
      let before = try contents(precious)

      let first = try program("run", "tiny.yaml", "--results", "out")
      #expect(try contents(precious) == before, "\(first.errors)")
      // A run of no plan is nothing to `run`; `gc` reads every row.
      let second = try program("gc", "--results", "out")
      let problems = [first, second].filter { $0.code != 0 }.map(\.errors)
      if let message = spoiled.message {
        #expect(
          problems.contains { $0.contains(message) } && !problems.contains { $0.contains("Allow writing") },
          "\(problems)")
      } else {
        #expect(problems.isEmpty)
      }
      for arguments in [
        ["figures", "tiny"], ["show", "tiny"],
        ["compare", "tiny", "--samples", "100"],
        ["export", "tiny", "--run", String(run.prefix(8)), "--out", "out/tiny/export", "--format", "npy"],
        ["gc", "tiny", "--seed", "1"], ["run", "tiny.yaml"],
      ] {
        let outcome = try program.run(arguments + ["--results", "out"])
        let now = try contents(precious)
        #expect(now == before, "attnlab \(arguments): \(outcome.output)\(outcome.errors)")
      }
    }
  }

  /// A run whose folder, or whose file, is a link: it is not written through; `gc` removes the link.
  @Test(arguments: ["", "/picture.png", "/latents.safetensors"])
  func linksOfARun(place: String) throws {
    let sound = try Self.sound.get()
    try Program.inFolder { (program) throws -> Void in
      try program.write(Self.experiment, to: "tiny.yaml")
      let tiny = program.folder.appending(path: "out/tiny")
      try FileManager.default.createDirectory(
        at: tiny.deletingLastPathComponent().appending(path: "precious"), withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: sound.appending(path: "tiny"), to: tiny)
      let run = try #require(try FileManager.default.contentsOfDirectory(atPath: tiny.path + "/runs").first)
      let entry = tiny.appending(path: "runs/\(run)\(place)")
      let target = program.folder.appending(path: "out/precious/kept")
      try FileManager.default.moveItem(at: entry, to: target)
      try FileManager.default.createSymbolicLink(at: entry, withDestinationURL: target)
      let before = try contents(target.deletingLastPathComponent())
      for arguments in [
        ["figures", "tiny"], ["compare", "tiny", "--samples", "100"], ["show", "tiny"], ["run", "tiny.yaml"],
      ] {
        let outcome = try program.run(arguments + ["--results", "out"])
        if arguments[0] == "run" {
          let isNamed = outcome.errors.contains("runs/\(run)\(place): is a link")
          #expect(outcome.code == (isNamed ? 1 : 0), "\(outcome.errors)")
        }
        let now = try contents(target.deletingLastPathComponent())
        #expect(now == before, "attnlab \(arguments): \(outcome.errors)")
      }
      #expect(try program("gc", "tiny", "--seed", "1", "--results", "out").code == 0)
      #expect(try contents(target.deletingLastPathComponent()) == before)
      let again = try program("run", "tiny.yaml", "--results", "out")
      #expect(again.code == 0, "\(again.errors)")
      #expect(try contents(target.deletingLastPathComponent()) == before)
    }
  }

  /// What commands are told to write inside results goes through no link there; elsewhere a path is what its user typed.
  @Test func outputsOfCommands() throws {
    let sound = try Self.sound.get()
    try Program.inFolder { (program) throws -> Void in
      let tiny = program.folder.appending(path: "out/tiny")
      let precious = program.folder.appending(path: "precious")
      for folder in [tiny.deletingLastPathComponent(), precious] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      }
      try FileManager.default.copyItem(at: sound.appending(path: "tiny"), to: tiny)
      try program.write("a year of work\n", to: "precious/notes.txt")
      func link(_ place: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
          at: program.folder.appending(path: place), withDestinationURL: program.folder.appending(path: target))
      }
      for (name, target) in [("folder", ""), ("file", "/notes.txt"), ("file.png", "/notes.txt"), ("nothing", "/none")] {
        try link("out/tiny/\(name)", to: "precious\(target)")
      }
      let before = try contents(precious)
      let picture = ["generate", "--prompt", "a dog", "--steps", "1"]
      let measure = ["measure", Fixtures.folder.appending(path: "pictures/two-0.png").path]
      let compare = ["compare", "tiny", "--results", "out", "--samples", "100"]
      let maps = ["maps", "daam", "tiny", "--results", "out", "--words", "car"]
      for (arguments, place) in [
        (compare + ["--csv"], "folder/x.csv"), (compare + ["--csv"], "file"), (compare + ["--chart"], "folder/x.png"),
        (maps + ["--out"], "folder"), (maps + ["--out"], "folder/new"), (maps + ["--out"], "nothing"),
        (maps + ["--out", "views", "--csv"], "file"), (picture + ["--out"], "folder/x.png"),
        (picture + ["--out"], "file.png"), (picture + ["--out", "x.png", "--latents-out"], "nothing"),
        (["heatmap", "a dog", "--steps", "1", "--out"], "folder"), (measure + ["--masks"], "folder/new"),
        (measure + ["--figures"], "folder"), (["bench", "step", "--output"], "file"),
      ] {
        let outcome = try program.run(arguments + ["out/tiny/\(place)"])
        let isRefused = outcome.code != 0 && (outcome.errors.contains("link") || place == "nothing")
        #expect(isRefused, "attnlab \(arguments) \(place): \(outcome.code) \(outcome.errors)")
        let now = try contents(precious)
        #expect(now == before, "attnlab \(arguments) \(place)")
      }
      #expect(program.files.filter { !$0.hasPrefix("out") && !$0.hasPrefix("precious") } == [])

      try link("shortcut", to: "precious")
      try link("shortcut.png", to: "precious/notes.txt")
      for place in ["shortcut/x.png", "shortcut.png"] {
        let outcome = try program.run(picture + ["--out", place])
        #expect(outcome.code == 0, "\(outcome.errors)")
      }
      let (notes, new) = (try contents(precious)["notes.txt"], try contents(precious)["x.png"])
      #expect(notes == new && new != nil)
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(program.folder.path)/shortcut.png") != "")
    }
  }

  /// The user's own: an experiment's folder that is a link, and the results' folder.
  @Test func theFolderItselfMayBeALink() throws {
    let sound = try Self.sound.get()
    try Program.inFolder { (program) throws -> Void in
      try program.write(Self.experiment, to: "tiny.yaml")
      try FileManager.default.createDirectory(
        at: program.folder.appending(path: "disk/results"), withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        at: sound.appending(path: "tiny"), to: program.folder.appending(path: "disk/elsewhere"))
      for (link, target) in [("disk/results/tiny", "../elsewhere"), ("out", "disk/results")] {
        try FileManager.default.createSymbolicLink(
          atPath: program.folder.appending(path: link).path, withDestinationPath: target)
      }
      for arguments in [
        ["run", "tiny.yaml"], ["figures", "tiny"], ["gc", "tiny", "--seed", "1"], ["run", "tiny.yaml"],
      ] {
        let outcome = try program.run(arguments + ["--results", "out"])
        #expect(outcome.code == 0, "attnlab \(arguments): \(outcome.errors)")
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: program.folder.path + "/disk/elsewhere").sorted()
      #expect(names == ["figures", "manifest.json", "report.md", "runs", "tables", "tiny.sqlite"])
    }
  }
}
