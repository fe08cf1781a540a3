import Formatting
import Generation
import Tensors

/// How many runs a file asks for, as factors: what is made with every seed, in all settings.
package struct RunCount {
  /// Pairs of prompts, with templates written out.
  var pairs = 0
  /// Prompts without a partner, with templates written out.
  var prompts = 0
  var interventions = 1
  /// Runs of sources, once for each seed and setting.
  var sources = 0
  var seeds = 1
  /// Pairs with seeds of their own, each as often as it has seeds.
  var ownPairs = 0
  /// Runs of their sources.
  var ownSources = 0
  package var settings = 1

  /// At most the largest whole number.
  package var runs: Int {
    let subjects = saturatingSum([pairs, prompts])
    let shared = saturatingProduct(saturatingSum([saturatingProduct(subjects, interventions), sources]), seeds)
    let own = saturatingSum([saturatingProduct(ownPairs, interventions), ownSources])
    return saturatingProduct(saturatingSum([shared, own]), settings)
  }

  /// Why there may not be so many; nil if there may.
  var problem: String? {
    if interventions > PlanLimits.interventions {
      return "interventions: there are \(grouped(interventions)) with all sweeps written out; at most "
        + "\(grouped(PlanLimits.interventions))"
    }
    guard runs > PlanLimits.runs else { return nil }
    return
      "generate: \(factors) are \(atMostShown(runs)) runs; at most \(grouped(PlanLimits.runs)): name fewer prompts, "
      + "seeds, settings or interventions, or divide them over several files"
  }

  /// `10,000 prompts x 3 interventions x 60,000 seeds`
  private var factors: String {
    let subjects = [pairs == 0 ? nil : noun(pairs, "pair"), prompts == 0 ? nil : noun(prompts, "prompt")]
      .compactMap { $0 }
    let first = subjects.count == 1 ? subjects[0] : "(\(subjects.joined(separator: " + ")))"
    let sources = sources == 0 ? "" : " and \(noun(sources, "source"))"
    let others = [(settings, "setting")].filter { $0.0 > 1 }.map { " x \(noun($0.0, $0.1))" }.joined()
    let made = noun(interventions, "intervention")
    let own =
      ownPairs == 0
      ? nil : "\(noun(ownPairs, "pair")) with a seed of their own x \(made) and \(noun(ownSources, "source"))"
    let shared = subjects.isEmpty ? nil : "\(first) x \(made)\(sources) x \(noun(seeds, "seed"))"
    return [shared, own].compactMap { $0 }.joined(separator: ", and ") + others
  }

  private func noun(_ count: Int, _ name: String) -> String { "\(atMostShown(count)) \(name)\(count == 1 ? "" : "s")" }
}

extension RunCount {
  /// Of a file's experiment, exactly.
  package init(_ spec: ExperimentSpec) {
    let generate = spec.generate
    let (shared, own) = (generate.pairs.filter { $0.seeds == nil }, generate.pairs.compactMap(\.seeds))
    // A source is made again in each group of its targets.
    func groups(_ targets: Int) -> Int { (targets + generate.batch - 2) / (generate.batch - 1) }
    pairs = shared.count
    prompts = generate.prompts.count
    interventions = spec.interventions.count
    let targets = Dictionary(grouping: shared, by: \.source).mapValues { $0.count * spec.interventions.count }
    sources = targets.values.reduce(0) { $0 + groups($1) }
    seeds = generate.seeds.count
    ownPairs = own.reduce(0) { $0 + $1.count }
    ownSources = ownPairs * groups(spec.interventions.count)
    settings = generate.settings.count
  }
}

/// The number, or that it is more than any that is counted.
private func atMostShown(_ number: Int) -> String {
  number == .max ? "more than \(grouped(.max - 1))" : grouped(number)
}
