import Attention
import AttentionStore
import Foundation
import Planning
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
    let negative = plan.model.tokenizer.encode(plan.spec.generate.negativePrompt)
    let all = (texts + [negative]).uniqued
    let ids = try store.register(prompts: all)
    prompts = Dictionary(zip(all.map(\.prompt), ids), uniquingKeysWith: { first, _ in first })
    sites = try store.register(sites: plan.sites)
    records = try store.register(
      records: plan.spec.record.map { RecordDescription(name: $0.name, spec: $0.summary) })
    for (record, id) in zip(plan.spec.record, records) {
      for prompt in all {
        guard let promptID = prompts[prompt.prompt],
          let keys = try? record.tokens.resolve(prompt)
        else { continue }
        let stored = keys.map { RecordKey(label: $0.label, positions: $0.positions.sorted()) }
        try store.register(keys: stored, of: id, for: promptID)
      }
    }
  }

  /// The runs of a group as the database describes them.
  func descriptions(_ group: PlannedGroup) throws -> [RunDescription] {
    let settings = group.settings
    return try group.runs.map { run in
      guard let prompt = prompts[run.prompt.prompt] else {
        throw ExperimentError("the prompt \"\(run.prompt.prompt)\" is not registered")
      }
      return RunDescription(
        hash: run.hash, role: run.role, intervention: run.intervention, prompt: prompt,
        negativePrompt: settings.isGuided ? prompts[settings.negativePrompt] : nil, sourceHash: run.source,
        seed: settings.seed, height: settings.height, width: settings.width,
        steps: settings.steps, calls: group.stepCount, guidanceScale: settings.guidanceScale,
        scheduler: settings.schedulerText)
    }
  }

  /// The rows of a step's maps, one a head; encoded when they are asked for.
  /// - Parameter runs: whose maps are wanted, by index in the group.
  func rows(_ maps: [(map: PlannedMap, values: Tensor)], runs: [Int: RunID]) -> some Sequence<MapRow> {
    let wanted = maps.compactMap { map, values in runs[map.run].map { (run: $0, map: map, values: values) } }
    return wanted.lazy.flatMap { run, map, values in
      (0..<map.heads).lazy.map { head in
        let encoding: MapEncoding = map.type == .float16 ? .float16 : .float32
        let size = map.height * map.width * map.keys
        let data = values.withUnsafeValues {
          encoding.encode(UnsafeBufferPointer(rebasing: $0[(head * size)..<((head + 1) * size)]))
        }
        return MapRow(
          run: run, record: records[map.record], site: sites[map.site], branch: map.branch,
          head: map.isMean ? nil : head, height: map.height, width: map.width, keys: map.keys, encoding: encoding,
          data: data)
      }
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
