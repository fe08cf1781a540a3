import Foundation

/// A value of a JSON text, with the differences that a reader of model files needs to see.
///
/// Foundation's readers fold some of them away: `JSONSerialization` and `JSONDecoder` keep one of two equal keys and
/// say nothing, read `1.0` as a whole number, and refuse `-Infinity`, which diffusers writes into scheduler files. A
/// safetensors file with a key twice is a lie that must be refused, so this project reads JSON itself.
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  /// Written without a point and an exponent, and within 64 bits.
  case integer(Int)
  /// Any other number, also a whole one beyond 64 bits.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// Reads a file.
  ///
  /// `NaN`, `Infinity` and `-Infinity` are allowed, as Python's `json` writes them.
  /// - Parameters:
  ///   - name: how messages call the file; its last folder and name where nil.
  ///   - maximumBytes: a longer file is refused before it is read.
  /// - Throws: `CheckpointError` if the file cannot be read, is too long, nests deeper than 64 levels, is not JSON
  ///   in UTF-8 without a byte order mark, or has an object with a key twice.
  public init(contentsOf url: URL, named name: String? = nil, maximumBytes: Int = 64 << 20) throws(CheckpointError) {
    let file = name ?? displayName(url)
    let mapped = try MappedFile(url, name: file)
    guard mapped.count <= maximumBytes else {
      throw CheckpointError(
        .init(
          file: file, field: "file size", found: "\(mapped.count) bytes", expected: "at most \(maximumBytes)"))
    }
    self = try mapped.withBytes { bytes throws(CheckpointError) in
      try JSONValue(json: bytes.bindMemory(to: UInt8.self), file: file)
    }
  }

  /// Reads a text that stands in memory, as a file of the given name.
  /// - Throws: as `init(contentsOf:)`.
  public init(json: some Sequence<UInt8>, named name: String) throws(CheckpointError) {
    let result = Array(json).withUnsafeBufferPointer { bytes -> Result<JSONValue, CheckpointError> in
      do throws(CheckpointError) { return .success(try JSONValue(json: bytes, file: name)) } catch {
        return .failure(error)
      }
    }
    self = try result.get()
  }

  private init(json bytes: UnsafeBufferPointer<UInt8>, file: String) throws(CheckpointError) {
    try TextEncodingMark.refuse(bytes, file: file)
    var reader = JSONReader(bytes, limits: .init(allowsNonFinite: true))
    let value: JSONValue
    do throws(JSONReader.Failure) {
      value = try reader.readDocument()
    } catch {
      let (line, column) = reader.place(of: error.offset)
      throw CheckpointError(
        .init(file: file, field: "line \(line), column \(column)", found: error.found, expected: error.expected))
    }
    if !reader.repeatedKeys.isEmpty {
      throw CheckpointError(
        reader.repeatedKeys.map { path in
          .init(file: file, field: path.joined(separator: "."), found: "given twice", expected: "it once")
        })
    }
    self = value
  }

  /// The value as it would be written, shortened to fit a message.
  public var summary: String {
    switch self {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .integer(let value): return "\(value)"
    case .number(let value): return "\(value)"
    case .string(let value): return quoted(value)
    case .array(let values):
      // Lists in lists are only counted: eight of eight of eight would fill the screen.
      let shown = values.prefix(8).map { value in
        if case .array(let inner) = value { "[... \(inner.count) values]" } else { value.summary }
      }.joined(separator: ", ")
      return values.count > 8 ? "[\(shown), ... \(values.count) values]" : "[\(shown)]"
    case .object(let object):
      return object.isEmpty ? "{}" : "an object of \(object.count) \(object.count == 1 ? "key" : "keys")"
    }
  }
}

/// The members of a JSON object in the order of the text, found by key in constant time.
public struct JSONObject: Hashable, Sendable {
  public struct Member: Hashable, Sendable {
    public let key: String
    public let value: JSONValue
  }

  public private(set) var members: [Member] = []
  private var places: [ExactString: Int] = [:]

  public init() {}

  public var count: Int { members.count }
  public var isEmpty: Bool { members.isEmpty }
  public var keys: [String] { members.map(\.key) }

  public subscript(key: String) -> JSONValue? {
    places[ExactString(key)].map { members[$0].value }
  }

  /// - Returns: false, and changes nothing, if the key is there.
  mutating func append(_ key: String, _ value: JSONValue) -> Bool {
    let place = places.count
    let exact = ExactString(key)
    guard places[exact] == nil else { return false }
    places[exact] = place
    members.append(Member(key: key, value: value))
    return true
  }
}
