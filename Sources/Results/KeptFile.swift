import ExperimentFiles
import Foundation
import StrictYAML

/// The experiment file as its results keep it: with every default written out, with whole paths, and with the command
/// that began the runs as a comment in its first line.
package struct KeptFile {
  /// A shell line without line breaks; nil where the runs were begun by no command.
  let command: String?
  let yaml: String

  private static let start = "# attnlab "

  package init(_ spec: ExperimentSpec, command: String?) {
    yaml = spec.resolvedYAML()
    let line = command.map { "# \($0)\n" } ?? ""
    // What is kept must be readable again.
    let isKept = line.hasPrefix(Self.start) && line.utf8.count + yaml.utf8.count <= YAMLLimits.bytes
    self.command = isKept ? command : nil
  }

  /// Of a text that results keep.
  init(_ text: String) {
    let line = text.prefix { $0 != "\n" }
    let isCommand = line.hasPrefix(Self.start)
    command = isCommand ? String(line.dropFirst(2)) : nil
    yaml = isCommand ? String(text.dropFirst(line.count + 1)) : text
  }

  package var text: String { (command.map { "# \($0)\n" } ?? "") + yaml }
}
