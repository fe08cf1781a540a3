import AttentionStore
import Comparing
import ExperimentFiles
import Files
import Formatting
import Foundation
import MapProbes
import Measures
import ProbePages
import Results

/// The report of an experiment: `report.md`, `figures/` and `tables/` of its results.
///
/// All of it comes from the database and the pictures of the runs, so it can be written again at any time. The same
/// results give the same bytes: it holds no time, no machine's name and no absolute path, and follows the order of the
/// experiment file.
public enum ExperimentReport {
  /// Writes the report, and removes figures and tables of an earlier one that this one does not have.
  ///
  /// Runs that failed or are not done are listed as such and left out of the numbers.
  /// - Parameters:
  ///   - results: The folder to write to, which also holds the runs' pictures.
  ///   - store: Its database, opened for reading or writing.
  ///   - instruments: How often the instruments are right that gates of claims name.
  ///   - findings: What the experiment's probes found; nil for one without probes.
  /// - Returns: The files written, `report.md` first.
  /// - Throws: `ExperimentError` if the database holds no experiment; `SpecError`, `StoreError`, `PlottingError` or
  ///   `FileError`. Each file is written whole or not at all, `report.md` last.
  public static func write(
    results: ResultsFolder, store: AttentionStore, instruments: InstrumentAccuracies? = nil,
    findings: ProbeFindings? = nil
  ) throws -> [URL] {
    let data = try StoredResults(results: results, store: store)
    let folder = try results.openForWriting()
    let numbers = ReportNumbers(data: data, accuracies: MetricAccuracies(data.spec))
    let words = try? SceneVocabulary(folder: data.spec.instruments.folder(.sceneReader))
    let factors = ReportFactors(data: data, words: words)
    let figures = FigureWriter(folder)
    let verdicts = ClaimsJudgement(data, instruments: instruments).map {
      ReportVerdicts(judgement: $0, thresholds: data.thresholds, firstRun: data.experiment.createdAt)
    }
    let chart = try verdicts?.write(figures, data)
    let methods = MethodComparison(data).map { ReportMethodComparison(comparison: $0) }
    let methodCharts = try methods?.write(figures, data) ?? []
    let layers = LayerEffects(data).map { ReportLayers(effects: $0) }
    let layerCharts = try layers?.write(figures, data) ?? []
    let knows = KnowsAgainstDoesPage(KnowsAgainstDoes.all(of: data))
    for figure in knows?.figures ?? [] {
      _ = try figures.write(
        figure.draw(), as: figure.file, title: figure.title, prompts: data.spec.generate.pairs.map(\.label),
        seeds: data.spec.generate.allSeeds, hashes: [data.experiment.modelHash])
    }
    let probes = findings.map { ReportProbes($0, experiment: data.spec.name) }
    try probes?.write(figures)
    let sections = try ReportFigures(data: data).sections(figures)
    var ofRuns: [(name: String, table: CSVTable)] = []
    if let verdicts { ofRuns.append((ReportVerdicts.table, verdicts.csv)) }
    if let methods { ofRuns.append((ReportMethodComparison.table, methods.comparison.csv)) }
    if let layers { ofRuns.append((ReportLayers.table, layers.effects.csv)) }
    if let knows { ofRuns.append((KnowsAgainstDoesPage.table, knows.csv)) }
    ofRuns += numbers.files + factors.files
    ofRuns += sections.flatMap(\.tables)
    let found = layers?.foundText.map { [(name: ReportLayers.foundFile, data: Data($0.utf8))] }
    let tables = try ofRuns.map { (name: $0.name, data: $0.table.data) } + (found ?? []) + (probes?.files() ?? [])
    for (name, bytes) in tables {
      try folder.write(bytes, to: "\(results.tables.lastPathComponent)/\(name)", making: true)
    }
    let maps = MapFilter(runs: Set(data.present.map(\.stored.id)))
    let page = ReportPage(
      data: data, numbers: numbers, factors: factors, verdicts: verdicts, chart: chart,
      compared: [methods?.section(methodCharts), layers?.section(layerCharts), knows?.section].compactMap { $0 },
      probes: probes, figures: sections,
      mapCount: try data.store.mapCount(maps), mapBytes: try data.store.bytesStored(maps))
    try folder.write(Data(try page.text().utf8), to: results.report.lastPathComponent)
    try removeStale(results.figures, in: folder, keeping: Set(figures.names), isOwn: FigureWriter.isOwn)
    try removeStale(results.tables, in: folder, keeping: Set(tables.map(\.name))) { tableNames.contains($0) }
    return [results.report] + figures.names.map { results.figures.appending(path: $0) }
      + tables.map { results.tables.appending(path: $0.name) }
  }

  /// Draws figures of some kinds again, also of kinds that the experiment file does not ask for.
  ///
  /// Nothing else is touched. Figures of those kinds that are no longer drawn are removed.
  /// - Returns: The figures written, in the order of `only`; and why there are none of a kind, or not all, in Markdown.
  /// - Throws: as `write`.
  public static func writeFigures(
    results: ResultsFolder, store: AttentionStore, only: [FigureName]
  ) throws -> (files: [URL], omitted: [String]) {
    let data = try StoredResults(results: results, store: store)
    let folder = try results.openForWriting()
    let figures = FigureWriter(folder)
    let sections = try ReportFigures(data: data).sections(figures, kinds: only.uniqued)
    try removeStale(results.figures, in: folder, keeping: Set(figures.names)) { name in
      FigureWriter.isOwn(name) && only.contains { name.hasPrefix($0.rawValue) }
    }
    let missing = only.uniqued.filter { kind in !figures.names.contains { $0.hasPrefix(kind.rawValue) } }
    // A section without figures says in their place why there are none.
    let omitted = sections.flatMap { section in
      (section.omitted.isEmpty && section.entries.isEmpty ? [section.reading] : section.omitted).map {
        "\(section.heading): \($0)"
      }
    }
    return (
      figures.names.map { results.figures.appending(path: $0) },
      missing.map { "no \($0.rawValue) can be drawn from what is stored" } + omitted
    )
  }

  private static let tableNames: Set<String> = Set([
    ReportVerdicts.table, ReportMethodComparison.table, ReportLayers.table, ReportLayers.foundFile,
    KnowsAgainstDoesPage.table, "summary.csv", "metrics.csv", "runs.csv", MapFigures.statisticsTable,
    MapFigures.differencesTable, SweepFigures.table,
  ]).union(ProbePage.fileNames).union(ReportFactors.fileNames)

  /// Removes files that this tool wrote and the present report does not have; all others are the user's.
  private static func removeStale(
    _ place: URL, in results: OpenFolder, keeping: Set<String>, isOwn: (String) -> Bool
  ) throws {
    let name = place.lastPathComponent
    guard try results.kind(of: name) != nil else { return }
    let folder = try results.folder(name)
    for name in try folder.names() where isOwn(name) && !keeping.contains(name) { try folder.removeFile(name) }
  }
}
