import AttentionStore
import Schedulers
import Testing

@testable import Running

/// The scheduler's settings as a database keeps them, and as tables show them.
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

  @Test(arguments: [settings, SchedulerSettings(), SchedulerSettings(["beta_end": .number(1.25e-7)])])
  func tablesShowThemAsMessagesDo(settings: SchedulerSettings) {
    let stored = SettingDescription(
      numInferenceSteps: 1, guidanceScale: 1, scheduler: "euler", schedulerSettings: settings.json, height: 8, width: 8)
    #expect(stored.schedulerText == "euler" + (settings.values.isEmpty ? "" : ", \(settings)"))
  }
}
