import ExperimentFiles
import Foundation
import StrictYAML

/// The experiment file as its results keep it: with every default written out, with whole paths, and with comments in its first
/// lines: the command that began the runs, and since when the file makes its claims.
package struct KeptFile {
  /// A shell line without line breaks; nil where the runs were begun by no command.
  let command: String?
  /// nil for a file without claims, and where nobody asked.
  let thresholds: ThresholdOrigin?
  let yaml: String

  private static let start = "# attnlab "

  package init(_ spec: ExperimentSpec, command: String?, thresholds: ThresholdOrigin? = nil) {
    yaml = spec.resolvedYAML()
    let line = command.map { "# \($0)\n" } ?? ""
    let claims = thresholds.map { "\($0.line)\n" } ?? ""
    // What is kept must be readable again.
    let room = YAMLLimits.bytes - yaml.utf8.count
    self.thresholds = claims.utf8.count <= room ? thresholds : nil
    let isKept = line.hasPrefix(Self.start) && line.utf8.count + claims.utf8.count <= room
    self.command = isKept ? command : nil
  }

  /// Of a text that results keep.
  init(_ text: String) {
    var rest = text[...]
    func firstLine() -> Substring { rest.prefix { $0 != "\n" } }
    let line = firstLine()
    let isCommand = line.hasPrefix(Self.start)
    command = isCommand ? String(line.dropFirst(2)) : nil
    if isCommand { rest = rest.dropFirst(line.count + 1) }
    let claims = firstLine()
    thresholds = ThresholdOrigin(line: claims)
    if thresholds != nil { rest = rest.dropFirst(claims.count + 1) }
    yaml = String(rest)
  }

  package var text: String {
    (command.map { "# \($0)\n" } ?? "") + (thresholds.map { "\($0.line)\n" } ?? "") + yaml
  }
}
