import Comparing
import Formatting
import Foundation
import MapProbes
import Probing

extension ProbePage {
  static let testsTable = "probe_tests.csv"
  static let cellsTable = "probe_cells.csv"
  static let controlsTable = "probe_controls.csv"
  static let applicationsTable = "probe_applications.csv"
  package static let json = "probes.json"

  /// The names that a report's files may have, in its folder of tables.
  package static let fileNames = [testsTable, cellsTable, controlsTable, applicationsTable, json]

  /// All numbers, for spreadsheets; each under its file's name. Tables without rows are left out.
  package var tables: [(name: String, table: CSVTable)] {
    [
      (Self.testsTable, tests), (Self.cellsTable, cells), (Self.controlsTable, controls),
      (Self.applicationsTable, applications),
    ].filter { !$0.1.rows.isEmpty }
  }

  /// All that is stored of the probes, with every digit.
  package func json() throws -> Data { try Self.json(findings.probes) }

  package func json(ofProbe index: Int) throws -> Data { try Self.json(findings.probes[index]) }

  private static func json(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return try encoder.encode(value) + Data("\n".utf8)
  }

  private static let estimate = ["n", "seeds", "mean", "low", "high", "confidence"]

  private func fields(_ estimate: SeedEstimate) -> [String] {
    ["\(estimate.count)", "\(estimate.seeds.count)"]
      + [estimate.mean, estimate.interval?.lowerBound, estimate.interval?.upperBound, estimate.confidence].map {
        CSVTable.number($0)
      }
  }

  private static let place = ["site", "layer", "kind", "call", "head"]

  /// Heads count from 1, as in names.
  private func fields(_ cell: ProbeCell) -> [String] {
    [cell.site, "\(cell.layer)", cell.kind, "\(cell.call)", cell.head.map { "\($0 + 1)" } ?? ""]
  }

  private var tests: CSVTable {
    var table = CSVTable([
      "test", "probe", "over", "measure", "cells", "side", "threshold", "estimate", "low", "high", "n", "seeds", "p",
      "holm_p", "verdict", "problem",
    ])
    for test in findings.tests {
      table.append(
        [test.says, test.probe, test.over, test.measure, test.cells, test.side]
          + [test.threshold, test.estimate, test.interval?.lowerBound, test.interval?.upperBound].map {
            CSVTable.number($0)
          } + ["\(test.samples)", "\(test.seeds)"] + [test.p, test.correctedP].map { CSVTable.number($0) }
          + [test.verdict.rawValue, test.problem ?? ""])
    }
    return table
  }

  private var cells: CSVTable {
    var table = CSVTable(
      ["probe", "label"] + Self.place + ["registered", "features"] + Self.estimate + ["chance", "p", "family_wise_p"])
    for probe in findings.probes {
      for cell in probe.cells {
        table.append(
          [probe.name, probe.label] + fields(cell) + [cell.isRegistered ? "1" : "0", "\(cell.features)"]
            + fields(cell.accuracy) + [probe.chance, cell.p, cell.familyWiseP].map { CSVTable.number($0) })
      }
    }
    return table
  }

  private var controls: CSVTable {
    var table = CSVTable(
      ["probe", "control"] + Self.place + Self.estimate + ["gain", "gain_low", "gain_high"])
    for probe in findings.probes {
      for control in probe.controls {
        for cell in control.cells where probe.cells.indices.contains(cell.cell) {
          table.append(
            [probe.name, control.name] + fields(probe.cells[cell.cell]) + fields(cell.accuracy)
              + [cell.gain.mean, cell.gain.interval?.lowerBound, cell.gain.interval?.upperBound].map {
                CSVTable.number($0)
              })
        }
      }
    }
    return table
  }

  private var applications: CSVTable {
    var table = CSVTable(["probe", "to", "intervention"] + Self.place + ["toward"] + Self.estimate)
    for probe in findings.probes {
      for applied in probe.applied where probe.cells.indices.contains(applied.cell) {
        for toward in applied.toward {
          table.append(
            [probe.name, applied.to, applied.intervention] + fields(probe.cells[applied.cell]) + [toward.label]
              + fields(toward.share))
        }
      }
    }
    return table
  }
}
