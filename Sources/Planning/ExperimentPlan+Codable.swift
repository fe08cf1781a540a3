import Attention
import AttentionStore
import ExperimentFiles
import Foundation
import Generation
import Pipelines
import Tensors

/// A plan as it is written down: everything once, and groups as what they are made of.
private struct PlanRecord: Codable {
  struct Member: Codable {
    let role: RunRole
    let intervention: String
    /// An index into `prompts`, here and below.
    let prompt: Int
  }

  struct Reference: Codable {
    let prompt: Int
    /// Of the noise, or what is added to the group's own seed.
    let seed: Seed
    /// nil: it is the noise's own.
    let isAdded: Bool?

    init(prompt: Int, noise: ReferenceNoise) {
      self.prompt = prompt
      switch noise {
      case .seed(let seed): (self.seed, isAdded) = (seed, nil)
      case .added(let number): (self.seed, isAdded) = (number, true)
      }
    }

    var noise: ReferenceNoise { isAdded == true ? .added(seed) : .seed(seed) }
  }

  struct MakeUp: Codable {
    let settings: Int
    let members: [Member]
    let references: [Reference]
    /// Named before there was another change than to the empty prompt.
    let emptied: [PromptChange]
    /// Absent where there are none.
    let starts: [NoisedStart]?
    let maps: Int
    let mapBytes: Int
    /// Absent where every run is computed by itself.
    let sharedRuns: [Int]?
  }

  struct Group: Codable {
    let hash: String
    let makeUp: Int
    let seed: Seed
    /// Absent where all members are runs of the plan.
    let places: [Int]?
  }

  static let currentFormat = 1

  let format: Int
  let spec: ExperimentSpec
  let modelName: String
  let modelHash: String
  let engine: String
  let memory: MemoryEstimate
  let sites: [AttentionSite]
  let height: Int
  let width: Int
  let negativePrompt: Int
  let settings: [ResolvedSettings]
  let prompts: [PromptTokens]
  let makeUps: [MakeUp]
  let groups: [Group]
  let remarks: [PlanRemark]
}

extension ExperimentPlan: Codable {
  public func encode(to encoder: any Encoder) throws {
    var prompts: [PromptTokens] = []
    var places: [PromptTokens: Int] = [:]
    func place(_ prompt: PromptTokens) -> Int {
      if let known = places[prompt] { return known }
      places[prompt] = prompts.count
      prompts.append(prompt)
      return prompts.count - 1
    }
    let negative = place(negativePrompt)
    let makeUps = makeUps.map { makeUp in
      PlanRecord.MakeUp(
        settings: makeUp.settings,
        members: makeUp.members.map {
          PlanRecord.Member(role: $0.role, intervention: $0.intervention, prompt: place($0.prompt))
        },
        references: makeUp.references.map { PlanRecord.Reference(prompt: place($0.prompt), noise: $0.noise) },
        emptied: makeUp.promptChanges, starts: makeUp.starts.isEmpty ? nil : makeUp.starts, maps: makeUp.mapCount,
        mapBytes: makeUp.mapBytes, sharedRuns: makeUp.sharedRuns.isEmpty ? nil : makeUp.sharedRuns)
    }
    try PlanRecord(
      format: PlanRecord.currentFormat, spec: spec, modelName: modelName, modelHash: modelHash, engine: engine,
      memory: memory, sites: sites, height: height,
      width: width, negativePrompt: negative, settings: settings, prompts: prompts, makeUps: makeUps,
      groups: groups.map {
        PlanRecord.Group(hash: $0.hash, makeUp: $0.makeUp, seed: $0.settings.seed, places: $0.places)
      },
      remarks: planRemarks
    ).encode(to: encoder)
  }

