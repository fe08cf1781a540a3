import ArgumentParser
import Foundation

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check this machine and installation, and say what to do about what is missing.",
    discussion: """
      Libraries and their versions, processor and kernels, threads and how they wait for one another, memory, room for \
      results, and one step of the bundled model on each engine, which must agree within 5e-5. Exit code 0: attnlab can be used, \
      perhaps with warnings; 1: not.

      Examples:
        attnlab doctor
        attnlab doctor --json
        attnlab doctor --results /data/Results
      """)

  /// For the process that the self-check starts.
  @Flag(name: .long, help: .hidden)
  var latents = false

  @OptionGroup var resultsOption: ResultsOption
  @OptionGroup var output: JSONOption

  func run() throws {
    if latents {
      return try StandardOutput.write(json: SelfCheck.latents())
    }
    let diagnosis = Diagnosis(results: resultsOption.root)
    if output.json {
      try StandardOutput.write(json: diagnosis)
    } else {
      try StandardOutput.write(diagnosis.text)
    }
    guard diagnosis.usable else {
      throw CommandError(diagnosis.problems.map { "\($0.name): \($0.found)" }.joined(separator: "\n"))
    }
  }
}
