import ArgumentParser
import Attention
import Checkpoints
import ExperimentFiles
import Foundation
import MapProbes
import Pipelines
import Planning
import Results
import Running
import Schedulers
import StrictYAML

/// The experiment file of a command, and what the command line changes of it.
struct ExperimentFileOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp("The experiment, a YAML file.", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"]))
  var file: String

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Replace a value of the file; the new one is YAML, or @ and a file here that holds it. May be given more than once.",
      valueName: "key.path=value"))
  var overrides: [String] = []

  func load() throws -> ExperimentSpec {
    try ExperimentSpec.load(path: file, overrides: overrides) { _ = try SiteSelector($0) }
  }

  /// Resolves the experiment against its model, whose description comes along; no weight is read.
  /// - Parameters:
  ///   - root: the folder of results, in which experiments are whose maps are read.
  ///   - needsHash: false where nothing is stored or compared: reading a large model whole takes a while.
  /// - Throws: `SpecError` with every problem of the file, of the networks that it measures with, or of the file and its
  ///   model together.
  func plan(in root: URL, needsHash: Bool = true) throws -> (plan: ExperimentPlan, model: ModelDescription) {
    let spec = try load()
    let instruments = spec.instruments.problems(for: spec.metrics)
    guard instruments.isEmpty else { throw problems(instruments) }
    do {
      let folder = try ModelSource.folder(named: spec.model, from: modelBase)
      let model = try ModelDescription(folder)
      if let other = spec.mapsFrom {
        let hash = try folder.contentHash(cache: .user())
        let plan = try ExperimentPlan.reading(spec, from: other, modelHash: hash, in: root)
        try plan.checkProbes(in: root)
        return (plan, model)
      }
      let plan = try ExperimentPlan(
        spec, model: PlanModel(model, hash: needsHash ? folder.contentHash(cache: .user()) : ""))
      try plan.checkProbes(in: root)
      return (plan, model)
    } catch let error as ExperimentError {
      throw problems(error.problems)
    } catch let error as ResultsError {
      throw problems(error.problems)
    }
  }

  /// What git knows of the file.
  var history: ExperimentFileHistory { ExperimentFileHistory(fileURL(file), overrides: overrides) }

  /// What the plan asks of the disk beyond its budget.
  func budgetError(_ plan: ExperimentPlan) -> SpecError? { plan.budgetFault.map { problems(["\($0)"]) } }

  private func problems(_ messages: [String]) -> SpecError {
    SpecError(file: file, problems: messages.map { SpecProblem(file: file, message: $0) })
  }

  /// Where a relative path of the model starts: the file's folder, or the working directory if `--set` named the model.
  private var modelBase: URL {
    let isFromCommandLine = overrides.contains { $0.hasPrefix("model=") || $0.hasPrefix("\"model\"=") }
    let here = URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
    return isFromCommandLine ? here : URL(filePath: file).absoluteURL.deletingLastPathComponent()
  }
}
