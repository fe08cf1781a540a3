import Testing

@testable import Tensors

/// What may be pinned, and how a run's identity names it.
@Suite struct InstructionSetTests {
  @Test(arguments: InstructionSet.allCases) func whatRunsHereCanBePinned(fastest: InstructionSet) throws {
    for set in InstructionSet.allCases where set <= fastest {
      #expect(try InstructionSet.pin(["ATTNLAB_ISA": "\(set)"], fastest: fastest) == set)
    }
    #expect(try InstructionSet.pin([:], fastest: fastest) == nil)
    #expect(try InstructionSet.pin(["ATTNLAB_ISA": ""], fastest: fastest) == nil)
  }

  @Test(arguments: [
    (
      "avx512", InstructionSet.avx2,
      "ATTNLAB_ISA is \"avx512\", which this processor does not run: set it to one of plain, avx2, or leave it out"
    ),
    (
      "avx3", .avx512,
      "ATTNLAB_ISA is \"avx3\", which is no instruction set: set it to one of plain, avx2, avx512, or leave it out"
    ),
    (
      "AVX2", .avx512,
      "ATTNLAB_ISA is \"AVX2\", which is no instruction set: set it to one of plain, avx2, avx512, or leave it out"
    ),
  ])
  func whatCannotBePinned(text: String, fastest: InstructionSet, message: String) {
    #expect {
      _ = try InstructionSet.pin(["ATTNLAB_ISA": text], fastest: fastest)
    } throws: {
      "\($0)" == message
    }
  }

  @Test func whatEngineIsNamed() throws {
    let variable = Engine.variable
    for backend in Engine.Backend.allCases {
      #expect(try Engine.named(in: [variable: backend.rawValue], available: [backend]) == backend)
    }
    #expect(try Engine.named(in: [:]) == nil)
    #expect(try Engine.named(in: [variable: ""]) == nil)
  }

  @Test(arguments: [
    (
      "onednn", [Engine.Backend.openBLAS],
      "ATTNLAB_ENGINE is \"onednn\", which is not in this build: set it to one of openblas, or leave it out"
    ),
    (
      "OpenBLAS", [.oneDNN, .openBLAS],
      "ATTNLAB_ENGINE is \"OpenBLAS\", which is no engine: set it to one of onednn, openblas, or leave it out"
    ),
  ])
  func whatEngineCannotBeNamed(text: String, available: [Engine.Backend], message: String) {
    #expect {
      _ = try Engine.named(in: [Engine.variable: text], available: available)
    } throws: {
      "\($0)" == message
    }
  }

  /// Results are found by this text: without a pin it is as it always was.
  @Test func theTextOfAnEngine() {
    let engine = Engine(backend: .openBLAS)
    #expect(engine.description(pinned: nil) == "\(engine.library), kernels \(InstructionSet.best)")
    #expect(engine.description(pinned: .avx2) == "\(engine.library), pinned to avx2")
  }
}
