import Attention
import AttentionStore
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
  private let records: [RecordID]

  /// Registers prompts, sites, records and their keys.
  init(_ plan: ExperimentPlan, _ store: AttentionStore) throws {
    self.plan = plan
    let texts = plan.groups.flatMap { $0.runs.map(\.prompt) }.uniqued
    let all = (texts + [plan.negativePrompt]).uniqued
    let ids = try store.register(prompts: all)
    prompts = Dictionary(zip(all.map(\.prompt), ids), uniquingKeysWith: { first, _ in first })
    sites = try store.register(sites: plan.sites)
    records = try plan.spec.record.map { record in
      var keys: [PromptID: [TokenKey]] = [:]
      for (prompt, id) in zip(all, ids) {
        // A prompt without the words that are asked for has no maps of them.
        keys[id] = try? record.tokens.resolve(prompt)
      }
      return try store.register(record: RecordDescription(name: record.name, spec: record.summary), keys: keys)
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
  func rows(_ maps: [(map: PlannedMap, values: Tensor)], runs: [Int: RunID]) -> some Sequence<MapRow> {
    let wanted = maps.compactMap { map, values in runs[map.run].map { (run: $0, map: map, values: values) } }
    return wanted.lazy.flatMap { run, map, values in
      MapRow.rows(map, values, run: run, record: records[map.record], site: sites[map.site])
    }
  }
}

extension RecordSpec {
  /// The entry in a line, as the database keeps it.
  var summary: String {
    "sites \(sites), heads \(heads.rawValue), steps \(steps), tokens \(tokens), branch \(branch.rawValue), "
      + "pool \(pool.map(String.init) ?? "none"), dtype \(dtype.rawValue)"
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
