import Formatting
import Results

/// Says on standard error how many stored runs are left out, since they are of other plans than the one begun last.
func noteOtherRuns(_ count: Int, of name: String) {
  guard count > 0 else { return }
  StandardError.write("note: \(printable(name)): \(otherRunsText(count))\n")
}
