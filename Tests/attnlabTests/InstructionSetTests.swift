import Foundation
import Tensors
import Testing

/// What decides bits beside the model: instructions, which can be pinned, and on oneDNN a number of threads above two.
@Suite struct InstructionSetTests {
  private func latents(_ program: Program, _ environment: String) throws -> [Float] {
    let outcome = try program.shell("unset ATTNLAB_ISA OPENBLAS_CORETYPE\n\(environment) \"$attnlab\" doctor --latents")
    #expect(outcome.code == 0, "\(environment): \(outcome.errors)")
    return try JSONDecoder().decode([Float].self, from: Data(outcome.output.utf8))
  }

  @Test(arguments: Engine.Backend.allCases.filter(\.isAvailable))
  func threadsAndPins(backend: Engine.Backend) throws {
    try Program.inFolder { program in
      let engine = "ATTNLAB_ENGINE=\(backend.rawValue)"
      let one = try latents(program, "\(engine) OMP_NUM_THREADS=1")
      #expect(try latents(program, "\(engine) OMP_NUM_THREADS=2") == one, "one thread and two")
      // On oneDNN three threads give other bits, which Building.md says.
      if backend == .openBLAS {
        #expect(try latents(program, "\(engine) OMP_NUM_THREADS=3") == one, "one thread and three")
      }
      let fastest = InstructionSet.fastest
      #expect(try latents(program, "\(engine) ATTNLAB_ISA=\(fastest) OMP_NUM_THREADS=2") == one, "\(fastest), pinned")
      guard fastest > .plain else { return }
      let plain = try latents(program, "\(engine) ATTNLAB_ISA=plain OMP_NUM_THREADS=1")
      #expect(plain != one, "plain kernels round as \(fastest) does")
      #expect(
        try latents(program, "\(engine) ATTNLAB_ISA=plain OMP_NUM_THREADS=2") == plain, "plain, one thread and two")
      let largest = one.reduce(0) { max($0, abs($1)) }
      #expect(zip(plain, one).allSatisfy { abs($0 - $1) <= 5e-5 * largest })
    }
  }

  @Test func thePinIsNamed() throws {
    try Program.inFolder { program in
      let outcome = try program.shell("unset OPENBLAS_CORETYPE\nATTNLAB_ISA=plain \"$attnlab\" doctor")
      let line = outcome.output.split(separator: "\n").first { $0.contains("  kernels  ") }
      #expect(
        line?.hasSuffix("plain, as ATTNLAB_ISA asks; so does oneDNN; OpenBLAS: OPENBLAS_CORETYPE=Prescott") == true,
        "\(outcome.output)\(outcome.errors)")
      let chosen = try program.shell("OPENBLAS_CORETYPE=Core2 ATTNLAB_ISA=plain \"$attnlab\" doctor")
      #expect(chosen.output.contains("OPENBLAS_CORETYPE=Core2"), "what the user chose stays")
    }
  }

  @Test func unknownInstructionsAreRefused() throws {
    try Program.inFolder { program in
      let outcome = try program.shell("ATTNLAB_ISA=avx3 \"$attnlab\" models")
      #expect(outcome.code == 2 && outcome.output == "")
      #expect(
        outcome.errors.hasPrefix("error: ATTNLAB_ISA is \"avx3\", which is no instruction set: set it to one of plain"))
    }
  }

  /// Another engine than the one that is asked for would agree with itself.
  @Test func unknownEnginesAreRefused() throws {
    try Program.inFolder { program in
      let outcome = try program.shell("ATTNLAB_ENGINE=OpenBLAS \"$attnlab\" models")
      #expect(outcome.code == 2 && outcome.output == "")
      #expect(
        outcome.errors.hasPrefix("error: ATTNLAB_ENGINE is \"OpenBLAS\", which is no engine: set it to one of ")
          && outcome.errors.contains("openblas, or leave it out"))
      #expect(try program.shell("ATTNLAB_ENGINE= \"$attnlab\" models").code == 0)
    }
  }
}
