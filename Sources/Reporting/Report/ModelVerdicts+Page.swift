import Comparing
import ExperimentFiles
import Files
import Formatting
import Foundation

extension ModelVerdicts {
  static let page = "claims.md"
  static let table = "claims.csv"

  /// Writes the page and its numbers into `<name>--models` below the folder of all results.
  /// - Returns: The files, the page first.
  /// - Throws: `FileError`. Each file is written whole or not at all.
  public func write(in root: URL) throws -> [URL] {
    let place = root.appending(path: "\(spec.name)--models", directoryHint: .isDirectory)
    let folder = try OpenFolder.make(place)
    try folder.write(csv.data, to: Self.table)
    try folder.write(Data(markdown.utf8), to: Self.page)
    return [Self.page, Self.table].map { place.appending(path: $0) }
  }

  /// The page. The same results give the same bytes.
  var markdown: String {
    let question = spec.question.isEmpty ? [] : ["> **\(Markdown.text(spec.question))**"]
    let parts =
      ["# \(Markdown.text(spec.name)) on \(counted(models.count, "model"))"] + question
      + [verdicts] + (spec.claims?.averages.map { [ClaimText.meaning($0)] } ?? []) + ["## Models", facts]
      + (spec.claims?.claims ?? []).enumerated().map { section($1, $0) }
      + ["The numbers: [\(Self.table)](\(Self.table)).", Self.limits]
    return parts.joined(separator: "\n\n") + "\n"
  }

  private var names: [String] { models.map { Markdown.text($0.name) } }

  /// Claims by models.
  private var verdicts: String {
    let rows = (spec.claims?.claims ?? []).enumerated().map { index, claim in
      ["**\(Markdown.text(claim.name))**: \(Markdown.text(claim.statement))"]
        + models.map { $0.judgement.claims[index].verdict.rawValue }
    }
    return Markdown.table(["claim"] + names, rows)
  }

  private var facts: String {
    Markdown.table(
      ["model", "SHA-256", "pictures:", "random starts:", "gates of the file that fail", "report"],
      models.map { model in
        let failed = model.judgement.gates.filter { !$0.holds }.map(\.spec.says)
        return [
          Markdown.text(model.name), Markdown.code(String(model.hash.prefix(16))), "\(model.judgement.pictures)",
          "\(model.judgement.seeds)", failed.isEmpty ? "none" : Markdown.text(failed.joined(separator: "; ")),
          "[\(Markdown.text(model.results))](../\(model.results)/report.md)",
        ]
      })
  }

  private func section(_ claim: ClaimSpec, _ index: Int) -> String {
    let rows = claim.tests.enumerated().flatMap { place, test in
      models.map { model in
        let found = model.judgement.claims[index].tests[place]
        return [
          Markdown.text(test.says), Markdown.text(model.name), ClaimText.threshold(test.threshold),
          "\(found.estimate.result.count)", "\(found.estimate.result.clusters) \(found.estimate.clustering.text)",
          Markdown.text(Self.found(found)), Markdown.text(found.reason ?? "–"),
        ]
      }
    }
    return "## \(Markdown.text(claim.name))\n\n> \(Markdown.text(claim.statement))\n\n"
      + Markdown.table(
        ["test", "model", "threshold:", "n:", "clusters:", "effect, interval, verdict", "reason"], rows)
  }

  private static let limits =
    "Each model is judged by its own pictures, as its report says; thresholds, gates and placebos are the file's. Verdicts are "
    + "corrected within a claim and not over models: of many models one may show by chance what it does not have. That a claim is "
    + "shown for one model and undecided for another does not mean that the two differ: compare their intervals."
}
