import CEngine
import CKernels
import Foundation

/// The instruction sets that the kernels are built for.
///
/// Each rounds differently, so that a processor with AVX-512 and one without give other bits. `ATTNLAB_ISA` pins our kernels
/// and oneDNN to one that several machines share.
public enum InstructionSet: Int, CaseIterable, Comparable, CustomStringConvertible, Sendable {
  case plain = 0
  case avx2 = 1
  case avx512 = 2

  /// The fastest that this processor runs.
  public static let fastest = InstructionSet(rawValue: Int(ck_best_isa().rawValue)) ?? .plain

  /// What `ATTNLAB_ISA` holds the kernels and oneDNN to; nil where it says nothing, or nothing that runs here.
  public static let pinned: InstructionSet? = try? pin(ProcessInfo.processInfo.environment)

  /// What the kernels use unless they are told otherwise: what is pinned, or the fastest.
  public static let best = pinned ?? fastest

  /// The environment's variable that pins one.
  public static let variable = "ATTNLAB_ISA"

  /// The instruction set that an environment pins; nil where the variable is not set, or empty.
  /// - Throws: `InstructionSetError` if it names none, or one that this processor does not run.
  public static func pin(
    _ environment: [String: String], fastest: InstructionSet = .fastest
  ) throws(InstructionSetError) -> InstructionSet? {
    guard let text = environment[variable], !text.isEmpty else { return nil }
    guard let wanted = allCases.first(where: { $0.description == text }), wanted <= fastest else {
      throw InstructionSetError(found: text, fastest: fastest)
    }
    return wanted
  }

  public static func < (a: InstructionSet, b: InstructionSet) -> Bool { a.rawValue < b.rawValue }

  public var description: String {
    switch self {
    case .plain: "plain"
    case .avx2: "avx2"
    case .avx512: "avx512"
    }
  }

  /// The name by which OpenBLAS, in `OPENBLAS_CORETYPE`, knows processors that have these instructions and no more.
  public var openBLASCore: String {
    switch self {
    case .plain: "Prescott"
    case .avx2: "Haswell"
    case .avx512: "SkylakeX"
    }
  }

  package var code: ck_isa { ck_isa(rawValue: UInt32(rawValue)) }

  /// Holds oneDNN to what is pinned; once, and before its first operator is made.
  static let holdsLibraries: Void = {
    if let pinned { ce_limit_instructions(ce_instructions(rawValue: UInt32(pinned.rawValue))) }
  }()
}

/// An instruction set that cannot be pinned.
public struct InstructionSetError: Error, Hashable, Sendable, CustomStringConvertible {
  let found: String
  let fastest: InstructionSet

  public var description: String {
    let known = InstructionSet.allCases.map(\.description)
    let available = InstructionSet.allCases.filter { $0 <= fastest }.map(\.description).joined(separator: ", ")
    let problem = known.contains(found) ? "which this processor does not run" : "which is no instruction set"
    return "\(InstructionSet.variable) is \"\(found)\", \(problem): set it to one of \(available), or leave it out"
  }
}
