/// A string that equals another only if both hold the same bytes.
///
/// Swift's own `String` treats canonically equivalent spellings as one ("é" as one code point or as two). Names of
/// tensors and pieces of a vocabulary are bytes to the programs that write them, so here two spellings stay two names.
public struct ExactString: Hashable, Sendable {
  public let text: String

  public init(_ text: String) {
    var text = text
    text.makeContiguousUTF8()
    self.text = text
  }

  public static func == (a: ExactString, b: ExactString) -> Bool {
    a.text.utf8.count == b.text.utf8.count && a.text.utf8.elementsEqual(b.text.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    let hashed: Void? = text.utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    if hashed == nil { for byte in text.utf8 { hasher.combine(byte) } }
  }

  /// The order of the bytes, which is the order of Rust's and C's strings.
  static func inByteOrder(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }
}
