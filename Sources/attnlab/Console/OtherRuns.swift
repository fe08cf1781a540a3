import AttentionStore
import Formatting

/// Says on standard error how many stored runs are left out, since they are of other plans than the one begun last.
func noteOtherRuns(_ count: Int, of name: String) {
  guard count > 0 else { return }
  StandardError.write("note: \(printable(name)): \(otherRunsText(count))\n")
}

/// `3 runs of other plans are stored too; this is of the plan that was begun last`
func otherRunsText(_ count: Int) -> String {
  "\(Readable.number(count, "run")) of other plans \(count == 1 ? "is" : "are") stored too; this is of the plan that was "
    + "begun last"
}
