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

  /// The environment's variable that names one.
  public static let variable = "ATTNLAB_ENGINE"

  /// The backend that an environment names; nil where the variable is not set, or empty.
  /// - Throws: `EngineChoiceError` if it names none, or one that is not in this build.
  public static func named(
    in environment: [String: String], available: [Backend] = Backend.allCases.filter(\.isAvailable)
  ) throws(EngineChoiceError) -> Backend? {
    guard let text = environment[variable], !text.isEmpty else { return nil }
    guard let wanted = Backend(rawValue: text), available.contains(wanted) else {
      throw EngineChoiceError(found: text, available: available)
    }
    return wanted
  }

  /// What `ATTNLAB_ENGINE` names (`onednn` or `openblas`), else oneDNN where it is there, else OpenBLAS.
  public static let current: Engine = {
    if let named = try? named(in: ProcessInfo.processInfo.environment) { return Engine(backend: named) }
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

/// A backend that cannot be chosen.
public struct EngineChoiceError: Error, Hashable, Sendable, CustomStringConvertible {
  let found: String
  let available: [Engine.Backend]

  public var description: String {
    let problem = Engine.Backend(rawValue: found) == nil ? "which is no engine" : "which is not in this build"
    let names = available.map(\.rawValue).joined(separator: ", ")
    return "\(Engine.variable) is \"\(found)\", \(problem): set it to one of \(names), or leave it out"
  }
}

/// A failure inside the numeric engine: what was being computed, and the library's message.
public struct EngineError: Error, CustomStringConvertible {
  public let operation: String
  public let message: String
  public var description: String { "\(operation): the engine failed: \(message)" }
}
