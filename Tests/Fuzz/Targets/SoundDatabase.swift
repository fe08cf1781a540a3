import Attention
import AttentionStore
import ExperimentFiles
import Foundation
import GRDB
import Pipelines
import Planning
import Running
import Schedulers
import Tensors

/// A small database as `run` leaves it, in pages of 1 KiB, and a twin of it whose tables take any value.
struct SoundDatabase: Sendable {
  /// The file.
  let bytes: [UInt8]
  /// The file with tables that are not STRICT and have no CHECK.
  let untyped: [UInt8]
  /// What `sqlite_schema` says of the sound tables.
  private let schema: [String: String]
  private let columns: [(table: String, column: String)]

  init(_ files: ScratchFiles) throws {
    let url = files.url("sound.sqlite")
    files.remove("sound.sqlite")
    try Self.fill(url)
    let queue = try DatabaseQueue(path: url.path)
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA journal_mode = DELETE; PRAGMA page_size = 1024; VACUUM")
    }
    bytes = Array(try Data(contentsOf: url))
    (schema, columns) = try queue.read { db in
      let tables = try Row.fetchAll(db, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
      let names = tables.map { $0["name"] as String }.sorted()
      let columns = try names.flatMap { table in try db.columns(in: table).map { (table, $0.name) } }
      return (Dictionary(uniqueKeysWithValues: tables.map { ($0["name"], $0["sql"]) }), columns)
    }
    let loose = schema.mapValues(Self.withoutRules)
    try Self.rewrite(queue, loose)
    try queue.close()
    untyped = Array(try Data(contentsOf: url))
  }

  // MARK: Damage

  /// The sound file with other bytes at some places: each is three bytes of place, one of length, and what to put there.
  func patched(_ input: inout FuzzBytes) -> [UInt8] {
    var file = bytes
    while !input.isEmpty {
      let place = Int(input.byte() & 3) << 16 | Int(input.byte()) << 8 | Int(input.byte())
      for offset in 0...input.choice(8) { file[(place + offset) % file.count] = input.byte() }
    }
    return file
  }

