import Foundation
import Tensors
import Testing

@testable import Probing

/// What is held out together, what is kept apart, and what is refused.
@Suite struct FoldsTests {
  private static func sample(_ prompt: String, _ seed: UInt64, _ template: String, _ object: String) -> ProbeSample {
    ProbeSample(prompt: prompt, seed: Seed(seed), template: template, object: object)
  }

  private let samples = [1, 2, 3].flatMap { seed in
    ["car", "boat"].flatMap { object in
      ["red", "blue"].map { color in
        FoldsTests.sample(
          "a \(color) \(object)", seed, object == "car" ? "a <color> car" : "the <color> boat", object)
      }
    }
  }

  @Test func eachGroupIsAFold() throws {
    let seeds = try Folds(samples, by: .seeds)
    #expect(seeds.tests == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]] && seeds.groups == [["1"], ["2"], ["3"]])
    #expect(seeds.training(1) == [0, 1, 2, 3, 8, 9, 10, 11] && seeds.count == 12)
    let objects = try Folds(samples, by: .objects)
    #expect(objects.tests == [[0, 1, 4, 5, 8, 9], [2, 3, 6, 7, 10, 11]] && objects.groups == [["car"], ["boat"]])
    #expect(try Folds(samples, by: .templates).groups == [["a <color> car"], ["the <color> boat"]])
    let two = try Folds(samples, by: .seeds, count: 2)
    #expect(two.groups == [["1", "3"], ["2"]] && two.tests == [[0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7]])
    #expect(try JSONDecoder().decode(Folds.self, from: JSONEncoder().encode(two)) == two)
  }

  @Test func aPictureOnBothSidesIsRefused() throws {
    let twice = samples + [Self.sample("a red car", 2, "another template", "car")]
    #expect {
      try Folds(twice, by: .templates)
    } throws: {
      "\($0)"
        == "folds: templates: \"a red car\" with seed 2 would be trained on and tested; keep one of its samples, or hold "
        + "out seeds"
    }
    #expect(try Folds(twice, by: .seeds).tests[1] == [4, 5, 6, 7, 12])
  }

  @Test func tooFewGroupsAndClassesAreRefused() throws {
    let one = Array(samples[0..<4])
    #expect {
      try Folds(one, by: .seeds)
    } throws: {
      "\($0)" == "folds: seeds: expected 2 or more seeds, found 1; record more of them, or hold out others"
    }
    #expect(throws: ProbingError.tooFewGroups(.seeds, found: 3, needed: 4)) { try Folds(samples, by: .seeds, count: 4) }
    #expect(throws: ProbingError.tooFewGroups(.seeds, found: 1, needed: 2)) { try Folds(samples, by: .seeds, count: 1) }
    #expect(throws: ProbingError.tooFewGroups(.seeds, found: 0, needed: 2)) { try Folds([], by: .seeds) }
    let objects = try ProbeLabels(name: "object", samples.map(\.object))
    #expect(objects.classes == ["boat", "car"] && objects.chance == 0.5)
    #expect {
      try Folds(samples, by: .objects).check(objects)
    } throws: {
      "\($0)"
        == "folds: without objects car no sample of class \"car\" is left to train on; hold out other groups, or drop "
        + "the class"
    }
    #expect(throws: ProbingError.tooFewClasses(found: 1)) { try ProbeLabels(name: "color", ["red", "red"]) }
    #expect(throws: ProbingError.label(sample: 1, value: 2, classes: 2)) {
      try ProbeLabels(name: "color", classes: ["red", "blue"], values: [0, 2])
    }
  }

  @Test func permutationsKeepEachStratumsLabels() throws {
    let labels = try ProbeLabels(name: "color", samples.indices.map { $0 % 2 == 0 ? "red" : "blue" })
    let strata = samples.strata([.objects, .seeds])
    #expect(strata == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
    #expect(samples.strata([.objects]) == [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1])
    let draws = try LabelPermutations(labels, within: strata, seed: 9)
    #expect(draws.count == 999 && draws.strata == 6 && draws.labellings[0] == labels.values)
    for labelling in draws.labellings {
      for stratum in 0..<6 { #expect(Set(labelling[(2 * stratum)..<(2 * stratum + 2)]) == [0, 1]) }
    }
    // 2^6 labellings, and all of them drawn: each is missed with a chance of 1.5e-7.
    #expect(Set(draws.labellings).count == 64)
    let control = try LabelPermutations.shuffled(labels, within: strata, seed: 9)
    #expect(control.values == draws.labellings[1] && control.classes == labels.classes)
    #expect(throws: ProbingError.tooFewPermutations(found: 998, needed: 999)) {
      try LabelPermutations(labels, within: strata, count: 998)
    }
    #expect {
      try LabelPermutations(labels, within: Array(0..<12))
    } throws: {
      "\($0)"
        == "permutations: each of the 12 strata holds one class alone, so no permutation within them changes a label; "
        + "name fewer things that strata keep apart"
    }
  }
}
