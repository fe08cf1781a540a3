import Tensors
import Testing

@testable import Diagnosing

/// What is said of a machine, as far as it does not depend on the machine.
@Suite struct DiagnosingTests {
  @Test func waitingIsSaidForEveryEnvironment() {
    #expect(ThreadWaiting.inForce(["GOMP_SPINCOUNT": "1000"]).advice == nil)
    #expect(ThreadWaiting.inForce(["GOMP_SPINCOUNT": "300000"]).found == "as GOMP_SPINCOUNT=300000 says")
    #expect(ThreadWaiting.inForce(["OMP_WAIT_POLICY": "active"]).found == "as OMP_WAIT_POLICY=active says")
    let both = ThreadWaiting.inForce(["OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "1000"])
    #expect(both.found == "as GOMP_SPINCOUNT=1000 and OMP_WAIT_POLICY=passive says")
    #expect(ThreadWaiting.inForce(["HOME": "/"]).advice?.hasPrefix("set GOMP_SPINCOUNT=1000: ") == true)
  }

  /// OpenBLAS takes a processor that it does not know for the plainest.
  @Test func openBLASIsToldOfProcessorsItDoesNotKnow() {
    func core(_ pinned: InstructionSet?, _ fastest: InstructionSet, _ found: String) -> String? {
      let library = "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY \(found) MAX_THREADS=64"
      return ThreadWaiting.openBLASCore(pinned: pinned, fastest: fastest, library: library)
    }
    #expect(core(nil, .avx512, "Prescott") == "SkylakeX")
    #expect(core(nil, .avx2, "Prescott") == "Haswell")
    #expect(core(nil, .plain, "Prescott") == nil)
    #expect(core(nil, .avx512, "Zen") == nil)
    #expect(core(.avx2, .avx512, "Prescott") == "Haswell" && core(.plain, .avx512, "Zen") == "Prescott")
  }

  @Test func latentsOfTwoEnginesMustAgree() {
    #expect(SelfCheck.difference([1, -2], [1, -2]) == 0)
    #expect(SelfCheck.difference([1, -2.5], [1, -2]) == 0.25)
    for (a, b) in [([1], [1, 2]), ([], []), ([.nan], [1]), ([1], [.infinity])] as [([Float], [Float])] {
      #expect(SelfCheck.difference(a, b) == .infinity)
    }
  }
}
