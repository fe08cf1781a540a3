import Attention
import AttentionStore
import ExperimentFiles
import Formatting
import Foundation
import Planning
import Schedulers
import Tensors

/// Turns the maps of a step into rows of the database.
struct StepRecorder {
  private let plan: ExperimentPlan
  private let prompts: [String: PromptID]
  private let sites: [SiteID]
  private let records: [RecordRows]

  /// Registers prompts, sites, records and their keys.
  init(_ plan: ExperimentPlan, _ store: AttentionStore) throws {
    self.plan = plan
    let texts = plan.groups.flatMap { $0.runs.map(\.prompt) }.uniqued
    let all = (texts + [plan.negativePrompt]).uniqued
    let ids = try store.register(prompts: all)
    let prompts = Dictionary(zip(all.map(\.prompt), ids), uniquingKeysWith: { first, _ in first })
    self.prompts = prompts
    sites = try store.register(sites: plan.sites)
    records = try plan.spec.record.map { record in
      if record.tokens.isOfEdits { return try RecordRows(record, plan, prompts, store) }
      var keys: [PromptID: [TokenKey]] = [:]
      for (prompt, id) in zip(all, ids) {
        // A prompt without the words that are asked for has no maps of them.
        keys[id] = record.of.hasTokens ? try? record.tokens.resolve(prompt) : nil
      }
      return RecordRows(try store.register(record: record.described, keys: keys))
    }
  }

  /// The runs of a group as the database describes them.
  func descriptions(_ group: PlannedGroup) -> [RunDescription] {
    let settings = group.settings
    let setting = SettingDescription(
      label: group.settingsLabel, numInferenceSteps: settings.steps, guidanceScale: settings.guidanceScale,
      scheduler: settings.scheduler.rawValue, schedulerSettings: settings.schedulerSettings.json,
      height: settings.height, width: settings.width,
      negativePrompt: settings.isGuided ? prompts[settings.negativePrompt] : nil)
    return group.runs.map { run in
      guard let prompt = prompts[run.prompt.prompt] else {
        preconditionFailure("a group of another plan than the one that is recorded")
      }
      return RunDescription(
        hash: run.hash, role: run.role, intervention: run.intervention, prompt: prompt, sourceHash: run.source,
        seed: settings.seed, calls: group.stepCount, setting: setting)
    }
  }

  /// The rows of a step's maps, one a head; encoded when they are asked for.
  /// - Parameter runs: whose maps are wanted, by index in the group.
  func rows(
    _ maps: [(map: PlannedMap, values: Tensor)], of group: PlannedGroup, runs: [Int: RunID]
  ) -> some Sequence<MapRow> {
    let wanted = maps.compactMap { map, values in runs[map.run].map { (run: $0, map: map, values: values) } }
    return wanted.lazy.flatMap { run, map, values in
      let record = records[map.record].row(of: group.runs[map.run].hash)
      return MapRow.rows(map, values, run: run, record: record, site: sites[map.site])
    }
  }
}

/// The rows of a record: one, or several where a prompt has other keys in another pair, as `<edited>` has.
private struct RecordRows {
  private let first: RecordID
  /// By the run's hash, of runs whose keys are not those of the first row.
  private var others: [String: RecordID] = [:]

  init(_ row: RecordID) { first = row }

  /// Registers a record whose keys depend on pairs. Of a prompt's keys in several pairs each has a row with them.
  init(
    _ record: RecordSpec, _ plan: ExperimentPlan, _ prompts: [String: PromptID], _ store: AttentionStore
  ) throws {
    var keysOfRow: [[PromptID: [TokenKey]]] = [[:]]
    var placeOfRun: [String: Int] = [:]
    for group in plan.groups {
      let edits = record.tokens.edits(of: group.runs.map(\.prompt), hasSource: group.hasSource)
      for (run, edit) in zip(group.runs, edits) {
        guard let prompt = prompts[run.prompt.prompt] else { continue }
        let keys = try record.tokens.resolve(run.prompt, edit: edit)
        let row = keysOfRow.firstIndex { $0[prompt] == nil || $0[prompt] == keys } ?? keysOfRow.count
        if row == keysOfRow.count { keysOfRow.append([:]) }
        keysOfRow[row][prompt] = keys
        if row > 0 { placeOfRun[run.hash] = row }
      }
    }
    var rows: [RecordID] = []
    for keys in keysOfRow { rows.append(try store.register(record: record.described, keys: keys, beside: rows)) }
    first = rows[0]
    others = placeOfRun.mapValues { rows[$0] }
  }

  func row(of run: String) -> RecordID { others[run] ?? first }
}

extension RecordSpec {
  fileprivate var described: RecordDescription { RecordDescription(name: name, spec: summary, of: of) }

  /// The entry in a line, as the database keeps it.
  var summary: String {
    "sites \(sites), heads \(heads.rawValue), steps \(steps), tokens \(tokens), branch \(branch.rawValue), "
      + "pool \(pool.map(String.init) ?? "none"), dtype \(dtype.rawValue)"
      + (randomUNet.map { RecordDescription.randomUNetMark + "\($0)" } ?? "")
  }
}

extension SchedulerSettings {
  /// A JSON object, its keys in their order.
  var json: String {
    let entries = values.sorted { $0.key < $1.key }.map { key, value in
      if case .text(let text) = value { "\"\(key)\":\"\(escaped(text))\"" } else { "\"\(key)\":\(value)" }
    }
    return "{\(entries.joined(separator: ","))}"
  }
}
