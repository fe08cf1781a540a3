import ExperimentFiles
import Generation
import Tensors

/// What names one run of a plan: which prompt, from which noise, changed how, in which of the settings.
///
/// The runs of a plan have different keys, with one exception: a source whose targets fill several groups is made again in each of them.
public struct RunKey: Hashable, Codable, Sendable {
  /// The source's prompt, for a target of a pair.
  public let source: String?
  public let prompt: String
  public let seed: Seed
  /// The intervention's name; `source` for the source of a pair.
  public let intervention: String
  /// What the file calls its settings; empty where there is but one.
  public let settings: String

  public init(source: String? = nil, prompt: String, seed: Seed, intervention: String, settings: String = "") {
    self.source = source
    self.prompt = prompt
    self.seed = seed
    self.intervention = intervention
    self.settings = settings
  }

  /// The key of the run that this target of a pair takes attention from; nil for a run without a source.
  public var ofSource: RunKey? {
    source.map { RunKey(prompt: $0, seed: seed, intervention: InterventionSpec.sourceName, settings: settings) }
  }

  /// The prompts of its pair, or its own: what pairs are told by.
  package var prompts: [String] { [source ?? "", prompt] }

  /// The key without its intervention: what runs share that are compared with one another.
  package var subject: RunKey { with(intervention: "") }

  package func with(intervention: String) -> RunKey {
    RunKey(source: source, prompt: prompt, seed: seed, intervention: intervention, settings: settings)
  }
}

extension RunKey: CustomStringConvertible {
  /// `a red car -> a blue car, seed 1, swap`, with the settings at the end where they have a name.
  public var description: String {
    let names = [intervention, settings].filter { !$0.isEmpty }.map { ", \($0)" }.joined()
    return "\(source.map { "\($0) -> " } ?? "")\(prompt), seed \(seed)\(names)"
  }
}

/// Runs that belong together, whatever their seed and settings: a source with all its targets that are made with the same
/// seeds, or one prompt's.
struct RunFamily {
  /// The prompt that the runs take attention from; nil for single prompts.
  let source: String?
  let seeds: [Seed]
  /// Beside the source's own.
  let runs: [(prompt: String, intervention: InterventionSpec)]
}

extension ExperimentSpec {
  /// What is made at each of its seeds in each of the settings, in the order of the file: pairs first, each source once for the
  /// pairs that share their seeds, then single prompts.
  var families: [RunFamily] {
    func runs(of prompts: [String]) -> [(prompt: String, intervention: InterventionSpec)] {
      prompts.flatMap { prompt in interventions.map { (prompt: prompt, intervention: $0) } }
    }
    // Pairs of one source are made together where they have their seeds in common.
    let alike = { (pair: PromptPair) in PromptPair(source: pair.source, target: "", seeds: pair.seeds) }
    let targets = Dictionary(grouping: generate.pairs, by: alike)
    return generate.pairs.map(alike).uniqued.map { pair in
      RunFamily(
        source: pair.source, seeds: generate.seeds(of: pair), runs: runs(of: (targets[pair] ?? []).map(\.target)))
    } + generate.prompts.map { RunFamily(source: nil, seeds: generate.seeds, runs: runs(of: [$0])) }
  }

  /// The keys of all runs, in the order of the file: the families one after another, each source before its targets.
  package var runKeys: [RunKey] {
    families.flatMap { family in
      let places = family.seeds.flatMap { seed in generate.settings.map { (seed, $0.label) } }
      return places.flatMap { seed, settings in
        let source = family.source.map {
          RunKey(prompt: $0, seed: seed, intervention: InterventionSpec.sourceName, settings: settings)
        }
        return (source.map { [$0] } ?? [])
          + family.runs.map { prompt, intervention in
            RunKey(
              source: family.source, prompt: prompt, seed: seed, intervention: intervention.name, settings: settings)
          }
      }
    }
  }
}
