import ArgumentParser
import Formatting
import StrictYAML

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check an experiment file against its model, without computing anything.",
    discussion: """
      Reports every wrong key and value with its line, what is allowed and the nearest name. Then it reports \
      networks under `instruments` that are missing or do not fit, every site, step, word and size that the model \
      does not have, and a plan that exceeds the file's budget. If the file reads the maps of another experiment, it \
      reports what that one does not have in the results folder.

      Examples:
        attnlab validate Experiments/first-look/experiment.yaml
        attnlab validate my.yaml --set 'generate.seeds=[901, 902]' --json
      """)

  @OptionGroup var experiment: ExperimentFileOptions
  @OptionGroup var resultsOption: ResultsOption
  @OptionGroup var output: JSONOption

  private struct Report: Encodable {
    struct Problem: Encodable {
      let file: String
      let line, column: Int?
      let path, message: String
    }
    let file: String
    let valid: Bool
    var problems: [Problem] = []
    /// Problems beside those that are listed.
    var omitted = 0
    var remarks: [String] = []
  }

  func run() throws {
    do {
      let plan = try experiment.plan(in: resultsOption.root, needsHash: false).plan
      if let error = experiment.budgetError(plan) { throw error }
      if output.json {
        return try StandardOutput.write(json: Report(file: experiment.file, valid: true, remarks: plan.remarks))
      }
      for remark in plan.remarks { StandardError.write("note: \(remark)\n") }
      let runs = counted(plan.runCount, "run")
      if let other = plan.spec.mapsFrom {
        return try StandardOutput.write("\(experiment.file): valid; reads \(runs) of \(other)\n")
      }
      try StandardOutput.write(
        "\(experiment.file): valid; \(runs) in \(counted(plan.groups.count, "group")), "
          + "\(counted(plan.mapCount, "map"))\n")
    } catch let error as SpecError {
      if output.json {
        let problems = error.problems.map {
          Report.Problem(file: $0.file, line: $0.line, column: $0.column, path: $0.path, message: $0.message)
        }
        try StandardOutput.write(
          json: Report(file: experiment.file, valid: false, problems: problems, omitted: error.omitted))
      }
      throw error
    }
  }
}
