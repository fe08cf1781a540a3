import Foundation
import Tensors

/// The history of a scheduler between two steps.
///
/// Its coded form holds each tensor as its shape and its float32 values in little-endian bytes, so nothing is lost.
public struct SchedulerState: Equatable, Sendable {
  /// The calls of the model that the history has seen.
  public var calls: Int
  /// Predictions of earlier steps, the oldest first.
  public var history: [Tensor]
  /// Sums and latents that a step of several calls keeps until its last one, by name.
  public var pending: [String: Tensor]

  public init(calls: Int = 0, history: [Tensor] = [], pending: [String: Tensor] = [:]) {
    self.calls = calls
    self.history = history
    self.pending = pending
  }

  func mismatch(with kind: String, expected: String) -> SchedulerError {
    SchedulerError(
      "\(kind): cannot go on from a state of \(calls) calls, \(history.count) predictions and "
        + "[\(pending.keys.sorted().joined(separator: ", "))]; expected \(expected); "
        + "it was left by another scheduler or another number of steps")
  }
}

extension SchedulerState: Codable {
  private struct Coded: Codable {
    let shape: [Int]
    let bytes: Data

    init(_ tensor: Tensor) {
      shape = tensor.shape
      bytes = tensor.withUnsafeValues { Data(buffer: $0) }
    }

    func tensor() throws -> Tensor {
      let count = shape.reduce(Optional(4)) { size, length in
        let product = size?.multipliedReportingOverflow(by: length)
        return product.flatMap { $0.overflow ? nil : $0.partialValue }
      }
      guard bytes.count == count, shape.allSatisfy({ $0 >= 0 }) else {
        throw ShapeError("SchedulerState", expected: "4 bytes for each value of \(shape)", found: "\(bytes.count)")
      }
      let values = bytes.withUnsafeBytes { raw in
        stride(from: 0, to: raw.count, by: 4).map {
          Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
        }
      }
      return try Tensor(values, shape: shape)
    }
  }

  private enum CodingKeys: String, CodingKey {
    case calls, history, pending
  }

  /// - Throws: `DecodingError`, or `ShapeError` if a tensor's bytes do not fill its shape.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    calls = try container.decode(Int.self, forKey: .calls)
    history = try container.decode([Coded].self, forKey: .history).map { try $0.tensor() }
    pending = try container.decode([String: Coded].self, forKey: .pending).mapValues { try $0.tensor() }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(calls, forKey: .calls)
    try container.encode(history.map(Coded.init), forKey: .history)
    try container.encode(pending.mapValues(Coded.init), forKey: .pending)
  }
}
