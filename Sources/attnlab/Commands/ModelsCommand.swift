import ArgumentParser
import Checkpoints
import Formatting
import Foundation
import Pipelines

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "List the bundled models, or check one and show its attention sites.",
    discussion: """
      With a name or a folder it shows what the folder holds, every attention site with the number that selectors \
      use, and every problem. It reads config files, the tokenizer and the headers of the weight files: it checks the \
      names and shapes of all tensors and reads no weight. With --weights it also reads every weight and names the \
      tensors that are not finite. If there are problems, the exit code is 1.

      Examples:
        attnlab models
        attnlab models emoji-scenes
        attnlab models ~/models/stable-diffusion-v1-5 --json
        attnlab models ~/models/stable-diffusion-v1-5 --weights
      """)

  @Argument(help: ArgumentHelp("A bundled model, or a folder in the diffusers layout.", valueName: "name-or-folder"))
  var model: String?

  @Flag(help: "Read all weights, and say of each component whether its tensors are finite.")
  var weights = false

  @OptionGroup var output: JSONOption

  func validate() throws {
    if weights, model == nil { throw ValidationError("--weights needs the name or the folder of a model.") }
  }

  func run() throws {
    guard let model else { return try list() }
    let folder: ModelFolder
    do { folder = try commandLineModel(model) } catch let error as CheckpointError {
      // What is wrong with the index hides the rest.
      if output.json { try StandardOutput.write(json: ModelReport(name: model, problems: ["\(error)"])) }
      throw error
    }
    let report = ModelReport(folder, readsWeights: weights)
    if output.json {
      try StandardOutput.write(json: report)
    } else {
      try StandardOutput.write(report.text)
    }
    guard report.problems.isEmpty else {
      throw CommandError(
        (["\(model): \(counted(report.problems.count, "problem"))"] + report.problems).joined(separator: "\n"))
    }
  }

  private func list() throws {
    let reports = try BundledModels.names.map { ModelReport(try commandLineModel($0)) }
    if output.json { return try StandardOutput.write(json: reports) }
    var table = TextTable(["name", "parameters", "picture", "scheduler", "folder"], right: [1])
    for report in reports {
      table.add(
        [
          report.name, Readable.count(report.parameters), report.pictureSize,
          report.scheduler ?? "?", report.folder ?? "?",
        ])
    }
    try StandardOutput.write(table.text)
    try StandardOutput.write(
      "\nAny Stable Diffusion 1.x or 2.x folder in the diffusers layout can be given by its path.\n")
  }
}
