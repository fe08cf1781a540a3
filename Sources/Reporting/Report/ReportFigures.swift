import Attention
import AttentionStore
import ExperimentFiles
import Foundation
import Plotting
import Results
import Tensors

/// A prompt whose attention is drawn.
struct FigureSubject {
  /// From 1, in file names.
  let number: Int
  let caption: String
  let seed: Seed
  /// The source of a pair; of a single prompt the run that is left alone.
  let run: RunResults
  /// The target that is left alone; nil for a single prompt, and where there is none.
  let target: RunResults?
  /// The word that the target changes, as an index into `tokens.words`; the last one of a single prompt.
  let word: Int?
  let tokens: PromptTokens
  /// What the run's attention is compared with: `target`, or another target or intervention that is done.
  let counterpart: RunResults?

  /// The word as records call it: `car#2` for its second occurrence.
  var wordLabel: String? {
    let labels = (try? TokenSelector.words.resolve(tokens).map(\.label)) ?? []
    return word.flatMap { labels.indices.contains($0) ? labels[$0] : nil }
  }
}

/// Draws what the experiment's `figures` ask for.
struct ReportFigures {
  /// Pairs and prompts whose maps are drawn.
  static let mostSubjects = 6

  let data: StoredResults

  /// - Parameter kinds: nil: those that the file asks for.
  /// - Returns: The sections of the report, in the order of the kinds; those of which nothing can be drawn say why.
  func sections(_ writer: FigureWriter, kinds: [FigureName]? = nil) throws -> [FigureSection] {
    let subjects = try subjects()
    let kinds = kinds ?? data.spec.figures
    let maps = try MapFigures(data: data, subjects: subjects, omitted: omitted, kinds: kinds)
    return try kinds.compactMap { figure in
      switch figure {
      case .sideBySide: try SideBySideFigures(data: data).section(writer)
      case .contactSheet: try ContactSheetFigure(data: data).section(writer)
      case .sweepGrid: try SweepFigures(data: data).section(writer)
      case .wordHeatmaps: try maps.wordHeatMaps(writer)
      case .layerStepGrid: try maps.layerStepGrid(writer)
      case .selfAttention: try maps.selfAttention(writer)
      case .predictedClean: try PredictedFigures(data: data, subjects: subjects, omitted: omitted).section(writer)
      case .selfPCA: try maps.selfPCA(writer)
      case .mapStatistics: try maps.mapStatistics(writer)
      case .mapDifferences: try maps.mapDifferences(writer)
      }
    }
  }

  private func subjects() throws -> [FigureSubject] {
    let generate = data.spec.generate
    let untouched = data.untouched?.name
    var subjects: [FigureSubject] = []
    func add(_ run: RunResults?, target: RunResults? = nil, others: [RunResults?], caption: String, _ seed: Seed) throws
    {
      let others = others.compactMap { $0 }
      guard subjects.count < Self.mostSubjects, let run, run.isDone, let tokens = try tokens(of: run) else { return }
      // Which word differs can be told from the tokens of any target, drawn or not.
      let other = try others.first.flatMap { try self.tokens(of: $0)?.words }
      let done = target?.isDone == true ? target : nil
      subjects.append(
        FigureSubject(
          number: subjects.count + 1, caption: caption, seed: seed, run: run,
          target: done, word: DrawnChoice.word(of: tokens.words, differingFrom: other), tokens: tokens,
          counterpart: done ?? others.first { $0.isDone && $0.stored.id != run.stored.id }))
    }
    let names = data.spec.interventions.map(\.name)
    for pair in generate.pairs {
      guard let seed = generate.seeds(of: pair).first else { continue }
      let targets = names.map { data.target(of: pair, seed: seed, intervention: $0) }
      try add(
        data.source(of: pair, seed: seed),
        target: untouched.flatMap { data.target(of: pair, seed: seed, intervention: $0) },
        others: targets, caption: "\(pair.label), seed \(seed)", seed)
    }
    for prompt in generate.prompts {
      guard let seed = generate.seeds.first else { continue }
      let runs = ([untouched].compactMap { $0 } + names).map { data.run(of: prompt, seed: seed, intervention: $0) }
      try add(runs.lazy.compactMap { $0 }.first { $0.isDone }, others: runs, caption: "\(prompt), seed \(seed)", seed)
    }
    return subjects
  }

  private func tokens(of run: RunResults) throws -> PromptTokens? { try data.store.tokens(run.stored.run.prompt) }

  /// What is said where not every pair and prompt is drawn.
  private var omitted: [String] {
    let generate = data.spec.generate
    let all = generate.pairs.count + generate.prompts.count
    guard all > Self.mostSubjects || generate.allSeeds.count > 1 else { return [] }
    let what = generate.pairs.isEmpty ? "prompts" : generate.prompts.isEmpty ? "pairs" : "pairs and prompts"
    let which = all > Self.mostSubjects ? "the first \(Self.mostSubjects) of \(all) \(what)" : "each of the \(what)"
    return [
      "Drawn for \(all == 1 ? "the one \(what.dropLast())" : which)"
        + (generate.allSeeds.count > 1 ? ", with the first seed." : ".")
        + " `attnlab export` writes the maps of every run."
    ]
  }
}
