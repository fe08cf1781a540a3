import Foundation

/// A JSON file of settings: `config.json`, `scheduler_config.json`, `model_index.json`, `tokenizer_config.json`.
///
/// Getters never throw: each notes what is wrong and returns a stand-in, and `finish()` throws all of it together, so
/// that a reader mends a file once. Call it before the values are used.
///
///     var config = try ConfigFile(contentsOf: folder.appending(path: "config.json"))
///     let channels = config.int("in_channels", default: 4, in: 1...1024)
///     let width = config.ints("attention_head_dim", default: [8], count: 4, in: 1...1024)
///     try config.finish()
///
/// Types are strict: `1` is a whole number, `1.0` and `true` are not; `1` is a number. A key that is absent takes the
/// default, or is a problem where there is none. A key that is `null` is Python's None, as diffusers reads it: it does
/// not take the default; only the `optional` getters allow it, and give nil.
public struct ConfigFile: Sendable {
  /// How messages name the file, as `unet/config.json`.
  public let name: String
  public let object: JSONObject
  /// What the getters have found so far.
  public private(set) var problems: [CheckpointError.Problem] = []
  /// What stands before a key in messages: `vision_config.` for an object under that key.
  private let path: String

  /// The longest file that is read: 16 MiB.
  public static let maximumBytes = 16 << 20

  /// - Parameter name: how messages name the file; its last folder and name where nil.
  /// - Throws: `CheckpointError` if the file cannot be read or is not a JSON object; see `JSONValue`.
  public init(contentsOf url: URL, named name: String? = nil) throws(CheckpointError) {
    let file = name ?? displayName(url)
    try self.init(try JSONValue(contentsOf: url, named: file, maximumBytes: Self.maximumBytes), named: file)
  }

  /// The same from a text in memory.
  /// - Throws: as `init(contentsOf:)`.
  public init(json: some Sequence<UInt8>, named name: String) throws(CheckpointError) {
    try self.init(try JSONValue(json: json, named: name), named: name)
  }

  private init(_ value: JSONValue, named name: String) throws(CheckpointError) {
    guard case .object(let object) = value else {
      throw CheckpointError(.init(file: name, field: "text", found: value.summary, expected: "an object, { ... }"))
    }
    self.init(object, named: name, path: "")
  }

  private init(_ object: JSONObject, named name: String, path: String) {
    self.name = name
    self.object = object
    self.path = path
  }

  /// The keys in the order of the file.
  public var keys: [String] { object.keys }

  /// The value of a key; nil where it is absent, `.null` where it is null.
  public subscript(key: String) -> JSONValue? { object[key] }

  /// Notes a problem that the caller sees, as two keys that do not fit together.
  ///
  /// It reads "file: key is found, expected expected". `found` is the key's own value where nil.
  public mutating func report(_ key: String, found: String? = nil, expected: String) {
    let found = found ?? object[key]?.summary ?? "missing"
    problems.append(.init(file: name, field: path + key, found: found, expected: expected))
  }

  /// The object under a key, as settings of their own whose messages name `key.inner`; nil, and a problem, where there
  /// is none. What its getters find is brought back by `note`.
  public mutating func section(_ key: String) -> ConfigFile? {
    guard case .object(let inner) = object[key] else {
      report(key, expected: "an object, { ... }")
      return nil
    }
    return ConfigFile(inner, named: name, path: "\(path)\(key).")
  }

  /// Notes what the reader of a section, or of another part of this file, has found.
  public mutating func note(_ found: [CheckpointError.Problem]) { problems += found }

  /// Throws `CheckpointError` with every problem noted so far, if there is one.
  public func finish() throws(CheckpointError) {
    if !problems.isEmpty { throw CheckpointError(problems) }
  }

  /// The value of a key, converted; where that fails, a problem is noted and nil returned.
  ///
  /// The outer nil is a problem or an absent key without default; the caller falls back to a stand-in.
  mutating func read<T>(_ key: String, default fallback: T?, expected: String, _ convert: (JSONValue) -> T?) -> T? {
    guard let value = object[key] else {
      if fallback == nil { report(key, expected: expected) }
      return fallback
    }
    if let converted = convert(value) { return converted }
    report(key, expected: expected)
    return nil
  }

  /// As `read`, where null and an absent key without default are nil and no problem.
  mutating func readOptional<T>(
    _ key: String, default fallback: T?, expected: String, _ convert: (JSONValue) -> T?
  ) -> T? {
    guard let value = object[key] else { return fallback }
    if value == .null { return nil }
    if let converted = convert(value) { return converted }
    report(key, expected: "\(expected), or null")
    return nil
  }
}
