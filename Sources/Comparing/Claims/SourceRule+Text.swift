import ExperimentFiles
import Formatting

extension SourceRule {
  /// How many edits a report leaves out by the rule, in Markdown.
  package func leftOut(_ edits: (count: Int, of: Int)) -> String {
    "Left out: \(edits.count) of \(counted(edits.of, "edit")), whose source has a \(Markdown.text(metric)) below "
      + "\(Readable.value(atLeast))."
  }
}
