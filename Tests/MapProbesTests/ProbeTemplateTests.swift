import ExperimentFiles
import ExperimentSupport
import Foundation
import Planning
import Probing
import TestSupport
import Testing

@testable import MapProbes

/// The template and object of a picture: its prompt without the label's word, and what else that names.
@Suite struct ProbeTemplateTests {
  /// The pictures of a probe that reads the second token of each prompt.
  private func samples(
    _ prompts: String, lists: String, label: String = "color", interventions: String = "{ none: [] }"
  ) throws -> [ProbeSample] {
    let yaml = PlantedMaps.yaml(
      probes: """
        interventions: \(interventions)
        probes:
          lists: { \(lists) }
          probes: [{ name: p, says: is it, label: \(label), features: { record: words, word: 1 } }]
        """
    ).replacing(
      #"[{ template: "a {color} {thing}", lists: { color: [red, blue, green], thing: [car, boat] } }]"#, with: prompts)
    return try Fixtures.withTemporaryFolder { folder in
      let plan = try SyntheticResults.plan(
        ExperimentSpec(yaml: yaml, file: "e.yaml"), sites: SyntheticResults.sites, size: .init(height: 16, width: 24))
      return try #require(try ProbePlan(plan, in: folder, store: nil)?.probes.first).trained.samples
    }
  }

  /// The label's word is found as the class is: as whole words and in any case. Labels are permuted among pictures of
  /// one object, so that each wrong template would keep its picture out.
  @Test(arguments: [
    ("[a bored red cat, a bored blue cat]", "color: [red, blue]", ["a bored {color} cat"], ["a bored {color} cat"]),
    (
      "[a bored red cat, a bored blue cat, a bored red dog, a bored blue dog]", "color: [red, blue], thing: [cat, dog]",
      ["a bored {color} cat", "a bored {color} dog"], ["cat", "dog"]
    ),
    ("[A Red cat, A blue cat]", "color: [red, Blue]", ["A {color} cat"], ["A {color} cat"]),
    (
      #"["a red, wooden cat", "a blue wooden cat"]"#, "color: [red wooden, blue wooden]", ["a {color} cat"],
      ["a {color} cat"]
    ),
  ])
  func labels(prompts: String, lists: String, templates: [String], objects: [String]) throws {
    let samples = try samples(prompts, lists: lists)
    #expect(Set(samples.map(\.template)) == Set(templates))
    #expect(Set(samples.map(\.object)) == Set(objects))
  }

  /// An intervention's name may be a word of the prompt, and is no label of it.
  @Test func interventionsLeaveThePrompt() throws {
    let samples = try samples(
      "[an even red car, an even blue car]", lists: "color: [red, blue]", label: "intervention",
      interventions: "{ none: [], even: [{ op: uniform, sites: \"self:1\" }] }")
    #expect(Set(samples.map(\.template)) == ["an even red car", "an even blue car"])
  }

  @Test(arguments: [
    ("red", "a bored red cat, red", "a bored {} cat, red"), ("red", "RED", "{}"), ("red", "a bored cat", "a bored cat"),
    ("Red car", "(a red, car)", "(a {})"), ("red car", "a red cart and a red red car", "a red cart and a red {}"),
    ("red", "", ""),
  ])
  func aWordIsReplaced(word: String, prompt: String, expected: String) {
    #expect(ProbeResolver.replacing(word, in: prompt, with: "{}") == expected)
  }
}