  /// Puts values of any kind into columns of the untyped twin, and the sound schema's text back over them.
  func fill(_ url: URL, _ input: inout FuzzBytes) {
    do {
      let queue = try DatabaseQueue(path: url.path)
      try queue.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; BEGIN")
        while !input.isEmpty {
          let (table, column) = input.element(columns)
          let row = input.choice(16)
          let place = row < 12 ? "LIMIT 1 OFFSET \(row % 4)" : ""
          let sql =
            "UPDATE OR IGNORE \(table) SET \(column) = ? WHERE \(column) IN (SELECT \(column) FROM \(table) \(place))"
          // A row's id takes nothing but whole numbers.
          try? db.execute(sql: sql, arguments: [value(&input)])
        }
        try db.execute(sql: "COMMIT")
      }
      try Self.rewrite(queue, schema)
      try queue.close()
    } catch {
      fatalError("the database cannot be filled: \(error)")
    }
  }

  private func value(_ input: inout FuzzBytes) -> DatabaseValue {
    switch input.choice(8) {
    case 0: .null
    case 1: input.integer().databaseValue
    case 2: (Double(input.number()) ?? .infinity).databaseValue
    case 3: Data((0..<input.choice(64)).map { _ in input.byte() }).databaseValue
    case 4: input.text().databaseValue
    case 5: input.element(Self.texts).databaseValue
    default: input.choice(8).databaseValue
    }
  }

  private static let texts = [
    "[]", "[0, 1]", "[-1]", "[9223372036854775807]", "[\"a\"]", "cross", "self", "source", "target", "word", "start",
    "done",
    "raw", "float16", "unconditional", "2024-01-01T00:00:00Z", "none", "words", "../../../etc/passwd", "picture",
    "0000000000000000", "nan", "<end>", "a red car", "pndm",
  ]

  // MARK: Making

  private static func withoutRules(_ sql: String) -> String {
    // A column of no type keeps what it is given; one of type INTEGER would make a number of a text.
    let rules = [
      ("[)] STRICT, WITHOUT ROWID", ") WITHOUT ROWID"), ("[)] STRICT", ")"), ("(?<! IS) NOT NULL", ""),
      ("CHECK [(]", "CHECK (1 OR "), (" (INTEGER|TEXT|REAL|BLOB)\\b(?! PRIMARY KEY)", ""),
    ]
    return rules.reduce(sql) { text, rule in
      text.replacingOccurrences(of: rule.0, with: rule.1, options: .regularExpression)
    }
  }

  private static func rewrite(_ queue: DatabaseQueue, _ tables: [String: String]) throws {
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA writable_schema = ON")
      for (name, sql) in tables {
        try db.execute(
          sql: "UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?", arguments: [sql, name])
      }
      try db.execute(sql: "PRAGMA writable_schema = RESET")
    }
  }

  private static let experiment = """
    version: 1
    name: small
    model: emoji-scenes
    generate: { pairs: [{ source: a red car, target: a blue car }], seeds: [1, 2], num_inference_steps: 2, guidance_scale: 5 }
    record: [{ name: words, sites: "cross:*" }, { name: heads, sites: "*:*", heads: all }]
    interventions: { none: [], swap: [{ op: replace, sites: "self:*" }] }
    metrics: [psnr, ssim]
    figures: [word_heatmaps, layer_step_grid, self_attention]
    """

  private static let sites = AttentionKind.allCases.enumerated().map { index, kind in
    let grid = AttentionAxis.picture(height: 2, width: 2)
    return AttentionSite(
      index: index, path: "down_blocks.0.attentions.0.transformer_blocks.0.attn\(index + 1)", layer: 1, heads: 2,
      queries: grid, keys: kind == .cross ? .text(tokens: 77) : grid, latentHeight: 2, latentWidth: 2)
  }

  private static func tokens(_ prompt: String) -> PromptTokens {
    let words = prompt.split(separator: " ").map(String.init)
    var tokens = [PromptTokens.Token(id: 0, piece: "<|startoftext|>", role: .start)]
    tokens += words.enumerated().map { .init(id: $0 + 1, piece: $1 + "</w>", role: .word, word: $0) }
    tokens += [.init(id: 9, piece: "<|endoftext|>", role: .end), .init(id: 9, piece: "<|endoftext|>", role: .padding)]
    return PromptTokens(prompt: prompt, tokens: tokens, words: words, truncatedWords: [])
  }

  private static func fill(_ url: URL) throws {
    let spec = try ExperimentSpec(yaml: experiment, file: "experiment.yaml")
    let model = PlanModel(
      name: "emoji-scenes", hash: "30de1",
      memory: MemoryEstimate(weights: 1, scale: 8, firstChannels: 1, widestChannels: 1), scale: 8,
      defaultSize: GridSize(height: 16, width: 16), schedulerConfiguration: SchedulerConfiguration(),
      ownScheduler: { () throws(SchedulerError) in .ddim }, checkSize: { (_, _) throws(SizeError) in },
      sites: { _, _ in Self.sites }, siteChannels: Self.sites.map { 4 * $0.heads }, encode: tokens)
    let plan = try ExperimentPlan(spec, model: model, engine: "an engine")
    let store = try AttentionStore.open(url, mode: .create)
    try store.beginExperiment(
      StoredExperiment(
        name: spec.name, question: spec.question, spec: spec.resolvedYAML(), specHash: "5bec", model: spec.model,
        modelHash: "30de1", toolVersion: "0.1.0", engine: "an engine", createdAt: Date(timeIntervalSince1970: 0)),
      plan: plan.described())
    let prompts = try store.register(prompts: ["a red car", "a blue car"].map(tokens))
    let sites = try store.register(sites: Self.sites)
    let keys = (0..<6).map { TokenKey(label: "key \($0)", positions: [$0]) }
    let records = try ["words", "heads"].map { name in
      try store.register(
        record: RecordDescription(name: name, spec: "-"),
        keys: Dictionary(uniqueKeysWithValues: prompts.map { ($0, keys) }))
    }
    for (group, finished) in zip(plan.groups, [true, false]) {
      let runs = group.runs.enumerated().map { index, run in
        RunDescription(
          hash: run.hash, role: run.role, intervention: run.intervention, prompt: prompts[min(index, 1)],
          sourceHash: run.source, seed: group.settings.seed,
          setting: SettingDescription(
            numInferenceSteps: 2, guidanceScale: 5, scheduler: "ddim", height: 16, width: 16))
      }
      let stored = try store.beginGroup(hash: group.hash, runs: runs).runs
      for step in 0...1 {
        let maps = stored.flatMap { Self.maps(of: $0.id, records, sites) }
        try store.commitStep(groupHash: group.hash, step: step, timestep: 9, state: Data("state".utf8), maps: maps)
      }
      guard finished else { continue }
      try store.finishGroup(
        hash: group.hash,
        results: stored.map { run in
          RunResult(
            run: run.id, artifacts: [Artifact(.picture, of: run.run.hash, sha256: "")],
            metrics: ["psnr": 12.5, "ssim": 0.5])
        })
    }
    try store.close()
  }

  private static func maps(of run: RunID, _ records: [RecordID], _ sites: [SiteID]) -> [MapRow] {
    zip(Self.sites, sites).flatMap { site, id in
      let keys = site.kind == .cross ? 6 : 4
      let values = (0..<(4 * keys)).map { Float($0) / 64 }
      let mean = MapRow(
        run: run, record: records[0], site: id, branch: .conditional, height: 2, width: 2, keys: keys,
        type: .float32, data: MapType.float32.encode(values))
      let heads = (0..<2).map { head in
        MapRow(
          run: run, record: records[1], site: id, branch: .conditional, head: head, height: 2, width: 2, keys: keys,
          type: .float16, data: MapType.float16.encode(values))
      }
      return (site.kind == .cross ? [mean] : []) + heads
    }
  }
}
