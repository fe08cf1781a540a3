import ExperimentFiles
import Formatting

extension SourceRule {
  /// How many edits a report leaves out by the rule, in Markdown.
  package func leftOut(_ edits: EditsLeftOut) -> String {
    let name = Markdown.text(metric)
    return "Left out: \(edits.below) of \(counted(edits.of, "edit")), whose source has a \(name) below "
      + "\(Readable.value(atLeast))"
      + (edits.withoutValue == 0 ? "" : ", and \(edits.withoutValue) whose source is not done or has no \(name)") + "."
  }
}
