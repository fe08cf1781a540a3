import ArgumentParser
import Diagnosing

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check this machine and installation, and say what to do about what is missing.",
    discussion: """
      Shows libraries and their versions, processor and kernels, threads and how they wait for one another, memory, \
      and disk space for results. Then it runs one step of the bundled model on each engine; the two must agree \
      within 5e-5. The exit code is 0 if you can use attnlab, perhaps with warnings, and 1 if you cannot.

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
    let diagnosis = Diagnosis(results: resultsOption.root, latents: ["doctor", "--latents"])
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
