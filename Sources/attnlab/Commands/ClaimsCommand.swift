import ArgumentParser
import ExperimentFiles
import Pipelines
import Planning
import Reporting
import Results

struct ClaimsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "claims",
    abstract: "Judge the claims of an experiment file on models, and set their verdicts side by side.",
    discussion: """
      Makes the runs of the file on each model, as 'attnlab run' does, and writes each model's report. The file's own \
      model has the results of 'attnlab run'. Any other model has a folder of its own beside them: c2-cross--NAME for a \
      bundled model, and c2-cross--NAME-HASH for a folder, with the first digits of its content hash, so that \
      checkpoints of one name never share results. Nothing that is stored is made again: stop it when you like, give the \
      same command again, and add models later.

      Prints each claim's verdict and each test's effect with its interval, a column a model. Of several models it also \
      writes a page, <results folder>/<name>--models/claims.md, and its numbers as claims.csv.

      Examples:
        attnlab claims Experiments/c2-cross/experiment.yaml
        attnlab claims Experiments/c2-cross/experiment.yaml --model emoji-scenes --model emoji-scenes-first
        attnlab claims my.yaml --model /data/checkpoints/step-1000 --model /data/checkpoints/step-2000 --json
      """)

  @OptionGroup var experiment: ExperimentFileOptions

  @Option(
    name: .customLong("model"), parsing: .singleValue,
    help: ArgumentHelp(
      "A bundled model, or a folder in the diffusers layout. May be given more than once. (default: the file's own)",
      valueName: "name-or-folder"), completion: .directory)
  var models: [String] = []

  @Flag(name: .long, help: "Allow the programs that the file names as metrics.")
  var allowPrograms = false

  @OptionGroup var resultsOption: ResultsOption
  @OptionGroup var output: JSONOption

  func run() throws {
    let spec = try experiment.load()
    guard spec.claims != nil else {
      throw UsageError("\(experiment.file) has no claims; add the key claims, or make its runs with 'attnlab run'")
    }
    try ProgramConsent.require(spec, given: allowPrograms)
    // What is wrong with any of the models is known before the first picture.
    let plans = try models.isEmpty ? [experiment.plan(in: resultsOption.root)] : models.map { try plan($0, of: spec) }
    let folders = plans.map { ResultsFolder(resultsOption.root.appending(path: $0.plan.spec.name)) }
    for (index, folder) in folders.enumerated() {
      if let same = folders[..<index].firstIndex(of: folder) {
        throw UsageError("--model: \(models[index]) is the same model as \(models[same])")
      }
      if let problem = OutputPlace.problem(folder: folder.url) { throw CommandError("--results: \(problem)") }
      if let error = experiment.budgetError(plans[index].plan) { throw error }
    }
    var problems: [String] = []
    for (index, (plan, model)) in plans.enumerated() {
      if plans.count > 1 { StandardError.write("model \(index + 1) of \(plans.count): \(plan.modelName)\n") }
      problems += RunCommand.problems(
        try RunCommand.make(plan, model, folders[index], of: experiment), of: plan.spec.name)
    }
    let verdicts = try ModelVerdicts(folders, of: spec)
    let files = plans.count > 1 ? try verdicts.write(in: resultsOption.root) : folders.map(\.report)
    if output.json {
      try StandardOutput.write(json: verdicts.summary(files))
    } else {
      try StandardOutput.write(verdicts.text + files.map { "report: \($0.path)\n" }.joined())
    }
    if !problems.isEmpty { throw CommandError(problems.joined(separator: "\nerror: ")) }
  }

  /// The plan of the file on a model.
  private func plan(
    _ name: String, of spec: ExperimentSpec
  ) throws -> (plan: ExperimentPlan, model: ModelDescription) {
    let hash = try commandLineModel(name).contentHash(cache: .user())
    var own = experiment
    own.overrides += try asUsage { try spec.overrides(model: name, hash: hash) }
    return try own.plan(in: resultsOption.root)
  }
}
