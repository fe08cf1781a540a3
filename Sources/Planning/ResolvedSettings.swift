import Attention
import AttentionStore
import ExperimentFiles
import Generation
import Pipelines
import Tensors

/// One of the settings that an experiment is made in, with everything the file selects resolved against the model.
public struct ResolvedSettings: Codable, Sendable {
  /// What the file calls the settings; empty where there is but one.
  public let label: String
  /// With the seed 0: each group has its own.
  public let denoising: DenoisingSettings
  /// Calls of the model a run, which are the steps of selectors: more than denoising steps for schedulers that call it more often.
  public let callCount: Int
  /// After how many of these calls runs end, without a picture; nil: after all.
  package let stopAfterCalls: Int?
  /// By intervention, in the order of its operations.
  let operations: [String: [ResolvedOperation]]
  /// In the order of the file's `record` list.
  package let records: [ResolvedRecord]
  /// The steps after which each run leaves a predicted picture.
  let predictedSteps: [Int]
  /// The steps at which each run writes the latents that the model is given; nil in plans that were written down before
  /// there were any.
  let inputLatentSteps: [Int]?

  /// The calls that runs make.
  var madeCalls: Int { min(stopAfterCalls ?? callCount, callCount) }
}

/// An entry of `record`, with its selectors resolved against a model.
package struct ResolvedRecord: Codable, Hashable, Sendable {
  /// Indices of sites.
  package let sites: [Int]
  package let steps: [Int]
  /// Of each site, the values of a vector of all heads; nil for maps.
  let channels: [Int]?
}

/// A run of a group before it has a hash.
struct GroupMember: Hashable, Sendable {
  let role: RunRole
  let intervention: String
  let prompt: PromptTokens

  /// Whether targets take attention from it.
  var isSourceOfPairs: Bool { intervention == InterventionSpec.sourceName }

  /// Its prompt, where targets take attention from it.
  var sourcePrompt: PromptTokens? { isSourceOfPairs ? prompt : nil }
}

/// A prompt and a start noise that operations of groups of all seeds take attention from.
struct GroupReference: Hashable, Sendable {
  let prompt: PromptTokens
  let noise: ReferenceNoise
}

/// What the groups of all seeds have in common that are made of the same prompts in the same settings.
struct MakeUp: Sendable {
  /// An index into the plan's settings.
  let settings: Int
  /// The source first, where there is one.
  let members: [GroupMember]
  /// What is denoised beside the members because an operation takes from it.
  let references: [GroupReference]
  /// What is changed of encoded prompts.
  let promptChanges: [PromptChange]
  /// The runs that start from their source's picture.
  let starts: [NoisedStart]
  let mapCount: Int
  let mapBytes: Int
  /// At each call, how many runs are not computed since they are still the same as another one; empty where there are none.
  let sharedRuns: [Int]
}

extension ResolvedSettings {
  /// Of each run, members before references, the first of the same prompt and start noise.
  private static func origins(_ members: [GroupMember], _ references: [GroupReference]) -> [Int] {
    let prompts = members.map(\.prompt)
    return prompts.map { prompt in prompts.firstIndex(of: prompt) ?? 0 }
      + references.indices.map { reference in
        members.count + (references.firstIndex(of: references[reference]) ?? reference)
      }
  }

  /// What every attention of a group does at every step.
  /// - Throws: `ExperimentError` with every operation and record that a prompt of the group cannot have.
  func attention(
    _ members: [GroupMember], references: [GroupReference], spec: ExperimentSpec, sites: [AttentionSite]
  ) throws(ExperimentError) -> AttentionPlan {
    var faults: [ExperimentFault] = []
    func attempt<T>(_ place: String, _ body: () throws -> T) -> T? {
      do { return try body() } catch {
        faults.append(ExperimentFault("\(error)", at: place))
        return nil
      }
    }
    let source = members[0].sourcePrompt
    let planned = members.enumerated().flatMap { run, member -> [PlannedOperation] in
      if source != nil && run == 0 { return [] }
      return (operations[member.intervention] ?? []).enumerated().compactMap { index, operation in
        let own = operation.references(source: source?.prompt, spec.generate)
        let others = own.compactMap { wanted in
          references.firstIndex { $0.prompt.prompt == wanted.prompt && $0.noise == wanted.noise }
        }.map { members.count + $0 }
        return attempt("interventions.\(member.intervention).\(index)") {
          try operation.planned(
            run: run, sources: others.isEmpty && source != nil ? [0] : others, source: source, prompt: member.prompt)
        }
      }
    }
    let entries = zip(spec.record, records).enumerated().map { index, entry in
      let (record, resolved) = entry
      let edits = record.tokens.edits(of: members.map(\.prompt), hasSource: source != nil)
      let keys = zip(members, edits).map { member, edit in
        guard record.of.hasTokens else { return [TokenKey]() }
        return attempt("record.\(record.name)") { try record.tokens.resolve(member.prompt, edit: edit) } ?? []
      }
      return PlannedRecord(
        record: index, of: record.of, sites: resolved.sites, channels: resolved.channels ?? [], steps: resolved.steps,
        branches: Set(record.branch.branches), meanOfHeads: record.heads == .mean, tokens: keys, pool: record.pool,
        type: record.dtype, randomUNet: record.randomUNet)
    }
    guard faults.isEmpty else { throw ExperimentError(faults.uniqued) }
    let lanes = Lane.batch(runs: members.count + references.count, guided: denoising.isGuided)
    do {
      return try AttentionPlan(
        sites: sites, lanes: lanes, stepCount: madeCalls, scheduledSteps: callCount,
        tokens: members[0].prompt.tokens.count, operations: planned, records: entries,
        origins: Self.origins(members, references))
    } catch {
      throw ExperimentError(ExperimentFault("\(error)", at: "interventions"))
    }
  }

  /// Maps that a run leaves, one a head or one of the mean.
  func mapsOfRun(_ spec: ExperimentSpec, _ sites: [AttentionSite]) -> Int {
    saturatingSum(
      zip(spec.record, records).map { record, resolved in
        let heads = saturatingSum(resolved.sites.map { record.heads == .mean ? 1 : sites[$0].heads })
        let branches = denoising.isGuided ? record.branch.branches.count : record.branch == .unconditional ? 0 : 1
        return saturatingProduct(heads, resolved.steps.count, branches)
      })
  }
}
