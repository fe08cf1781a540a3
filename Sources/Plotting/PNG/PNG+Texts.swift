import CText

extension PNG {
  /// PNG's rules for a keyword, narrowed from Latin-1 to ASCII so that every tool reads it alike.
  static func check(_ texts: [Text]) throws {
    let problems = texts.flatMap { text -> [String] in
      var found: [String] = []
      let bytes = Array(text.key.utf8)
      if !(1...79).contains(bytes.count) || !bytes.allSatisfy({ (0x20...0x7E).contains($0) }) {
        found.append("the key \"\(text.key)\" is not 1 to 79 printable ASCII characters")
      } else if bytes.first == 0x20 || bytes.last == 0x20
        || zip(bytes, bytes.dropFirst()).contains(where: { $0 == (0x20, 0x20) })
      {
        found.append("the key \"\(text.key)\" begins or ends with a space or has two in a row")
      }
      if text.value.utf8.contains(0) {
        found.append("the value of \"\(text.key)\" contains a NUL")
      }
      return found
    }
    guard problems.isEmpty else { throw PlottingError(.text, "PNG text chunks", problems) }
  }

  static func texts(of reader: OpaquePointer) -> [Text] {
    (0..<cpngfile_text_count(reader)).map { index in
      var key: UnsafePointer<CChar>?
      var value: UnsafePointer<CChar>?
      var length = 0
      var utf8: Int32 = 0
      cpngfile_text(reader, index, &key, &value, &length, &utf8)
      let bytes = UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : length)
      return Text(
        key.map { latin1(UnsafeRawBufferPointer(start: $0, count: strnlen($0, 80))) } ?? "",
        utf8 != 0 ? String(decoding: bytes, as: UTF8.self) : latin1(bytes))
    }
  }

  /// Latin-1 is the first 256 Unicode scalars.
  private static func latin1(_ bytes: UnsafeRawBufferPointer) -> String {
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: bytes.lazy.map { Unicode.Scalar($0) })
    return String(scalars)
  }

  private static func strnlen(_ text: UnsafePointer<CChar>, _ limit: Int) -> Int {
    (0..<limit).first { text[$0] == 0 } ?? limit
  }
}
