/// The header of a safetensors file, every number of it checked against the file.
///
/// The rules are those of the format's README and of its reference library: eight bytes of length, at most 100 MB of
/// JSON that begins with `{`, no key twice, sizes whose products fit, and a data section that the tensors cover
/// whole, without overlap, gap or rest. Shapes of more than 64 sizes are refused beyond that.
struct SafetensorsHeader {
  var entries: [(name: String, entry: SafetensorsFile.Entry)] = []
  var metadata: [String: String] = [:]
  /// Offset in the file where the data section begins.
  var dataStart = 0

  private let file: String
  private var problems: [CheckpointError.Problem] = []

  /// The reference library's limit.
  static let maximumLength = 100_000_000
  /// As many axes as a tensor of NumPy or PyTorch may have; the format has no limit of its own.
  static let maximumRank = 64
  static let metadataKey = "__metadata__"

  /// - Throws: `CheckpointError` with every problem that was found.
  init(_ bytes: UnsafeRawBufferPointer, file: String) throws(CheckpointError) {
    self.file = file
    guard let length = readLength(bytes) else { throw failure() }
    dataStart = 8 + length
    let text = UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]).bindMemory(to: UInt8.self)
    guard let object = readObject(text) else { throw failure() }
    for member in object.members {
      if member.key == Self.metadataKey {
        readMetadata(member.value)
      } else {
        readEntry(member.key, member.value)
      }
    }
    // With an entry missing, what is left would show gaps that the file does not have.
    if problems.isEmpty { checkCoverage(of: bytes.count - dataStart) }
    guard problems.isEmpty else { throw failure() }
  }

  private func failure() -> CheckpointError {
    CheckpointError(
      problems, advice: "The file is damaged, cut short or not in the safetensors format: fetch or save it again.")
  }

  private mutating func report(_ field: String, of tensor: String? = nil, found: String, expected: String) {
    problems.append(.init(file: file, tensor: tensor, field: field, found: found, expected: expected))
  }

  private mutating func readLength(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.count >= 8 else {
      report("file size", found: "\(bytes.count) bytes", expected: "at least 8")
      return nil
    }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length >= 2, length <= UInt64(Self.maximumLength) else {
      report("header length", found: "\(length)", expected: "2 to \(Self.maximumLength)")
      return nil
    }
    guard length <= UInt64(bytes.count - 8) else {
      report("header length", found: "\(length)", expected: "at most \(bytes.count - 8), the rest of the file")
      return nil
    }
    return Int(length)
  }

  private mutating func readObject(_ text: UnsafeBufferPointer<UInt8>) -> JSONObject? {
    guard text.first == UInt8(ascii: "{") else {
      let found = text.first.map { "byte 0x\(String($0, radix: 16, uppercase: true))" } ?? "nothing"
      report("header byte 0", found: found, expected: "'{'")
      return nil
    }
    var reader = JSONReader(text)
    do throws(JSONReader.Failure) {
      guard case .object(let object) = try reader.readDocument() else { return nil }
      for path in reader.repeatedKeys {
        let field = path.count == 1 ? "entry" : path.dropFirst().joined(separator: ".")
        report(field, of: path.first, found: "given twice", expected: "it once")
      }
      return object
    } catch {
      report("header byte \(error.offset)", found: error.found, expected: error.expected)
      return nil
    }
  }

  private mutating func readMetadata(_ value: JSONValue) {
    guard case .object(let object) = value else {
      report(Self.metadataKey, found: value.summary, expected: "an object of texts")
      return
    }
    for member in object.members {
      if case .string(let text) = member.value {
        metadata[member.key] = text
      } else {
        report("\(Self.metadataKey).\(member.key)", found: member.value.summary, expected: "a text")
      }
    }
  }

  private mutating func readEntry(_ name: String, _ value: JSONValue) {
    guard case .object(let object) = value else {
      report("entry", of: name, found: value.summary, expected: "an object with dtype, shape and data_offsets")
      return
    }
    let dtype = readDtype(name, object["dtype"])
    let shape = readShape(name, object["shape"])
    let range = readOffsets(name, object["data_offsets"])
    guard let dtype, let shape, let range else { return }
    var size = dtype.byteCount
    for length in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: length)
      guard !overflow else {
        report("shape", of: name, found: "\(shape)", expected: "sizes whose product fits 64 bits")
        return
      }
      size = product
    }
    guard size == range.count else {
      report(
        "data_offsets", of: name, found: "[\(range.lowerBound), \(range.upperBound)], \(range.count) bytes",
        expected: "\(size) bytes for \(dtype.rawValue) \(shape)")
      return
    }
    entries.append((name, .init(dtype: dtype, shape: shape, byteRange: range)))
  }

  private mutating func readDtype(_ name: String, _ value: JSONValue?) -> SafetensorsDtype? {
    if case .string(let text) = value, let dtype = SafetensorsDtype(rawValue: text) { return dtype }
    let known = SafetensorsDtype.allCases.map(\.rawValue).joined(separator: ", ")
    report("dtype", of: name, found: value?.summary ?? "missing", expected: "one of \(known)")
    return nil
  }

  private mutating func readShape(_ name: String, _ value: JSONValue?) -> [Int]? {
    if let sizes = value?.wholeNumbers {
      guard sizes.count > Self.maximumRank else { return sizes }
      report("shape", of: name, found: "a list of \(sizes.count)", expected: "at most \(Self.maximumRank) sizes")
      return nil
    }
    report("shape", of: name, found: value?.summary ?? "missing", expected: "a list of whole numbers of at least 0")
    return nil
  }

  private mutating func readOffsets(_ name: String, _ value: JSONValue?) -> Range<Int>? {
    if let offsets = value?.wholeNumbers, offsets.count == 2, offsets[0] <= offsets[1] {
      return offsets[0]..<offsets[1]
    }
    report(
      "data_offsets", of: name, found: value?.summary ?? "missing",
      expected: "[begin, end], whole numbers with 0 <= begin <= end")
    return nil
  }

  /// Sorts the entries by place and checks that they cover the data section.
  private mutating func checkCoverage(of size: Int) {
    entries.sort {
      ($0.entry.byteRange.lowerBound, $0.entry.byteRange.upperBound)
        < ($1.entry.byteRange.lowerBound, $1.entry.byteRange.upperBound)
    }
    var covered = 0
    var previous: String?
    for (name, entry) in entries {
      let begin = entry.byteRange.lowerBound
      if begin != covered {
        let fault = begin < covered ? "an overlap" : "a gap"
        let place = previous.map { "the end of \(quoted($0))" } ?? "the start of the data"
        report("data_offsets", of: name, found: "\(begin) at its begin, \(fault)", expected: "\(covered), \(place)")
      }
      covered = max(covered, entry.byteRange.upperBound)
      previous = name
    }
    if covered != size {
      let total = dataStart.addingReportingOverflow(covered)
      let expected = total.overflow ? "more than 64 bits can count" : "\(total.partialValue)"
      report(
        "file size", found: "\(dataStart + size) bytes",
        expected: "\(expected), the \(dataStart) of the header and the \(covered) of the tensors")
    }
  }
}

extension JSONValue {
  /// The elements of a list of whole numbers, none of them negative.
  fileprivate var wholeNumbers: [Int]? {
    guard case .array(let values) = self else { return nil }
    var numbers: [Int] = []
    for value in values {
      guard case .integer(let number) = value, number >= 0 else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}
