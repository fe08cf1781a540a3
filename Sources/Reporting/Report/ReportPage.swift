import Attention
import Comparing
import ExperimentFiles
import Formatting
import Foundation
import Generation
import Measures
import Plotting
import Results

/// The text of `report.md`.
struct ReportPage {
  let data: StoredResults
  let numbers: ReportNumbers
  let factors: ReportFactors
  /// nil for an experiment without claims.
  let verdicts: ReportVerdicts?
  /// Of the claims' tests.
  let chart: FigureFile?
  /// Sections on what is compared beside claims.
  let compared: [String]
  /// nil for an experiment without probes.
  let probes: ReportProbes?
  let figures: [FigureSection]
  /// Of all maps of this plan's runs, in bytes.
  let mapCount: Int
  let mapBytes: Int

  private var spec: ExperimentSpec { data.spec }

  func text() throws -> String {
    var parts = [head]
    if let verdicts { parts.append(verdicts.summary) }
    if let probes { parts.append(probes.summary) }
    parts += ["## What was done", doneLines]
    if let unfinished { parts.append(unfinished) }
    if let verdicts { parts.append(verdicts.section(chart)) }
    parts += compared
    if let probes { parts.append(probes.section) }
    if let byWords = factors.section { parts.append(byWords) }
    if !figures.isEmpty {
      let remark = spec.figures.contains(where: \.isOfMaps) ? spec.crossReadRemark.map { [$0] } ?? [] : []
      parts += ["## Pictures"] + remark + figures.map(\.markdown) + fontNote
    }
    if !numbers.isEmpty { parts.append(numbers.section) }
    parts += [ReportMethod(data: data).section, again, limits(hasNumbers: !numbers.isEmpty)]
    return parts.joined(separator: "\n\n") + "\n"
  }

  private var head: String {
    "# \(Markdown.text(spec.name))" + (spec.question.isEmpty ? "" : "\n\n> **\(Markdown.text(spec.question))**")
  }

  // MARK: - What was done

  private var doneLines: String {
    ([drawn, changed, measured] + (others.map { [$0] } ?? [])).map { "- \($0)" }.joined(separator: "\n")
  }

  /// What is stored beside this plan; nil for nothing.
  private var others: String? {
    guard data.otherRuns > 0 else { return nil }
    return
      "The database also holds \(counted(data.otherRuns, "run")) of other plans, which earlier versions of the "
      + "file asked for. This report does not describe them."
  }

  private var drawn: String {
    let generate = spec.generate
    var what: [String] = []
    if !generate.pairs.isEmpty { what.append(counted(generate.pairs.count, "pair") + " of prompts") }
    if !generate.prompts.isEmpty { what.append(counted(generate.prompts.count, "single prompt")) }
    let pictures = data.expected.count
    let own = generate.pairs.compactMap(\.seeds).map(\.count)
    let fewest = own.min().map { $0 == own.max() ? counted($0, "seed") : "\($0) seeds or more" }
    let ofPairs = fewest.map { "\($0) that \(own.count == generate.pairs.count ? "a pair" : "some pairs") alone has" }
    let seeds = listed(
      [generate.seeds.isEmpty ? nil : counted(generate.seeds.count, "seed"), ofPairs].compactMap { $0 })
    let settings = data.hasSettings ? " in \(generate.settings.count) settings" : ""
    let noise =
      generate.pairs.isEmpty
      ? "" : " The source and the target of a pair start from the same noise, so that layout can carry over."
    let made =
      data.plan.hasPictures
      ? counted(pictures, "picture")
      : counted(pictures, "run that ends without a picture", "runs that end without a picture")
    return "The model \(Markdown.code(data.modelName)) was asked for \(made): \(listed(what)), "
      + "each with \(seeds)\(settings).\(noise)"
  }

