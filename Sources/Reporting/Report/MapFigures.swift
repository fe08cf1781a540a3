import Attention
import AttentionStore
import ExperimentFiles
import Formatting
import Foundation
import Plotting
import Results
import Tensors

/// The figures that are drawn from stored attention maps.
struct MapFigures {
  let data: StoredResults
  let subjects: [FigureSubject]
  let omitted: [String]
  /// The record that words are drawn from.
  let cross: String?
  /// The record that self-attention is drawn from.
  let looks: String?
  /// By the subject's number; each is read once for all figures.
  let wordViews: [Int: WordView]

  /// - Parameter kinds: Of the figures that will be drawn.
  init(data: StoredResults, subjects: [FigureSubject], omitted: [String], kinds: [FigureName]) throws {
    self.data = data
    self.subjects = subjects
    self.omitted = omitted
    let ofSelf: Set<FigureName> = [.selfAttention, .selfPCA, .mapDifferences]
    looks = ofSelf.isDisjoint(with: kinds) ? nil : try data.firstRecord(of: .selfAttention)
    let ofWords: Set<FigureName> = [.wordHeatmaps, .layerStepGrid, .selfAttention, .mapDifferences]
    cross = ofWords.isDisjoint(with: kinds) ? nil : try data.firstRecord(of: .cross)
    var views: [Int: WordView] = [:]
    if let cross {
      for subject in subjects {
        views[subject.number] = try WordView.ifRecorded(
          subject.run.stored, record: cross, gridWord: subject.wordLabel, in: data.store)
      }
    }
    wordViews = views
  }

  /// A section for a kind of which nothing was drawn.
  func missing(_ section: FigureSection, _ reason: String) -> FigureSection {
    FigureSection(heading: section.heading, reading: reason)
  }

  static let noCross =
    "Nothing to draw: no finished run has recorded cross-attention maps of the words of its prompt in the conditional half "
    + "of guidance. An entry of `record` as this one would: " + Markdown.code(AttentionKind.cross.recordExample)

  func write(
    _ picture: Picture, _ name: String, _ title: String, _ run: RunResults, _ writer: FigureWriter
  ) throws -> FigureFile {
    try writer.write(
      picture, as: name, title: title, prompts: [run.stored.prompt],
      seeds: [run.stored.run.seed], hashes: [run.stored.run.hash])
  }

  // MARK: - Words

  func wordHeatMaps(_ writer: FigureWriter) throws -> FigureSection {
    var section = FigureSection(
      heading: "Words in the picture",
      reading: """
        Where the picture looks at each word of its prompt: the heat maps of DAAM (Tang et al. 2022) as the package of that \
        name computes them. The probabilities of cross-attention are summed over the recorded steps, brought to the latents' \
        grid by bicubic interpolation, clamped at 0, averaged over layers, heads and the tokens of a word, and laid over the \
        grayed picture. The middle block is left out. Bright is most. Each map has its own scale, whose ends stand below it, \
        so compare where words are, not how bright they are. Attention to a word need not lie on the thing that it names.
        """)
    guard let cross, !wordViews.isEmpty else { return missing(section, Self.noCross) }
    var drawn = Set<RunID>()
    for subject in subjects {
      var files: [FigureFile] = []
      if let view = wordViews[subject.number], drawn.insert(subject.run.stored.id).inserted {
        let role = subject.target == nil ? "" : "-source"
        files += try strip(view, subject.run, "word_heatmaps-\(subject.number)\(role).png", writer)
      }
      if let target = subject.target,
        let view = try WordView.ifRecorded(target.stored, record: cross, gridWord: nil, in: data.store)
      {
        files += try strip(view, target, "word_heatmaps-\(subject.number)-target.png", writer)
      }
      if !files.isEmpty { section.entries.append((subject.caption, files)) }
    }
    section.omitted = omitted
    return section
  }

  private func strip(
    _ view: WordView, _ run: RunResults, _ name: String, _ writer: FigureWriter
  ) throws -> [FigureFile] {
    guard let picture = data.picture(of: run) else { return [] }
    let title = "\(run.stored.figureTitle) · attention to each word: \(view.over)"
    return [try write(try view.figure(title: title, picture: picture), name, title, run, writer)]
  }

  // MARK: - Layers by steps