  /// Reads a plan that was written down. What it says of itself is checked, since it may come from a stranger.
  /// - Throws: `DecodingError` that names the field.
  public init(from decoder: any Decoder) throws {
    let record = try PlanRecord(from: decoder)
    func check(_ holds: Bool, _ problem: @autoclosure () -> String) throws {
      if !holds {
        throw DecodingError.dataCorrupted(
          DecodingError.Context(codingPath: decoder.codingPath, debugDescription: problem()))
      }
    }
    func prompt(_ index: Int, _ place: String) throws -> PromptTokens {
      try check(record.prompts.indices.contains(index), "\(place): there is no prompt \(index)")
      return record.prompts[index]
    }
    try check(
      record.format == PlanRecord.currentFormat, "format is \(record.format), expected \(PlanRecord.currentFormat)")
    try check((1...8192).contains(record.height) && (1...8192).contains(record.width), "height and width: 1 to 8192")
    try check(
      !record.settings.isEmpty && record.settings.count == record.spec.generate.settings.count,
      "settings: there are \(record.settings.count), and \(record.spec.generate.settings.count) of the experiment")
    try check(!record.spec.generate.allSeeds.isEmpty, "spec.generate: the experiment has no seeds")
    try check(!record.spec.interventions.isEmpty, "spec.interventions: the experiment has none")
    for (index, site) in record.sites.enumerated() {
      try check(site.isSound(at: index), "sites.\(index): a place, layer, number of heads or size that there is not")
    }
    for (index, prompt) in record.prompts.enumerated() {
      try check(prompt.isSound, "prompts.\(index): a token of a word that there is not")
    }
    for (index, settings) in record.settings.enumerated() {
      try check(
        settings.isSound(sites: record.sites.count, record.spec.record),
        "settings.\(index): a site, step or record that there is not")
    }
    let makeUps = try record.makeUps.enumerated().map { index, makeUp in
      let place = "makeUps.\(index)"
      try check(record.settings.indices.contains(makeUp.settings), "\(place): there are no settings \(makeUp.settings)")
      try check(!makeUp.members.isEmpty, "\(place): it has no members")
      let starts = makeUp.starts ?? []
      try check(
        starts.allSatisfy {
          makeUp.members.indices.contains($0.run) && makeUp.members.indices.contains($0.source)
            && (0...1).contains($0.strength)
        }, "\(place): a start of a member that there is not, or of a strength that is not 0 to 1")
      try check(makeUp.maps >= 0 && makeUp.mapBytes >= 0, "\(place): sizes below 0")
      let shared = makeUp.sharedRuns ?? []
      try check(
        shared.isEmpty
          || shared.count == record.settings[makeUp.settings].madeCalls
            && shared.allSatisfy((0..<makeUp.members.count).contains),
        "\(place): shared runs of calls or members that there are not")
      return Planning.MakeUp(
        settings: makeUp.settings,
        members: try makeUp.members.map {
          GroupMember(role: $0.role, intervention: $0.intervention, prompt: try prompt($0.prompt, place))
        },
        references: try makeUp.references.map {
          GroupReference(prompt: try prompt($0.prompt, place), noise: $0.noise)
        },
        promptChanges: makeUp.emptied, starts: starts, mapCount: makeUp.maps, mapBytes: makeUp.mapBytes,
        sharedRuns: shared)
    }
    let groups = try record.groups.enumerated().map { index, group in
      try check(makeUps.indices.contains(group.makeUp), "groups.\(index): there is no make-up \(group.makeUp)")
      try check(RunFile.isHash(group.hash), "groups.\(index): its hash is not 64 hexadecimal digits")
      let makeUp = makeUps[group.makeUp]
      let places = group.places ?? [0]
      try check(
        !places.isEmpty && places.allSatisfy(makeUp.members.indices.contains),
        "groups.\(index): it has no such members")
      return PlannedGroup(
        hash: group.hash, seed: group.seed, makeUp, at: group.makeUp, record.settings[makeUp.settings],
        places: group.places)
    }
    self.init(
      spec: record.spec, modelName: record.modelName, modelHash: record.modelHash, engine: record.engine,
      memory: record.memory, sites: record.sites,
      height: record.height, width: record.width, negativePrompt: try prompt(record.negativePrompt, "negativePrompt"),
      settings: record.settings, makeUps: makeUps, groups: groups, planRemarks: record.remarks)
  }
}

extension ResolvedSettings {
  /// Whether indices are of what there is.
  fileprivate func isSound(sites: Int, _ specs: [RecordSpec]) -> Bool {
    guard (1...100_000).contains(callCount), records.count == specs.count else { return false }
    let haveChannels = zip(records, specs).allSatisfy { record, spec in
      spec.of.isMap || (record.channels ?? []).count == record.sites.count
    }
    guard haveChannels, records.allSatisfy({ ($0.channels ?? []).allSatisfy((1...1 << 20).contains) }) else {
      return false
    }
    let chosen = operations.values.joined().map { ($0.sites, $0.steps) } + records.map { ($0.sites, $0.steps) }
    let steps = chosen.map(\.1) + [predictedSteps, inputLatentSteps ?? []]
    if let stop = stopAfterCalls, !(1...callCount).contains(stop) { return false }
    return chosen.allSatisfy { $0.0.allSatisfy((0..<sites).contains) }
      && steps.allSatisfy { $0.allSatisfy((0..<callCount).contains) }
  }
}

extension AttentionSite {
  fileprivate func isSound(at place: Int) -> Bool {
    index == place && [layer, heads, latentHeight, latentWidth].allSatisfy((1...8192).contains)
      && [queries.count, keys.count].allSatisfy((1...1 << 26).contains)
  }
}

extension PromptTokens {
  /// Whether its tokens are of words that it has.
  fileprivate var isSound: Bool {
    !tokens.isEmpty && tokens.allSatisfy { $0.word.map(words.indices.contains) ?? ($0.role != .word) }
  }
}