  private var changed: String {
    func names(_ isMeant: (InterventionSpec) -> Bool) -> [String] { spec.interventions.filter(isMeant).map(\.name) }
    let unchanged = names { $0.operations.allSatisfy(\.op.onlyObserves) }
    let ofAttention = names { $0.operations.contains { $0.op.isOfAttention && !$0.op.onlyObserves } }
    let ofPrompt = names { !ofAttention.contains($0.name) && $0.operations.contains(where: \.op.changesPrompt) }
    let ofStart = names { !(unchanged + ofAttention + ofPrompt).contains($0.name) }
    let changes = [
      ("chosen attention of the model was changed", ofAttention), ("the encoded prompt was changed", ofPrompt),
      ("the drawing began from the source's picture with noise added", ofStart),
    ].filter { !$0.1.isEmpty }.map { "\($0) in \(counted($1.count, "way")) (\(listed(Self.ways($1))))" }
    if changes.isEmpty {
      return "No attention was changed"
        + (data.plan.hasPictures ? ": the pictures are what the model makes of their prompts." : ".")
    }
    let left = unchanged.map(Markdown.code)
    let alone = left.isEmpty ? "" : "; \(listed(left)) \(left.count == 1 ? "leaves" : "leave") it alone"
    return "While each \(spec.generate.pairs.isEmpty ? "picture" : "target") was drawn, \(listed(changes))\(alone)."
  }

  /// Interventions in words; of a long sweep its name and how many values it has.
  private static func ways(_ names: [String]) -> [String] {
    let sizes = Dictionary(grouping: names) { SweepGrid.sweep(of: $0) ?? "" }.mapValues(\.count)
    return names.map { name in
      guard let sweep = SweepGrid.sweep(of: name), let size = sizes[sweep], size > 4 else { return Markdown.code(name) }
      return "\(Markdown.code(sweep)) at \(size) values"
    }.uniqued
  }

  private var measured: String {
    let recorded =
      spec.mapsFrom.map {
        "The runs are those of the experiment \(Markdown.code($0)), and nothing was computed again; "
          + "\(counted(mapCount, "attention map")) (\(Readable.bytes(mapBytes))) of theirs can be read"
      }
      ?? (mapCount == 0
        ? "No attention maps were recorded"
        : "\(counted(mapCount, "attention map")) (\(Readable.bytes(mapBytes))) were recorded on the way")
    guard !data.metrics.isEmpty else { return recorded + "." }
    let remark = data.metrics.contains(where: \.measure.isOfMaps) ? spec.crossReadRemark.map { " " + $0 } ?? "" : ""
    let how =
      data.metrics.allSatisfy(\.measure.isOfEdits)
      ? "each finished edit was measured" : "the finished pictures were measured"
    return "\(recorded), and \(how): \(listed(data.metrics.map { Markdown.text($0.title) })).\(remark)"
  }

  /// What is missing, plainly; nil where everything is done.
  private var unfinished: String? {
    let open = data.expected.filter { $0.run?.isDone != true }
    let lost = data.plan.hasPictures ? data.present.filter { $0.isDone && !data.hasPicture($0) } : []
    guard !open.isEmpty || !lost.isEmpty else { return nil }
    let shown = 20
    var lines = open.prefix(shown).map { expected in
      var line = "\(label(expected)): \(expected.status)"
      if let error = expected.run?.stored.error { line += ", \(withoutPaths(error))" }
      return line
    }
    if open.count > shown {
      lines.append("and \(open.count - shown) more; [tables/runs.csv](tables/runs.csv) has them all")
    }
    lines += lost.prefix(shown).map {
      "the picture of run \(Markdown.code($0.shortHash)) is missing from the results folder"
    }
    let count = open.isEmpty ? "" : " \(open.count) of \(counted(data.expected.count, "run")) are not done."
    let failed = open.count { $0.run?.stored.status == .failed }
    let goesOn = failed < open.count || !lost.isEmpty ? "; running the experiment again goes on from there" : ""
    let isFinal =
      failed == 0
      ? ""
      : " \(counted(failed, "run")) failed, which is final: "
        + Markdown.code(shellLine(["attnlab", "gc", spec.name, "--failed"]))
        + " removes them, and only then are they tried again."
    return
      "### Unfinished\n\n**This report is not whole.**\(count) Pictures and tables hold what there is\(goesOn)."
      + "\(isFinal)\n\n" + lines.map { "- \($0)" }.joined(separator: "\n")
  }