  func layerStepGrid(_ writer: FigureWriter) throws -> FigureSection {
    var section = FigureSection(
      heading: "A word through layers and steps",
      reading: """
        One word's cross-attention, the mean over heads: rows are the recorded layers in the order of the forward pass, \
        columns denoising steps from noise to picture. Each map has its own scale, whose ends stand below it: look along a \
        row for the step from which the word has a place, and down a column for the layers that know it. For a pair it is \
        the source's word that the target changes, the longest of several, for a single prompt its last word.
        """)
    var drawn = Set<String>()
    for subject in subjects {
      guard let view = wordViews[subject.number], let word = subject.word, !view.grid.isEmpty else { continue }
      // Pairs may share their source and its word.
      guard drawn.insert("\(subject.run.stored.run.hash) \(word)").inserted else { continue }
      let name = subject.tokens.words[word]
      let title =
        "\"\(name)\" in \"\(subject.tokens.prompt)\" · seed \(subject.seed) · layers by steps"
      let steps = DrawnChoice.steps(view.steps)
      let rows = view.sites.compactMap { site -> LayerRow? in
        let cells = steps.compactMap { view.grid[.init(site: site.index, step: $0)] }
        return cells.count == steps.count ? LayerRow(site.figureLabel, cells) : nil
      }
      guard !rows.isEmpty else { continue }
      let figure = try Figures.layerStepGrid(title: title, rows: rows, steps: steps.map(String.init), scale: .perMap)
      let file = try write(figure, "layer_step_grid-\(subject.number).png", title, subject.run, writer)
      section.entries.append(("\(name), in: \(subject.tokens.prompt), seed \(subject.seed)", [file]))
    }
    guard let steps = wordViews.values.map(\.steps.count).max(), !section.entries.isEmpty else {
      return missing(section, Self.noCross)
    }
    section.omitted = omitted
    if steps > DrawnChoice.mostSteps {
      section.omitted.append("\(DrawnChoice.mostSteps) of \(steps) recorded steps are shown, evenly chosen.")
    }
    return section
  }

  // MARK: - Self-attention

  func selfAttention(_ writer: FigureWriter) throws -> FigureSection {
    var section = FigureSection(
      heading: "Where a point looks",
      reading: """
        Self-attention of the marked point: how much its query takes from each place of the picture, in every recorded \
        layer, the mean over heads. The point is where the heat map of the word above is highest, or the middle where no \
        words were recorded; the mark stands in the cell whose query it is. A word's map may lie beside the thing, as those \
        of color words do in emoji-scenes, and then so does the point. Each map has its own scale. Ask of each layer \
        whether the point looks near itself, at the rest of its own object, or at all that is like it.
        """)
    guard let looks else { return missing(section, Self.noSelf) }
    var drawn = Set<String>()
    for subject in subjects {
      let (peak, point) = peak(of: subject)
      let key = "\(subject.run.stored.run.hash) \(peak.map { "\($0)" } ?? "")"
      guard let picture = data.picture(of: subject.run), drawn.insert(key).inserted else { continue }
      let steps = try recordedSteps(
        data.store, run: subject.run.stored, record: looks, sites: data.sites(of: .selfAttention))
      let files = try [steps.first, steps.count > 1 ? steps[steps.count / 2] : nil].compactMap { $0 }.map { step in
        let view = try PointView(request(subject.run, looks), point: point, step: step, store: data.store)
        let word = peak == nil ? "the middle" : subject.word.map { "\"\(subject.tokens.words[$0])\"" } ?? "the middle"
        let title = "\(subject.run.stored.figureTitle) · where the point of \(word) looks · step \(step)"
        let figure = try Figures.selfAttention(
          title: title, picture: picture, query: point,
          maps: view.maps.map { LabeledMap($0.site.briefLabel, $0.map) }, scale: .perMap)
        return try write(figure, "self_attention-\(subject.number)-step\(step).png", title, subject.run, writer)
      }
      if !files.isEmpty { section.entries.append(("\(subject.tokens.prompt), seed \(subject.seed)", files)) }
    }
    section.omitted = omitted
    return section.entries.isEmpty
      ? missing(section, "Nothing to draw: no drawn run has self-attention maps.") : section
  }

  static let noSelf =
    "Nothing to draw: no finished run has recorded self-attention maps in the conditional half of guidance. An entry of "
    + "`record` as this one would: " + Markdown.code(AttentionKind.selfAttention.recordExample)

  /// Where the subject's word is, and what is drawn of it: the middle where the word was not recorded.
  func peak(of subject: FigureSubject) -> (peak: QueryPoint?, point: QueryPoint) {
    let peak = wordViews[subject.number]?.map(of: subject.wordLabel)?.peak
    return (peak, peak ?? QueryPoint(x: 0.5, y: 0.5))
  }

  func request(_ run: RunResults, _ record: String?) -> MapViewRequest {
    MapViewRequest(run: run.stored.run.hash, record: record)
  }
}
