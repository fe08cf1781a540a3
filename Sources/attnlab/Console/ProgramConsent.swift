import ExperimentFiles
import Formatting
import Foundation

/// Whether the programs that an experiment names as metrics may run: a file of somebody else's is data until its reader
/// says otherwise.
enum ProgramConsent {
  /// - Parameter given: whether the command line says yes.
  /// - Throws: `UsageError` that names the programs if nobody can be asked; `CommandError` if the answer is no.
  static func require(_ spec: ExperimentSpec, given: Bool) throws {
    let programs = spec.programs
    guard !given, !programs.isEmpty else { return }
    let lines = programs.map { metric in
      "\(printable(metric.program.map { fileURL($0.path).path } ?? "")), the metric \(metric.name)"
    }
    guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
      throw UsageError(
        lines.map { "metrics: \($0), is a program and would run with your rights" }
          + ["--allow-programs: give it when you have read \(programs.count == 1 ? "this program" : "these programs")"])
    }
    let what = counted(programs.count, "program")
    StandardError.write(
      "This experiment runs \(what) with your rights:\n" + lines.map { "  \($0)\n" }.joined() + "Run? Type yes: ")
    guard readLine()?.trimmingCharacters(in: .whitespaces).lowercased() == "yes" else {
      throw CommandError("the answer was not yes: nothing was run")
    }
  }
}
