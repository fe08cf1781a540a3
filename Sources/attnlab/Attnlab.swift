import ArgumentParser
import Diagnosing
import ExperimentFiles
import Formatting
import Foundation
import Tensors

/// The command line: each command parses, calls the libraries and prints.
@main
struct Attnlab: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attnlab",
    abstract: "Record and change the attention of Stable Diffusion models.",
    discussion: """
      Look at one prompt first, then write an experiment file and run it:

        attnlab heatmap "a red car"                        where each word looks
        attnlab models emoji-scenes                        a model's attention sites
        attnlab plan Experiments/first-look/experiment.yaml
        attnlab run Experiments/first-look/experiment.yaml
        attnlab show first-look                            what is stored of it

      A model is a bundled name or a folder in the diffusers layout. Progress and errors go to standard error, results to \
      standard output; with --json standard output holds JSON alone.

      Exit codes: 0 done, 1 failed or stopped (the message says what and where), 2 wrong use.
      """,
    version: attnlabVersion,
    groupedSubcommands: [
      CommandGroup(
        name: "Models and single pictures:",
        subcommands: [
          ModelsCommand.self, TokensCommand.self, GenerateCommand.self, HeatMapCommand.self, MethodsCommand.self,
          EditCommand.self,
        ]),
      CommandGroup(
        name: "Experiments:",
        subcommands: [
          OpsCommand.self, ReferenceCommand.self, ValidateCommand.self, PlanCommand.self, RunCommand.self,
          ClaimsCommand.self,
        ]),
      CommandGroup(
        name: "Results:",
        subcommands: [
          ListCommand.self, ShowCommand.self, CompareCommand.self, MapsCommand.self, ExportCommand.self,
          FiguresCommand.self, ProbeCommand.self, GCCommand.self,
        ]),
      CommandGroup(name: "Measures:", subcommands: [MeasureCommand.self, MetricsCommand.self, RateCommand.self]),
      CommandGroup(name: "This machine:", subcommands: [BenchCommand.self, DoctorCommand.self]),
    ])

  static func main() {
    ThreadWaiting.settle()
    StandardOutput.prepare()
    do {
      _ = try InstructionSet.pin(ProcessInfo.processInfo.environment)
      _ = try Engine.named(in: ProcessInfo.processInfo.environment)
    } catch {
      StandardError.write("error: \(error)\n")
      Foundation.exit(ExitStatus.wrongUse.rawValue)
    }
    do {
      var command = try parseAsRoot(joiningNegativeNumbers(Array(CommandLine.arguments.dropFirst())))
      do {
        try command.run()
      } catch let error as UsageError {
        StandardError.write(error.text(command: fullName(of: type(of: command))))
        Foundation.exit(ExitStatus.wrongUse.rawValue)
      }
      Foundation.exit(ExitStatus.done.rawValue)
    } catch {
      Foundation.exit(report(error).rawValue)
    }
  }

  /// The name by which a command's help is asked for.
  private static func fullName(of command: any ParsableCommand.Type) -> String {
    let parents: [any ParsableCommand.Type] = [BenchCommand.self, MapsCommand.self, ProbeCommand.self]
    let parent = parents.first { $0.configuration.subcommands.contains { $0 == command } }
    return (parent.map { "\($0._commandName) " } ?? "") + command._commandName
  }

  /// Says what went wrong, or prints the help that was asked for.
  private static func report(_ error: any Error) -> ExitStatus {
    switch error {
    case is ReaderGone: return .done
    case is AlreadyReported: return .failed
    default: break
    }
    switch exitCode(for: error) {
    case .success:
      do {
        try StandardOutput.write(fullMessage(for: error) + "\n")
        return .done
      } catch {
        return report(error)
      }
    case .validationFailure:
      StandardError.write(fullMessage(for: error) + "\n")
      return .wrongUse
    default:
      StandardError.write("error: \(plainText(of: error))\n")
      return .failed
    }
  }

  static let _errorPrefix = "error: "
}

/// What the process tells its caller.
enum ExitStatus: Int32 {
  case done = 0
  case failed = 1
  case wrongUse = 2
}
