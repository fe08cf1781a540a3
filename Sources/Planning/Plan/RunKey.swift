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

extension ExperimentSpec {
  /// The keys of all runs, in the order of the file: the groups of pairs first, each source before its targets, then single prompts.
  package var runKeys: [RunKey] {
    let places = generate.seeds.flatMap { seed in generate.settings.map { (seed, $0.label) } }
    let targets = Dictionary(grouping: generate.pairs, by: \.source)
    let ofPairs = generate.pairs.map(\.source).uniqued.flatMap { source in
      places.flatMap { seed, settings in
        [RunKey(prompt: source, seed: seed, intervention: InterventionSpec.sourceName, settings: settings)]
          + (targets[source] ?? []).flatMap { pair in
            interventions.map {
              RunKey(source: source, prompt: pair.target, seed: seed, intervention: $0.name, settings: settings)
            }
          }
      }
    }
    let single = generate.prompts.flatMap { prompt in
      places.flatMap { seed, settings in
        interventions.map { RunKey(prompt: prompt, seed: seed, intervention: $0.name, settings: settings) }
      }
    }
    return ofPairs + single
  }
}
