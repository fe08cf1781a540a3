import Foundation
import Tensors

/// A safetensors file, mapped into memory and checked whole when it is opened.
///
/// Tensors are read and converted one at a time, when they are asked for. The file must not change while the value
/// lives: one that another program cuts short then ends the process, since the kernel has no page to give.
/// - Source: the format's README, https://github.com/huggingface/safetensors#format.
public struct SafetensorsFile: Sendable {
  /// What the header says of a tensor.
  public struct Entry: Hashable, Sendable {
    public let dtype: SafetensorsDtype
    /// Row-major; `[]` is a single value.
    public let shape: [Int]
    /// The place in the data section, in bytes.
    public let byteRange: Range<Int>
  }

  /// How messages name the file, as `unet/diffusion_pytorch_model.safetensors`.
  public let name: String
  /// Names of all tensors, in the order of their data.
  public let names: [String]
  /// The texts under `__metadata__`.
  public let metadata: [String: String]

  private let entries: [ExactString: Entry]
  private let file: MappedFile
  private let dataStart: Int

  /// Opens a file and checks its header against the format and against the file's size.
  /// - Parameter name: how messages name the file; its last folder and name where nil.
  /// - Throws: `CheckpointError` with every problem found: a header that is too short, too long or not JSON, a key
  ///   given twice, an unknown dtype, a shape that overflows, offsets that lie outside the file, overlap or leave
  ///   bytes over, a file that is cut short.
  public init(url: URL, named name: String? = nil) throws(CheckpointError) {
    self.name = name ?? displayName(url)
    file = try MappedFile(url, name: self.name)
    let label = self.name
    let header = try file.withBytes { bytes throws(CheckpointError) in try SafetensorsHeader(bytes, file: label) }
    names = header.entries.map(\.name)
    metadata = header.metadata
    dataStart = header.dataStart
    entries = Dictionary(
      header.entries.map { (ExactString($0.name), $0.entry) }, uniquingKeysWith: { first, _ in first })
  }

  /// Dtype, shape and place of a tensor; nil if there is none of that name.
  public func entry(_ name: String) -> Entry? {
    entries[ExactString(name)]
  }

  /// A tensor's values as float32.
  ///
  /// F32, F16 and BF16 are exact; F64 is rounded to the nearest.
  /// - Throws: `CheckpointError` if there is no such tensor, or its dtype is not one of the four.
  public func tensor(named name: String) throws(CheckpointError) -> Tensor {
    let entry = try requireFloat(name)
    var tensor = Tensor(uninitialized: entry.shape)
    withBytes(of: entry) { bytes in
      tensor.withUnsafeMutableValues { FloatConversion.convert(bytes, dtype: entry.dtype, into: $0) }
    }
    return tensor
  }

  /// A tensor's values as whole numbers, in row-major order. BOOL gives 0 and 1.
  /// - Throws: `CheckpointError` if there is no such tensor, its dtype is not a whole one, or a U64 exceeds `Int.max`.
  public func integers(named name: String) throws(CheckpointError) -> [Int] {
    let entry = try require(name)
    let values = withBytes(of: entry) { Self.wholeNumbers($0, entry.dtype) }
    guard let values else {
      throw problem(name, "dtype", found: entry.dtype.rawValue, expected: "a whole type or BOOL")
    }
    let integers = values.compactMap { $0 }
    guard integers.count == values.count else {
      throw problem(name, "a value", found: "over \(Int.max)", expected: "at most that")
    }
    return integers
  }

  /// Reads the bytes of a tensor in place. They have no alignment, and are valid only within `body`.
  /// - Throws: `CheckpointError` if there is no such tensor; what `body` throws.
  public func withRawBytes<R>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
    let entry = try require(name)
    return try withBytes(of: entry, body)
  }

  /// A copy of the bytes of a tensor, as the file holds them.
  /// - Throws: `CheckpointError` if there is no such tensor.
  public func rawBytes(of name: String) throws(CheckpointError) -> [UInt8] {
    withBytes(of: try require(name)) { Array($0) }
  }

  /// The entry of a tensor that `tensor(named:)` can read.
  /// - Throws: as that.
  @discardableResult
  func requireFloat(_ name: String) throws(CheckpointError) -> Entry {
    let entry = try require(name)
    guard entry.dtype.isFloat else {
      throw problem(name, "dtype", found: entry.dtype.rawValue, expected: "F32, F16, BF16 or F64")
    }
    return entry
  }

  private func require(_ name: String) throws(CheckpointError) -> Entry {
    guard let entry = entry(name) else {
      throw problem(name, "entry", found: "missing", expected: "one of the file's \(names.count) tensors")
    }
    return entry
  }

  private func problem(_ tensor: String, _ field: String, found: String, expected: String) -> CheckpointError {
    CheckpointError(.init(file: name, tensor: tensor, field: field, found: found, expected: expected))
  }

  private func withBytes<R, E: Error>(
    of entry: Entry, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    let start = dataStart + entry.byteRange.lowerBound
    return try file.withBytes { bytes throws(E) in
      try body(UnsafeRawBufferPointer(rebasing: bytes[start..<start + entry.byteRange.count]))
    }
  }

  /// The values of a whole type, nil in place of one that `Int` cannot hold; nil for any other type.
  private static func wholeNumbers(_ bytes: UnsafeRawBufferPointer, _ dtype: SafetensorsDtype) -> [Int?]? {
    switch dtype {
    case .bool: bytes.map { $0 == 0 ? 0 : 1 }
    case .uint8: load(bytes, UInt8.self)
    case .int8: load(bytes, Int8.self)
    case .uint16: load(bytes, UInt16.self)
    case .int16: load(bytes, Int16.self)
    case .uint32: load(bytes, UInt32.self)
    case .int32: load(bytes, Int32.self)
    case .uint64: load(bytes, UInt64.self)
    case .int64: load(bytes, Int64.self)
    default: nil
    }
  }

  private static func load<T: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _: T.Type
  ) -> [Int?] {
    stride(from: 0, to: bytes.count, by: MemoryLayout<T>.size).map {
      Int(exactly: T(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: T.self)))
    }
  }
}
