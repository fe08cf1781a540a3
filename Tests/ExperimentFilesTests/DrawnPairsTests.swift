import Foundation
import StrictYAML
import Tensors
import Testing

@testable import ExperimentFiles

/// Pairs that are drawn at random from templates and lists.
@Suite struct DrawnPairsTests {
  private static let two = """
    draw: 40, templates: ["{color} {thing}", "{color} {thing} and {color_2} {thing_2}"],
    lists: { color: [a red, an orange, a blue, a green], thing: [car, dog, cat, bus] }, change: [color, thing]
    """

  private func spec(_ entry: String = two, _ rest: String = "") throws(SpecError) -> ExperimentSpec {
    try decode(minimal(generate: "pairs: [{ \(entry) }]\(rest)"))
  }

  @Test func pairsDifferInOneGapAndHaveTheirSeedsAlone() throws {
    let generate = try spec().generate
    #expect(generate.pairs.count == 40 && Set(generate.pairs.map { [$0.source, $0.target] }).count == 40)
    #expect(generate.seeds.isEmpty && generate.haveOwnSeeds)
    #expect(generate.allSeeds == (1000..<1080).map { Seed($0) })
    #expect(generate.pairs[7].seeds == [1014, 1015])
    for pair in generate.pairs {
      let (source, target) = (pair.source.split(separator: " "), pair.target.split(separator: " "))
      // The article belongs to the color's text.
      let differing = zip(source, target).filter { $0 != $1 && !["a", "an"].contains($0) }
      #expect(source.count == target.count && differing.count == 1, "\(pair.label)")
      let things = pair.target.components(separatedBy: " and ")
      let words = things.map { $0.split(separator: " ").dropFirst() }
      #expect(
        things.count == 1 || (words[0].first != words[1].first && words[0].last != words[1].last), "\(pair.label)")
    }
    // Both templates and both changes occur.
    #expect(Set(generate.pairs.map { $0.source.contains(" and ") }).count == 2)
    let things = ["car", "dog", "cat", "bus"]
    func named(_ text: String) -> [String] { text.split(separator: " ").map(String.init).filter(things.contains) }
    #expect(Set(generate.pairs.map { named($0.source) == named($0.target) }).count == 2)
  }

  /// Stored runs are found by these prompts and seeds, so a draw never changes.
  @Test func aDrawIsTheSameForever() throws {
    let first = try spec().generate.pairs.prefix(3).map(\.label)
    let other = try spec(Self.two + ", lot: 2").generate.pairs.prefix(3).map(\.label)
    #expect(first != other)
    #expect(
      first == [
        "a blue bus and an orange dog → a blue cat and an orange dog",
        "an orange bus and a blue dog → a green bus and a blue dog", "a red cat → a red bus",
      ])
  }

  @Test func whatIsWrittenOutIsReadAgain() throws {
    let drawn = try spec(Self.two + ", seeds_each: 3, first_seed: 7")
    let yaml = drawn.resolvedYAML()
    #expect(yaml.contains("seeds: [7, 8, 9]") && !yaml.contains("draw"))
    for text in [yaml, drawn.canonicalForm] { #expect(try decode(text) == drawn) }
    // Forty pairs of three seeds with one intervention, and as many sources.
    #expect(RunCount(drawn).runs == 240)
  }

  @Test func whatIsWrong() {
    func found(_ entry: String, _ rest: String = "") -> String {
      problems(minimal(generate: "pairs: [{ \(entry) }]\(rest)"))
        .split(separator: "\n").map { $0.split(separator: " ").dropFirst().joined(separator: " ") }
        .joined(separator: "\n")
    }
    let short = "draw: 5, templates: [\"{c} car\"], change: [c]"
    #expect(
      found("\(short), lists: { c: [red, blue] }")
        == "generate.pairs.0: the templates and lists gave only 2 different pairs in 1500 tries; draw fewer, or lengthen the lists"
    )
    #expect(found("\(short), lists: { d: [red, blue] }").contains("{c} has no list; lists: d"))
    #expect(found("\(short), lists: { c: [red, blue], d: [x] }").contains("no template has {d} for the list \"d\""))
    // Of one value nothing is left to change to; of a long one a prompt has no room.
    #expect(
      found("\(short), lists: { c: [red] }").contains(
        "the template 0 takes 2 different values of \"c\" for a pair, which has 1"))
    #expect(
      found("\(short), lists: { c: [red, \(String(repeating: "x", count: 5000))] }").contains(
        "a prompt of the template may have 5,004 bytes; the most is 4,096"))
    #expect(
      found("draw: 1, templates: [\"\(String(repeating: "{c}", count: 101))\"], change: [c], lists: { c: [red, blue] }")
        .contains("the template has more than 100 gaps"))
    #expect(
      found("draw: 1, templates: [\"{c} car\"], change: [d], lists: { c: [red, blue] }")
        .contains("no template has {d}; there are c"))
    #expect(
      found("draw: 1, templates: [\"{c} car\", car], change: [c], lists: { c: [red, blue] }")
        .contains("the template 1 has no gap that changes; change: c"))
    #expect(
      found(
        "draw: 1, templates: [\"{c} car\"], change: [c], lists: { c: [red, blue] }, first_seed: 18446744073709551615"
      )
      .contains("the last pair's seeds would be above the largest seed"))
    #expect(found(Self.two, ", seeds: [3]").hasPrefix("generate.seeds: each pair has seeds of its own"))
    #expect(found(Self.two, ", prompts: [a car], seeds: [1003]").contains("which generate.seeds has already"))
    #expect(
      found("source: a, target: b, seeds: [1] }, { source: a, target: c, seeds: [2, 1]")
        == "generate.pairs: \"a → c\" has the seed 1, which \"a → b\" has already; a pair has its seeds to itself")
    #expect(found("source: a, target: b").contains("the key \"seeds\" is missing in generate"))
    #expect(
      found("source: a, target: b, seeds: [1] }, { source: a, target: b, seeds: [2]")
        .contains("stands in generate.pairs.0 already"))
    #expect(found(Self.two.replacing("draw: 40", with: "draw: 10000, seeds_each: 1000")).contains("at most 1,000,000"))
  }
}
