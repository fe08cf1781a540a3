import Schedulers
import Testing

@testable import Running

/// The scheduler's settings as a database keeps them.
@Suite struct StoredSettingTests {
  private static let settings = SchedulerSettings([
    "use_karras_sigmas": .truth(true), "timestep_spacing": .text("trai\"ling, 2"), "beta_start": .number(1),
    "solver_order": .integer(3),
  ])

  @Test func settingsAreAnObjectOfTheirValues() {
    #expect(
      Self.settings.json
        == #"{"beta_start":1.0,"solver_order":3,"timestep_spacing":"trai\"ling, 2","use_karras_sigmas":true}"#)
    #expect(SchedulerSettings().json == "{}")
  }
}
