import Attention
import AttentionStore
import Formatting
import Foundation

/// An export's request resolved against what is stored. Nothing is written before it exists.
package struct MapSelection {
  package let run: StoredRun
  let tokens: PromptTokens?
  /// The records that have maps for the request, with what their keys are.
  package let records: [Record]
  package let siteOfID: [SiteID: AttentionSite]

  package struct Record {
    package let name: String
    package let quantity: RecordedQuantity
    package let sites: Set<SiteID>
    package let steps: [Int]
    /// Of cross maps: labels of the stored keys.
    package let labels: [String]
    /// Of cross maps: for each stored key, the token positions that are summed in it.
    package let positions: [[Int]]
    /// Of cross maps: the words asked for, each with the stored keys that are summed for it; nil for all keys.
    package let words: [(label: String, keys: [Int])]?
    /// Of cross maps: every word of the prompt that was recorded.
    package let allWords: [(label: String, keys: [Int])]

    /// Of cross maps: what the keys are that files of numbers get.
    package var exportedLabels: [String] { words?.map(\.label) ?? labels }
  }

  /// - Throws: `ResultsError` that says what was asked for and what there is; `SelectionError`; `StoreError`.
  package init(_ request: MapExportRequest, _ store: AttentionStore) throws {
    run = try Self.run(request.run, store)
    siteOfID = Dictionary(try store.sites().map { ($0.id, $0.site) }, uniquingKeysWith: { first, _ in first })
    // Maps of the unconditional half look at the negative prompt.
    let prompt = request.branch == .conditional ? run.run.prompt : run.run.setting.negativePrompt ?? run.run.prompt
    tokens = try store.tokens(prompt)
    let chosen = try Self.sites(request, siteOfID)
    // Another plan may have a record of the same name with other settings.
    let own = try store.records(of: run.id)
    let stored = own.isEmpty ? try store.records() : own
    // A random UNet's attention is what is meant only where it is named, or where there is no other.
    let hasOwn = stored.contains(where: \.record.isOfModel)
    let named = stored.filter { entry in
      if let asked = request.record { asked == entry.record.name } else { entry.record.isOfModel || !hasOwn }
    }
    guard !named.isEmpty else {
      throw ResultsError.record(asked: request.record, recorded: stored.map(\.record.name))
    }
    let fitting = named.filter { request.takes($0.record.quantity) }
    if fitting.isEmpty {
      throw ResultsError.quantity(
        record: named[0].record.name, of: named[0].record.quantity.rawValue, asksWords: request.words != nil)
    }
    var records: [Record] = []
    for entry in fitting {
      if let record = try Self.record(entry, request, run, chosen, tokens, prompt, store) { records.append(record) }
    }
    guard !records.isEmpty else { throw try Self.nothing(request, run, fitting, siteOfID, store) }
    self.records = records
    try checkHeads(request, store)
  }

  // MARK: - Finding what is asked for

  private static func run(_ prefix: String, _ store: AttentionStore) throws -> StoredRun {
    let runs = try store.runs(.planned)
    // A run of another plan is stored as well, and may be named.
    let found = try store.runs().filter { $0.run.hash.hasPrefix(prefix.lowercased()) }
    if found.count == 1, !prefix.isEmpty { return found[0] }
    func lines(_ runs: [StoredRun]) -> [String] {
      runs.prefix(20).map {
        "  \($0.run.hash.prefix(16))  \($0.run.intervention), \"\($0.prompt)\", "
          + "seed \($0.run.seed)"
      } + (runs.count > 20 ? ["  and \(runs.count - 20) more"] : [])
    }
    if runs.isEmpty { throw ResultsError.noRuns(database: store.path) }
    let choice = prefix.isEmpty || found.isEmpty ? runs : found
    throw ResultsError.run(asked: prefix, fitting: found.count, runs: lines(choice))
  }

  private static func sites(_ request: MapExportRequest, _ siteOfID: [SiteID: AttentionSite]) throws -> Set<SiteID> {
    let kinds: Set<AttentionKind> = request.words == nil ? [.selfAttention, .cross] : [.cross]
    let sites = siteOfID.values.sorted { $0.index < $1.index }
    var chosen = Set(sites)
    if let selector = request.sites { chosen = Set(try selector.resolve(sites)) }
    let ofKind = chosen.filter { kinds.contains($0.kind) }
    guard !ofKind.isEmpty || chosen.isEmpty else {
      throw ResultsError.wordsOfSelfAttention(sites: request.sites?.description ?? "*:*")
    }
    return Set(siteOfID.filter { ofKind.contains($0.value) }.keys)
  }

  /// - Returns: nil if the record has no map of what is asked for.
  private static func record(
    _ entry: StoredRecord, _ request: MapExportRequest, _ run: StoredRun, _ sites: Set<SiteID>, _ tokens: PromptTokens?,
    _ prompt: PromptID, _ store: AttentionStore
  ) throws -> Record? {
    let name = entry.record.name
    let recorded = try recordedSteps(store, run: run, record: name, sites: sites, branch: request.branch)
    guard !recorded.isEmpty else { return nil }
    let steps = try self.steps(request.steps, of: run, recorded: recorded, record: name)
    let keys = try store.recordKeys(of: entry.id, for: prompt)
    let words = try request.words.map { words in
      try words.map { try word($0, tokens, keys, record: name) }
    }
    let all = tokens.map { RecordedWord.all(of: $0, in: keys).map { ($0.label, $0.keys) } } ?? []
    return Record(
      name: name, quantity: entry.record.quantity, sites: sites, steps: steps, labels: keys.map(\.label),
      positions: keys.map(\.positions), words: words,
      allWords: all)
  }

  private static func steps(
    _ selector: StepSelector?, of run: StoredRun, recorded: [Int], record: String
  ) throws -> [Int] {
    guard let selector, selector != .all else { return recorded }
    let asked = try selector.resolve(count: max(run.run.calls, (recorded.last ?? 0) + 1))
    let missing = asked.filter { !recorded.contains($0) }
    let found = asked.filter(recorded.contains)
    // A list names each step; a range is a wish for what lies in it.
    var isList = false
    if case .list = selector { isList = true }
    guard !found.isEmpty, missing.isEmpty || !isList else {
      throw ResultsError.steps(asked: missing, record: record, recorded: recorded)
    }
    return found
  }

  private static func word(
    _ text: String, _ tokens: PromptTokens?, _ recorded: [TokenKey], record: String
  ) throws -> (label: String, keys: [Int]) {
    guard let tokens else { throw ResultsError.noTokens }
    let name = try Int(text).map { TokenName.position($0) } ?? TokenName(text)
    // Which words an edit changes is known where they were recorded as such.
    let own = recorded.filter { $0.label == name.description }
    let wanted = try name.isOfEdits ? own.flatMap(\.positions) : name.positions(in: tokens)
    guard let keys = RecordedWord.keys(covering: wanted, in: recorded.map(\.positions)) else {
      throw ResultsError.word(asked: text, record: record, recorded: recorded.map(\.label).uniqued)
    }
    return (text, keys)
  }

  private static func nothing(
    _ request: MapExportRequest, _ run: StoredRun, _ records: [StoredRecord], _ siteOfID: [SiteID: AttentionSite],
    _ store: AttentionStore
  ) throws -> ResultsError {
    var lines: [String] = []
    for branch in GuidanceBranch.allCases {
      for record in records {
        let sites = try siteOfID.sorted { $0.value.index < $1.value.index }.filter {
          try store.mapCount(
            MapFilter(runs: [run.id], records: [record.record.name], sites: [$0.key], branch: branch)) > 0
        }.map(\.value.shortName)
        if !sites.isEmpty {
          lines.append("  \(record.record.name), \(branch.rawValue): \(sites.joined(separator: ", "))")
        }
      }
    }
    return .maps(
      run: run.run.hash, status: run.status.rawValue, branch: request.branch.rawValue, recorded: lines)
  }

  /// Single heads exist only where the record kept them.
  private func checkHeads(_ request: MapExportRequest, _ store: AttentionStore) throws {
    guard request.heads != .mean else { return }
    // An output is of all heads together, whichever are asked for.
    for record in records where record.quantity != .output {
      let filter = MapFilter(
        runs: [run.id], records: [record.name], sites: record.sites, branch: request.branch, heads: .single)
      guard try store.mapCount(filter) > 0 else {
        throw ResultsError.headsOfMean(record: record.name)
      }
      guard case .indices(let heads) = request.heads else { continue }
      let most = record.sites.compactMap { siteOfID[$0]?.heads }.max() ?? 0
      let wrong = heads.filter { !(0..<most).contains($0) }
      guard wrong.isEmpty, !heads.isEmpty else { throw ResultsError.heads(asked: wrong, count: most) }
    }
  }
}