  private func label(_ run: ExpectedRun) -> String {
    let key = run.key
    let prompts = key.source.map { "\($0) → \(key.prompt)" } ?? key.prompt
    return "\(Markdown.text(prompts)), seed \(key.seed), "
      + [key.intervention, key.settings].filter { !$0.isEmpty }.map(Markdown.text).joined(separator: ", ")
  }

  /// An error's text, without what names the machine's folders.
  private func withoutPaths(_ error: String) -> String {
    Markdown.text(error.replacingOccurrences(of: data.results.url.path, with: data.results.name))
  }

  // MARK: - Pictures

  /// Which installed fonts draw what the one of the figures has not, and what none has; nothing where it has all.
  private var fontNote: [String] {
    let generate = spec.generate
    let texts =
      generate.pairs.flatMap { [$0.source, $0.target] } + generate.prompts + spec.interventions.map(\.name)
      + generate.settings.map(\.label)
    guard let use = try? Lettering().fonts(of: texts) else { return [] }
    var lines = use.borrowed.sorted { $0.key < $1.key }.map { family, signs in
      "In the figures \(Markdown.text(family)), which is installed here, draws \(shown(signs))."
    }
    if !use.missing.isEmpty {
      lines.append(
        "**Boxes in the figures**: no installed font has \(shown(use.missing)). Install one that has them (in Debian "
          + "`fonts-noto-cjk` for Chinese, Japanese and Korean, `fonts-noto-color-emoji` for emoji) and draw the figures again "
          + "with `attnlab figures`.")
    }
    return lines.isEmpty ? [] : [lines.joined(separator: " ")]
  }

  private func shown(_ signs: [Unicode.Scalar]) -> String {
    let most = 40
    let names = signs.prefix(most).map { sign in
      "\(Markdown.text(String(sign))) (U+\(String(sign.value, radix: 16, uppercase: true)))"
    }
    return listed(names + (signs.count > most ? ["\(signs.count - most) more"] : []))
  }

  // MARK: - The end

  private var again: String {
    let given = data.command.map { "\(Markdown.fence($0, "sh"))\n\n" } ?? ""
    let kept = shellLine([
      "sqlite3", "-readonly", data.results.database.lastPathComponent, "SELECT spec FROM experiment",
    ])
    return """
      ## Run it again

      \(given)The same file on the same machine gives the same pictures, maps and numbers, bit for bit. What is stored \
      already is not computed again. The database keeps the file with every default and option written out, which runs from \
      any folder:

      \(Markdown.fence("\(kept) > again.yaml\nattnlab run again.yaml", "sh"))

      \(Markdown.details("The experiment with every default written out", Markdown.fence(data.resolvedFile, "yaml")))
      """
  }

  private func limits(hasNumbers: Bool) -> String {
    var lines: [String] = []
    let judged = spec.claims?.metrics ?? []
    let unjudged = data.metrics.filter { $0.isNearness && !judged.contains($0.name) }
    if hasNumbers, !unjudged.isEmpty {
      lines.append(
        "No verdict is drawn from \(listed(unjudged.map(\.title))): they measure nearness to the source, and an "
          + "edit that failed is near to it. Look at the pictures to see whether the edit is there, or judge it "
          + "by a measure of the target's text.")
    }
    if hasNumbers {
      lines.append(
        "Means and standard deviations describe these prompts and seeds; the runs of one pair, or of one seed, are not "
          + "independent of one another.")
    }
    if mapCount > 0 {
      lines.append(
        "Attention maps show where a model looks, not what would happen if it looked elsewhere; interventions ask that."
      )
    }
    lines.append("Everything here is about one model, \(Markdown.code(data.modelName)), at these settings.")
    return "## What this cannot tell\n\n" + lines.map { "- \($0)" }.joined(separator: "\n")
  }
}

extension Metric {
  /// Whether it says how near an edit is to its source, which an edit that failed is too.
  fileprivate var isNearness: Bool {
    switch accuracy {
    case .formula, .instrument(.structure, _), .instrument(.lpips, _): true
    case .instrument, .stated: false
    }
  }
}
