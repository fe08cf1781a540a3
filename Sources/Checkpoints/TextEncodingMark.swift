/// The byte order mark that some editors write before a text. JSON has none, and diffusers stops at it.
enum TextEncodingMark: CaseIterable {
  case utf8, utf16LittleEndian, utf16BigEndian

  private var bytes: [UInt8] {
    switch self {
    case .utf8: [0xEF, 0xBB, 0xBF]
    case .utf16LittleEndian: [0xFF, 0xFE]
    case .utf16BigEndian: [0xFE, 0xFF]
    }
  }

  /// - Throws: `CheckpointError` that names the mark, and the command that takes it off, if the bytes begin with one.
  static func refuse(_ text: UnsafeBufferPointer<UInt8>, file: String) throws(CheckpointError) {
    guard let mark = allCases.first(where: { text.starts(with: $0.bytes) }) else { return }
    let spelled = mark.bytes.map { String($0, radix: 16, uppercase: true) }.joined(separator: " ")
    let command =
      mark == .utf8
      ? "sed -i '1s/^\\xEF\\xBB\\xBF//' \(file)"
      : "iconv -f UTF-16 -t UTF-8 \(file) > utf8.json && mv utf8.json \(file)"
    throw CheckpointError(
      .init(
        file: file, field: "beginning", found: "a byte order mark (\(spelled))",
        expected: "text in UTF-8 without one"),
      advice: "An editor saved the file that way: \(command).")
  }
}
