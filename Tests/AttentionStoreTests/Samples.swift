import Attention
import Foundation
import GRDB
import Tensors
import TestSupport
import Testing

@testable import AttentionStore

/// A folder of a test's own, removed with this value.
final class TestFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("attention-store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Where the test's database goes.
  var database: URL { url.appendingPathComponent("first-look.sqlite") }
}

/// Small, whole contents for a database.
enum Samples {
  static let experiment = StoredExperiment(
    name: "first-look", question: "Which attention carries the color?", spec: "version: 1\n", specHash: "5bec",
    model: "emoji-scenes", modelHash: "30de1", toolVersion: "0.1.0", engine: "oneDNN 2.6",
    createdAt: Date(timeIntervalSince1970: 1_700_000_000))

  static let probe = StoredProbe(
    name: "color of words", source: "50urce", label: "color", samples: 9, best: "cross:12 call 20", accuracy: 0.75,
    chance: 0.5, result: "{}", sha256: "5ba")

  static func prompt(_ words: String..., truncated: [String] = []) -> PromptTokens {
    var tokens = [PromptTokens.Token(id: 49406, piece: "<|startoftext|>", role: .start)]
    for (index, word) in words.enumerated() {
      tokens.append(.init(id: 100 + word.utf8.count, piece: word + "</w>", role: .word, word: index))
    }
    tokens.append(.init(id: 49407, piece: "<|endoftext|>", role: .end))
    tokens.append(.init(id: 49407, piece: "<|endoftext|>", role: .padding))
    return PromptTokens(
      prompt: words.joined(separator: " "), tokens: tokens, words: words, truncatedWords: truncated)
  }

  static let sites = [
    AttentionSite(
      index: 0, path: "down_blocks.0.attentions.0.transformer_blocks.0.attn1", kind: .selfAttention, layer: 1,
      height: 2, width: 3, heads: 4, latentHeight: 2, latentWidth: 3),
    AttentionSite(
      index: 1, path: "down_blocks.0.attentions.0.transformer_blocks.0.attn2", kind: .cross, layer: 1,
      height: 2, width: 3, heads: 4, latentHeight: 2, latentWidth: 3),
  ]

  static let records = [
    RecordDescription(name: "words", spec: "sites: cross:*"), .init(name: "layout", spec: "pool: 8"),
  ]

  static func register(in store: AttentionStore) throws -> [RecordID] {
    try records.map { try store.register(record: $0) }
  }

  static func run(
    _ hash: String, prompt: PromptID, negative: PromptID? = nil, source: String? = nil, seed: Seed = 1
  ) -> RunDescription {
    RunDescription(
      hash: hash, role: source == nil ? .source : .target, intervention: source == nil ? "none" : "self 4-14",
      prompt: prompt, sourceHash: source, seed: seed,
      setting: SettingDescription(
        numInferenceSteps: 3, guidanceScale: 5, scheduler: "ddim", height: 16, width: 24, negativePrompt: negative))
  }
}

/// A store with one pair of runs under way, "s" and "t" of group "g".
struct Fixture {
  let folder: TestFolder
  let store: AttentionStore
  let prompts: [PromptID]
  let sites: [SiteID]
  let records: [RecordID]
  let pair: [RunDescription]
  let group: StoredGroup

  init(folder: TestFolder? = nil) throws {
    self.folder = try folder ?? TestFolder()
    store = try AttentionStore.open(self.folder.database, mode: .create)
    try store.beginExperiment(Samples.experiment)
    prompts = try store.register(prompts: [Samples.prompt("a", "red", "car"), Samples.prompt("a", "blue", "car")])
    sites = try store.register(sites: Samples.sites)
    records = try Samples.register(in: store)
    pair = [Samples.run("s", prompt: prompts[0]), Samples.run("t", prompt: prompts[1], source: "s")]
    group = try store.beginGroup(hash: "g", runs: pair)
  }

  /// A map of 2x3 queries and 5 keys whose values all differ, and differ from those of other steps and runs.
  func map(
    run: Int = 0, record: Int = 0, site: Int = 1, step: Int = 0, head: Int? = nil,
    branch: GuidanceBranch = .conditional, type: MapType = .float32
  ) -> MapRow {
    let start = Float(1000 * step + 100 * run + 40 * site + (head ?? 0))
    return MapRow(
      run: group.runs[run].id, record: records[record], site: sites[site], branch: branch, head: head,
      height: 2, width: 3, keys: 5, type: type, data: type.encode((0..<30).map { start + Float($0) / 64 }))
  }

  /// Stores a step with one map of each run.
  func commit(step: Int) throws {
    try store.commitStep(
      groupHash: "g", step: step, timestep: Double(900 - step), state: Data("state \(step)".utf8),
      maps: [map(run: 0, step: step), map(run: 1, step: step)])
  }

  var results: [RunResult] { group.runs.map { RunResult(run: $0.id, metrics: ["psnr": 30]) } }
}

extension MapRow {
  /// The same map of another run.
  func of(_ run: RunID) -> MapRow {
    MapRow(
      run: run, record: record, site: site, branch: branch, head: head, height: height, width: width, keys: keys,
      type: type, data: data)
  }
}

/// Runs SQL on a database from outside the store, as any other tool would.
func outside(_ url: URL, _ sql: String) throws {
  try DatabaseQueue(path: url.path).inDatabase { try $0.execute(sql: sql) }
}

/// The single value of a query, read from outside the store.
func value(_ url: URL, _ sql: String) throws -> String? {
  try DatabaseQueue(path: url.path).inDatabase { try Row.fetchOne($0, sql: sql)?[0] as DatabaseValue? }?.description
}

/// Every row of every table, values of maps in full: equal for equal contents.
func allRows(_ url: URL) throws -> [String] {
  try DatabaseQueue(path: url.path).inDatabase { db in
    let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return try tables.flatMap { table in
      try Row.fetchAll(db, sql: "SELECT * FROM \(table) ORDER BY 1, 2").map { row in
        let values = row.map { name, value in
          "\(name)=\(Data.fromDatabaseValue(value).map { $0.base64EncodedString() } ?? value.description)"
        }
        return "\(table): \(values.joined(separator: " "))"
      }
    }
  }
}

/// Expects a `StoreError` whose text is exactly this.
func expectError<Result>(
  _ message: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Result
) {
  do {
    _ = try body()
    Issue.record("nothing was thrown, expected: \(message)", sourceLocation: sourceLocation)
  } catch let error as StoreError {
    #expect("\(error)" == message, sourceLocation: sourceLocation)
  } catch {
    Issue.record("\(error) is no StoreError", sourceLocation: sourceLocation)
  }
}
