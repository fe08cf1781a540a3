import ArgumentParser
import Formatting
import Foundation
import Pipelines
import Planning
import Results
import Running

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Say what an experiment will make, how large it is and, with --time, how long it takes.",
    discussion: """
      A group is a source run and the runs that are made in one batch with it. The command reads config files, the \
      tokenizer and the headers of the weight files, and no weight; the hash of large weight files is kept in a cache. \
      With --time it loads the model, measures a step of the largest group after a warm-up, and scales it to all groups; \
      it does not subtract runs that are stored already. \
      It also says how many runs of the plan are stored in the results folder, how many are new, and how many other runs \
      are stored, what the whole takes of the disk, and of memory at least. If the file reads the maps of another experiment, it says \
      how many of the runs that are read are there. If the plan exceeds the file's budget or needs more memory than \
      there is, the exit code is 1.

      Examples:
        attnlab plan Experiments/first-look/experiment.yaml
        attnlab plan my.yaml --time
        attnlab plan my.yaml --set generate.num_inference_steps=5 --json
      """)

  @OptionGroup var experiment: ExperimentFileOptions

  @Flag(help: "Measure how long a step takes, which loads the model, and estimate the time of the whole plan.")
  var time = false

  @OptionGroup var resultsOption: ResultsOption
  @OptionGroup var output: JSONOption

  func run() throws {
    let (plan, model) = try experiment.plan(in: resultsOption.root)
    let isRead = plan.spec.mapsFrom != nil
    let problem = experiment.budgetError(plan) ?? (isRead ? nil : Self.memoryProblem(plan))
    let seconds = time && problem == nil && !isRead ? try StepTiming(plan, StableDiffusion(model)).seconds : nil
    let report = try PlanReport(
      plan, seconds: seconds,
      results: ResultsFolder(resultsOption.root.appending(path: plan.spec.mapsFrom ?? plan.spec.name)))
    try output.json ? StandardOutput.write(json: report) : StandardOutput.write(report.text)
    if let problem { throw problem }
  }

  private static func memoryProblem(_ plan: ExperimentPlan) -> (any Error)? {
    do {
      try plan.checkMemory(available: plan.availableBesideModel)
      return nil
    } catch {
      return error
    }
  }
}
