import ArgumentParser
import ExperimentFiles
import Formatting
import Generation

struct MethodsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "methods",
    abstract: "List published ways to edit a picture, or explain one.",
    discussion: """
      Each method is a short file that is written in the operations of experiment files, with its published settings, the \
      halves of guidance that it changes and its source. With a name the command prints that file. `attnlab edit` makes a \
      picture by a method, and an experiment file uses one as an intervention:

        interventions:
          none: []
          fpe: { method: fpe-paper }
          short: { method: fpe-paper, until: 0.4 }

      Dials are what may be set without writing operations: \(MethodDial.allCases.map(\.rawValue).joined(separator: ", ")).

      Examples:
        attnlab methods
        attnlab methods masactrl-mask
        attnlab methods --json
      """)

  @Argument(help: ArgumentHelp("The method to explain. (default: all, in a table)", valueName: "name"))
  var name: String?

  @OptionGroup var output: JSONOption

  private struct Entry: Encodable {
    let method: String
    let otherNames: [String]
    let title, does, source, published, differs: String
    let halves: ChangedHalves
    let dials: [MethodDial]
    let file: String

    init(_ method: EditingMethod) {
      self.method = method.name
      otherNames = method.otherNames
      (title, does, source) = (method.title, method.does, method.source)
      (published, differs) = (method.published, method.differs)
      halves = method.halves
      dials = method.dialNames
      file = method.text
    }
  }

  func run() throws {
    guard let name else {
      if output.json { return try StandardOutput.write(json: EditingMethods.all.map(Entry.init)) }
      var table = TextTable(["method", "halves", "dials", "does"])
      for method in EditingMethods.all {
        table.add([
          ([method.name] + method.otherNames).joined(separator: ", "), method.halves.rawValue,
          method.dialNames.map(\.rawValue).joined(separator: ", "), method.does,
        ])
      }
      return try StandardOutput.write(table.text)
    }
    guard let method = EditingMethods.named(name) else { throw UsageError(EditingMethods.unknown(name)) }
    if output.json { return try StandardOutput.write(json: Entry(method)) }
    try StandardOutput.write(method.text)
  }
}
