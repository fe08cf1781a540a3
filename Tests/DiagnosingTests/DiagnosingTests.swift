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

  @Test func latentsOfTwoEnginesMustAgree() {
    #expect(SelfCheck.difference([1, -2], [1, -2]) == 0)
    #expect(SelfCheck.difference([1, -2.5], [1, -2]) == 0.25)
    for (a, b) in [([1], [1, 2]), ([], []), ([.nan], [1]), ([1], [.infinity])] as [([Float], [Float])] {
      #expect(SelfCheck.difference(a, b) == .infinity)
    }
  }
}
