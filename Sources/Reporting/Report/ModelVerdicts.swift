import AttentionStore
import Comparing
import ExperimentFiles
import Formatting
import Foundation
import Results

/// The claims of one experiment file as several models' results decide them, side by side.
public struct ModelVerdicts {
  /// One model's results.
  struct Model {
    let name: String
    let hash: String
    /// Of its folder of results.
    let results: String
    let judgement: ClaimsJudgement
  }

  let spec: ExperimentSpec
  let models: [Model]

  /// Judges the claims by what is stored.
  /// - Parameters:
  ///   - folders: Of each model, whose plan that was begun last is the file's.
  ///   - spec: The file, which makes claims.
  /// - Throws: `ResultsError` or `StoreError` for a folder without such results.
  public init(_ folders: [ResultsFolder], of spec: ExperimentSpec) throws {
    self.spec = spec
    let found = try folders.compactMap { folder in
      let store = try AttentionStore.open(folder.database, mode: .readOnly)
      defer { try? store.close() }
      let data = try StoredResults(results: folder, store: store)
      return ClaimsJudgement(data).map {
        Model(name: data.modelName, hash: data.experiment.modelHash, results: folder.name, judgement: $0)
      }
    }
    // Checkpoints in folders of one name are told apart by their content.
    models = found.map { model in
      guard found.count(where: { $0.name == model.name }) > 1 else { return model }
      let name = "\(model.name) \(model.hash.prefix(8))"
      return Model(name: name, hash: model.hash, results: model.results, judgement: model.judgement)
    }
  }

  private var claims: [ClaimSpec] { spec.claims?.claims ?? [] }

  /// For a terminal: a line a claim with its verdicts, and below it one a test with its effects.
  public var text: String {
    let names = models.map(\.name)
    var table = TextTable(["claim"] + names)
    for (index, claim) in claims.enumerated() {
      table.add([claim.name] + models.map { $0.judgement.claims[index].verdict.rawValue })
      for (place, test) in claim.tests.enumerated() {
        table.add(
          ["  \(test.says) (\(ClaimText.threshold(test.threshold)))"]
            + models.map { Self.found($0.judgement.claims[index].tests[place]) })
      }
    }
    return table.text
  }

  /// `-0.02 [-0.05, +0.01], undecided`
  static func found(_ test: ClaimsJudgement.Test) -> String {
    let number = test.spec.against == nil ? ClaimText.number : ClaimText.signed
    let value = test.estimate.result.count > 0 ? test.estimate.result.difference : nil
    return "\(number(value)) \(ClaimText.interval(test.estimate.interval, number)), \(test.verdict.rawValue)"
  }

  /// A line a model, claim and test. Numbers that do not exist are empty.
  var csv: CSVTable {
    var table = CSVTable([
      "model", "model_hash", "results", "claim", "claim_verdict", "says", "metric", "of", "against", "side",
      "threshold", "n", "clusters", "difference", "confidence", "low", "high", "verdict", "reason",
    ])
    for model in models {
      for claim in model.judgement.claims {
        for test in claim.tests {
          let (spec, result) = (test.spec, test.estimate.result)
          table.append(
            [
              model.name, model.hash, model.results, claim.spec.name, claim.verdict.rawValue, spec.says, spec.metric,
              spec.of, spec.against ?? "", spec.threshold.side, CSVTable.number(spec.threshold.value),
              "\(result.count)", "\(result.clusters)",
            ]
              + [
                result.difference, test.confidence, test.estimate.interval?.lowerBound,
                test.estimate.interval?.upperBound,
              ].map { CSVTable.number($0) } + [test.verdict.rawValue, test.reason ?? ""])
        }
      }
    }
    return table
  }

  /// What programs read.
  /// - Parameter files: that were written.
  public func summary(_ files: [URL]) -> some Encodable {
    Summary(
      experiment: spec.name, files: files.map(\.path),
      models: models.map { model in
        Summary.Model(
          model: model.name, modelHash: model.hash, results: model.results,
          claims: model.judgement.claims.map { claim in
            Summary.Claim(
              claim: claim.spec.name, verdict: claim.verdict.rawValue,
              tests: claim.tests.map { test in
                Summary.Test(
                  says: test.spec.says, verdict: test.verdict.rawValue, reason: test.reason,
                  difference: test.estimate.result.difference, low: test.estimate.interval?.lowerBound,
                  high: test.estimate.interval?.upperBound, n: test.estimate.result.count)
              })
          })
      })
  }

  private struct Summary: Encodable {
    struct Test: Encodable {
      let says, verdict: String
      let reason: String?
      let difference: Double
      let low, high: Double?
      let n: Int
    }

    struct Claim: Encodable {
      let claim, verdict: String
      let tests: [Test]
    }

    struct Model: Encodable {
      let model, modelHash, results: String
      let claims: [Claim]
    }

    let experiment: String
    let files: [String]
    let models: [Model]
  }
}
