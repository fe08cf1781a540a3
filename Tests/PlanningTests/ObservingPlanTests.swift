import Attention
import ExperimentSupport
import Foundation
import Testing

@testable import ExperimentFiles
@testable import Planning

/// Plans of runs that stop early, that keep what the model is given, and that are looked at by others.
@Suite struct ObservingPlanTests {
  private static let ofOthers = [
    "record=[{ name: r, sites: \"cross:7\", steps: all, random_unet: 18446744073709551615 }]", "metrics=[]",
    "input_latents=all", "generate.stop_after_calls=2",
  ]

  @Test func whatIsMadeIsCountedAndNamed() throws {
    let plain = try SmallExperiment.portablePlan(["metrics=[]", "interventions={ none: [] }"])
    let plan = try SmallExperiment.portablePlan(Self.ofOthers + ["interventions={ none: [] }"])
    let group = try #require(plan.groups.first)
    let text = plan.identityText(of: group)
    #expect(text.contains(" random unet 18446744073709551615\n") && text.contains(" input latents [0, 1]\n"))
    #expect(text.contains("12 stop after 2\n"))
    #expect(plan.stepCount == 4 && group.mapCount == 2 * 2 && plan.diskBytes < plain.diskBytes)
    let yaml = plan.spec.resolvedYAML()
    #expect(yaml.contains("random_unet: 18446744073709551615") && yaml.contains("stop_after_calls: 2"))
    // What does not use them is written as before.
    let others = plain.spec.resolvedYAML()
    #expect(!["random_unet", "stop_after", "input_latents"].contains(where: others.contains))
    let again = try JSONDecoder().decode(ExperimentPlan.self, from: JSONEncoder().encode(plan))
    #expect(again.spec == plan.spec && again.hash == plan.hash && again.groups[0].stepCount == 2)
    #expect(again.groups[0].inputLatentSteps == [0, 1] && !again.hasPictures)
  }

  /// Ranges and parts are of the whole schedule, and cut where runs stop; a step that is named must be made.
  @Test func stepsAreThoseOfTheWholeSchedule() throws {
    func plan(_ steps: String) throws -> ExperimentPlan {
      try SmallExperiment.portablePlan([
        "generate.num_inference_steps=10", "generate.stop_after_calls=4", "metrics=[]",
        "record=[{ name: r, sites: \"cross:7\", steps: \(steps) }]", "interventions={ none: [] }",
      ])
    }
    #expect(try plan("{ fraction: [0, 0.3] }").settings[0].records[0].steps == [0, 1, 2])
    #expect(try plan("{ from: 2, to: 10 }").settings[0].records[0].steps == [2, 3])
    let error = #expect(throws: ExperimentError.self) { try plan("[0, 4]") }
    #expect(
      error?.problems == ["record.r: steps: 4 is not made: runs end after 4 calls of the model (stop_after_calls)"])
    let late = #expect(throws: ExperimentError.self) {
      try SmallExperiment.portablePlan(["generate.stop_after_calls=4", "metrics=[]"])
    }
    #expect(
      late?.problems.first
        == "generate.stop_after_calls: 4 is more than the 3 calls of the model that a run makes; leave it "
        + "out for whole runs with pictures")
  }

  @Test func crossReadsSaySo() throws {
    let interventions = "interventions={ cross: [{ op: cross_read, sites: \"cross:7\" }] }"
    let plan = try SmallExperiment.portablePlan([interventions])
    #expect(
      plan.remarks.contains(
        "interventions.cross.0: recorded maps are a cross-read, of the source's queries and the target's keys; the target does "
          + "not use them"))
    #expect(plan.identityText(of: plan.groups[0]).contains("cross_read probabilities cross_read ["))
    let nothing = try SmallExperiment.portablePlan([interventions, "record=[]"])
    #expect(nothing.remarks.contains { $0.contains("`record` keeps no probabilities, scores or log ratios") })
    let error = #expect(throws: ExperimentError.self) {
      try SmallExperiment.portablePlan(["interventions={ a: [{ op: cross_read, sites: \"self:7\" }] }"])
    }
    #expect(error?.problems.first?.contains("cross_read is for cross-attention") == true)
  }

  @Test func randomWordsAreNamedByPosition() throws {
    let plan = try SmallExperiment.portablePlan([
      "interventions={ random: [{ op: random_embedding, words: [2], seed: 7 }], both: [{ op: random_embedding, words: [car] }, "
        + "{ op: embedding, end: empty }] }"
    ])
    let group = try #require(plan.groups.first)
    let lane = { Lane(run: $0, branch: .conditional) }
    #expect(
      group.promptChanges == [
        PromptChange(lane: lane(1), random: PromptChange.RandomWords(positions: [2], seed: 7)),
        PromptChange(lane: lane(2), roles: [.end], random: PromptChange.RandomWords(positions: [3], seed: 0)),
      ])
    #expect(plan.identityText(of: group).contains(#"random_embedding(seed: 7) [] [] [\"conditional\"] [] [2] false"#))
    let error = #expect(throws: ExperimentError.self) {
      try SmallExperiment.portablePlan(["interventions={ a: [{ op: random_embedding, words: [\"<end>\"] }] }"])
    }
    #expect(
      error?.problems == [
        "interventions.a.0: random_embedding replaces words, and position 4 of \"a blue car\" is <end>"
      ])
  }

  /// Emptied words would wipe random ones out, whichever comes first.
  @Test func randomWordsAndEmptyWords() throws {
    func plan(_ key: String) throws -> ExperimentPlan {
      try SmallExperiment.portablePlan([
        "interventions={ a: [{ op: embedding, \(key): empty }, { op: random_embedding, words: [car], seed: 7 }] }"
      ])
    }
    #expect(throws: Never.self) { _ = try plan("end") }
    let error = #expect(throws: ExperimentError.self) { try plan("text") }
    #expect(
      error?.problems == [
        "interventions.a.0.text: the words become the empty prompt's, and operation 1 puts random vectors there; make "
          + "them two interventions"
      ])
  }

  /// The words of a run have one seed.
  @Test func randomWordsOfTwoSeeds() throws {
    func plan(_ seed: Int) throws -> ExperimentPlan {
      try SmallExperiment.portablePlan([
        "interventions={ a: [{ op: random_embedding, words: [car], seed: 7 }, { op: embedding, end: empty }, "
          + "{ op: random_embedding, words: [2], seed: \(seed) }] }"
      ])
    }
    let error = #expect(throws: ExperimentError.self) { try plan(9) }
    #expect(
      error?.problems == [
        "interventions.a.2: random_embedding(seed: 9), and operation 0 is random_embedding(seed: 7); name all the "
          + "words in one operation, which has one seed"
      ])
    #expect(
      try plan(7).groups.first?.promptChanges.map(\.random) == [PromptChange.RandomWords(positions: [2, 3], seed: 7)])
  }
}
