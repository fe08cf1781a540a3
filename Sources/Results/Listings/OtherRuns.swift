import Formatting

/// `3 runs of other plans are stored too; this is of the plan that was begun last`
package func otherRunsText(_ count: Int) -> String {
  "\(counted(count, "run")) of other plans \(count == 1 ? "is" : "are") stored too; this is of the plan that was "
    + "begun last"
}
