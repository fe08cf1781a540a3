import Files
import Foundation
import MapProbes
import ProbePages

/// What a report shows of an experiment's probes: three lines, a section, figures, and tables.
struct ReportProbes {
  private let page: ProbePage
  private let figures: [ProbeFigure]

  init(_ findings: ProbeFindings, experiment: String) {
    page = ProbePage(findings, experiment: experiment)
    figures = ProbeFigures(findings).all
  }

  var summary: String { page.summary }
  var section: String { page.section(figures) }

  /// Writes the figures. They name the results that they show by a hash of each.
  func write(_ writer: FigureWriter) throws {
    for figure in figures {
      let shown = page.findings.probes.indices.filter { figure.probe == nil || figure.probe == $0 }
      _ = try writer.write(
        figure.draw(), as: figure.file, title: figure.title, prompts: [], seeds: figure.seeds,
        hashes: try shown.map { SHA256.hash(try page.json(ofProbe: $0)) })
    }
  }

  /// By file name.
  func files() throws -> [(name: String, data: Data)] {
    page.tables.map { ($0.name, $0.table.data) }
      + (page.findings.probes.isEmpty ? [] : [(ProbePage.json, try page.json())])
  }
}
