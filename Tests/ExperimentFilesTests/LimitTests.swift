import Foundation
import StrictYAML
import Testing

@testable import ExperimentFiles
@testable import Formatting

/// What a file may ask for at most: refused by its numbers, before anything is written out.
@Suite struct LimitTests {
  private func numbers(_ count: Int) -> String { (0..<count).map(String.init).joined(separator: ", ") }

  /// A template of so many times so many prompts.
  private func prompts(_ side: Int) -> String {
    let words = (0..<side).map { "w\($0)" }.joined(separator: ", ")
    return "{ template: \"{a} {b}\", lists: { a: [\(words)], b: [\(words)] } }"
  }

  private func seconds(_ body: () -> Void) -> Double {
    let time = ContinuousClock().measure(body)
    return Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
  }

  @Test func tenThousandPromptsWithSixtyThousandSeeds() {
    let file = minimal(generate: "prompts: [\(prompts(100))], seeds: [\(numbers(60_000))]")
    var found = ""
    // About a second in a debug build, most of it YAML's; written out it would never end.
    #expect(seconds { found = problems(file) } < 20)
    #expect(
      found == "e.yaml:1:1: generate: 10,000 prompts x 1 intervention x 60,000 seeds are 600,000,000 runs; at most "
        + "1,000,000: name fewer prompts, seeds, settings or interventions, or divide them over several files")
  }

  @Test func factorsOfEveryKindAreCounted() {
    let generate =
      "pairs: [{ source: a, target: b }, \(prompts(100))], seeds: [\(numbers(30))], sweep: { guidance_scale: [1.5, 2, 3] }"
    let interventions = "interventions: { none: [], s: { sweep: { heads: { single: 0-7 } }, operations: [] } }"
    let found = problems(minimal(interventions, generate: generate))
    #expect(
      found.contains(
        "generate: 10,001 pairs x 9 interventions and 1 source x 30 seeds x 3 settings are 8,100,900 runs; at most"),
      "\(found)")
  }

  @Test func theMostThereMayBeIsAllowed() throws {
    #expect(RunCount(prompts: 1000, interventions: 10, seeds: 100).problem == nil)
    #expect(RunCount(prompts: 1000, interventions: 10, seeds: 101).problem != nil)
    let huge = RunCount(pairs: .max, prompts: .max, interventions: 10_000, sources: .max, seeds: .max, settings: .max)
    #expect(huge.runs == .max)
    #expect(huge.problem?.contains(" are more than 9,223,372,036,854,775,806 runs; at most 1,000,000") == true)
  }

  @Test func sourcesAreCountedInEachGroup() throws {
    let targets = (0..<50).map { "{ source: a, target: t\($0) }" }.joined(separator: ", ")
    let spec = try decode(minimal(generate: "pairs: [\(targets)], seeds: [1, 2], batch: 8"))
    // 50 targets, 7 at a time, each time with the source.
    #expect(RunCount(spec).runs == (50 + 8) * 2)
  }

  @Test func interventionsHaveALimit() {
    let sweeps = (0..<11).map { "  s\($0): { sweep: { factor: [\(numbers(1000))] }, operations: [] }" }
    let found = problems(minimal("interventions:\n" + sweeps.joined(separator: "\n")))
    #expect(
      found == "e.yaml:1:1: interventions: there are 11,000 with all sweeps written out; at most 10,000", "\(found)")
  }

  @Test func aDataSetIsRefusedByItsNumber() {
    let set = "interventions: { m: [{ op: dataset_mean, of: output, sites: \"self:*\", prompts: [\(prompts(100))] }] }"
    #expect(
      problems(minimal(set)) == "e.yaml:5:80: interventions.m.0.prompts: more than 256 prompts, the most there may be")
  }

  // MARK: Messages

  @Test func aHundredProblemsAreShown() throws {
    let keys = (0..<250).map { "key\($0): 1" }.joined(separator: "\n")
    let error = #expect(throws: SpecError.self) { try decode(minimal(keys)) }
    #expect(error?.problems.count == 100 && error?.omitted == 150)
    let lines = error?.description.split(separator: "\n") ?? []
    #expect(lines.first == "e.yaml: 250 problems" && lines.last == "and 150 more" && lines.count == 102)
  }

  @Test func valuesAreQuotedShort() {
    let long = String(repeating: "9", count: 5000)
    let word = String(repeating: "w", count: 5000)
    let cases = [
      minimal(generate: "prompts: [a], seeds: [\(long)]"),
      minimal(generate: "prompts: [a], seeds: [1], height: \(long)"),
      minimal(generate: "prompts: [a], seeds: [1], guidance_scale: \(long)"), minimal("\(word): 1"),
      minimal("\(word): 1", generate: "prompts: [{ \(word): {} }], seeds: [1]"),
      minimal(generate: "prompts: [{ template: \"{\(word)}\", lists: { a: [b] } }], seeds: [1]"),
      minimal("record: [{ name: a, sites: \"cross:*\", tokens: [\"car#\(word)\"] }]"),
    ]
    for file in cases {
      let found = problems(file)
      #expect(!found.isEmpty && found.count < 1000, "\(found.prefix(300))")
    }
    let option = problems(minimal(), set: ["generate.\(word)=1"])
    #expect(!option.isEmpty && option.count < 1000)
    let message = SpecProblem(file: "e", message: "tokens: \"\(word)\" is not in \"a \(word)\"").message
    #expect(message.count < 450 && message.hasSuffix("...\""))
    let plain = String(repeating: "plain words ", count: 40)
    #expect(SpecProblem(file: "e", message: plain).message == plain, "what is not quoted stays")
    #expect(ExperimentError((0..<101).map { "p\($0)" }).description.hasSuffix("p99\nand 1 more"))
  }

  @Test func optionsHaveADepth() {
    let path = (0..<100_000).map { _ in "a" }.joined(separator: ".")
    #expect(
      problems(minimal(), set: ["\(path)=1"]).hasSuffix(
        ": more than 32 keys inside one another; an experiment file has no such place"))
  }

  @Test func tabsAreNamed() {
    let message = "not valid YAML: a tab indents this line; YAML indents with spaces alone"
    #expect(problems("version: 1\ngenerate:\n  prompts: [a]\n\tseeds: [1]\n") == "e.yaml:4:1: \(message)")
    #expect(problems("version: 1\ngenerate:\n  \tseeds: [1]\n").hasSuffix(message))
  }

  @Test(arguments: [
    ("prompts: [a red car: driving], seeds: [1]", "\"a red car: driving\""),
    ("prompts: [{ a red car: }], seeds: [1]", "\"a red car:\""),
    ("pairs: [{ source: [a: b], target: c }], seeds: [1]", ""),
  ])
  func aTextWithAColonBelongsInQuotes(_ generate: String, _ text: String) {
    let found = problems(minimal(generate: generate))
    #expect(
      text.isEmpty
        ? found.contains("expected text, found a list")
        : found.hasSuffix(
          "expected text, found a mapping; a text that holds a colon stands in quotes: \(text)"), "\(found)")
  }

  @Test func aSlipInATemplateIsNoText() {
    let found = problems(minimal(generate: "prompts: [{ tempalte: \"a {b}\" }], seeds: [1]"))
    #expect(found.contains("unknown key \"tempalte\" in generate.prompts.0; did you mean \"template\"?"), "\(found)")
  }

  @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-12_345, "-12,345"), (1_000_000, "1,000,000")])
  func numbersInGroups(_ number: Int, _ text: String) { #expect(grouped(number) == text) }
}
