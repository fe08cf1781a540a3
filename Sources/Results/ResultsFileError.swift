/// A file that results do not have, or that was not written: which, and why.
package struct ResultsFileError: Error, Hashable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}
