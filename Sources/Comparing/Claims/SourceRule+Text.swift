import ExperimentFiles
import Formatting

/// Edits that do not count, as their source is not as it should be; a pair and seed is one, whatever is done with it.
public struct EditsLeftOut: Hashable, Sendable {
  /// Those whose source has a lower value.
  public internal(set) var below = 0
  /// Those whose source is not done, or has no value.
  public internal(set) var withoutValue = 0
  /// How many edits there are.
  public let of: Int
}

extension SourceRule {
  /// How many edits a report leaves out by the rule, in Markdown.
  package func leftOut(_ edits: EditsLeftOut) -> String {
    let name = Markdown.text(metric)
    return "Left out: \(edits.below) of \(counted(edits.of, "edit")), whose source has a \(name) below "
      + "\(Readable.value(atLeast))"
      + (edits.withoutValue == 0 ? "" : ", and \(edits.withoutValue) whose source is not done or has no \(name)") + "."
  }
}
