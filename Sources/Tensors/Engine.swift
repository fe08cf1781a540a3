import CEngine
import CKernels
import Foundation

/// The libraries and the instruction set that tensors are computed with.
public struct Engine: Hashable, Sendable {
  public enum Backend: String, CaseIterable, Hashable, Sendable {
    case oneDNN = "onednn"
    case openBLAS = "openblas"

    /// Whether this build holds the backend: OpenBLAS always, oneDNN where `libdnnl-dev` was installed.
    public var isAvailable: Bool { ce_available(code) == 1 }

    var code: ce_backend { self == .oneDNN ? CE_ONEDNN : CE_OPENBLAS }
  }

  public let backend: Backend

  public init(backend: Backend) {
    self.backend = backend
  }

  /// What `ATTNLAB_ENGINE` names (`onednn` or `openblas`), else oneDNN where it is there, else OpenBLAS.
  public static let current: Engine = {
    let wanted = ProcessInfo.processInfo.environment["ATTNLAB_ENGINE"].flatMap(Backend.init(rawValue:))
    if let wanted, wanted.isAvailable { return Engine(backend: wanted) }
    return Engine(backend: Backend.oneDNN.isAvailable ? .oneDNN : .openBLAS)
  }()

  /// The library and its version, as `oneDNN 2.6.3`.
  public var library: String {
    var text = [CChar](repeating: 0, count: 256)
    ce_describe(backend.code, &text, text.count)
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Library, version and instruction set, as `oneDNN 2.6.3, kernels avx512`, or `oneDNN 2.6.3, pinned to avx2` where
  /// `ATTNLAB_ISA` says so. Part of every content hash: other libraries and other instructions round differently.
  public var description: String { description(pinned: .pinned) }

  func description(pinned: InstructionSet?) -> String {
    "\(library), \(pinned.map { "pinned to \($0)" } ?? "kernels \(InstructionSet.best)")"
  }

  /// The threads that convolutions, products and kernels use.
  public static var threads: Int { Int(ck_threads()) }
}

/// A failure inside the numeric engine: what was being computed, and the library's message.
public struct EngineError: Error, CustomStringConvertible {
  public let operation: String
  public let message: String
  public var description: String { "\(operation): the engine failed: \(message)" }
}
