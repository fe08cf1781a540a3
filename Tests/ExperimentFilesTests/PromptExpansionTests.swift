import ExperimentFiles
import Foundation
import Generation
import StrictYAML
import Tensors
import Testing

@Suite struct PromptExpansionTests {
  private func pairs(_ entry: String) throws(SpecError) -> [[String]] {
    try decode(minimal(generate: "pairs: [\(entry)], seeds: [1]")).generate.pairs.map { [$0.source, $0.target] }
  }

  @Test func everyOtherCombinationIsATarget() throws {
    let found = try pairs(
      "{ template: \"a {c} {a}\", lists: { c: [red, blue], a: [dog, cat, car] }, source: { c: blue, a: dog } }")
    #expect(
      found == [
        ["a blue dog", "a red dog"], ["a blue dog", "a red cat"], ["a blue dog", "a red car"],
        ["a blue dog", "a blue cat"], ["a blue dog", "a blue car"],
      ])
  }

  @Test func sourceDefaultsToTheFirstOfEachList() throws {
    let lists = "template: \"{a} {b}\", lists: { a: [x, y], b: [1st, 2nd] }"
    #expect(try pairs("{ \(lists) }") == [["x 1st", "x 2nd"], ["x 1st", "y 1st"], ["x 1st", "y 2nd"]])
    #expect(try pairs("{ \(lists), source: { b: 2nd } }").map(\.first) == ["x 2nd", "x 2nd", "x 2nd"])
  }

  @Test func aGapMayStandTwiceAndAtTheEnds() throws {
    #expect(try pairs("{ template: \"{a} and {a}\", lists: { a: [\"\", y] } }") == [[" and ", "y and y"]])
  }

  @Test func promptTemplatesKeepTheirPlaceInTheList() throws {
    let spec = try decode(
      minimal(generate: "prompts: [first, { template: \"a {c}\", lists: { c: [dog, cat] } }, last], seeds: [1]"))
    #expect(spec.generate.prompts == ["first", "a dog", "a cat", "last"])
  }

  @Test func aPairMayHoldOnePromptTwice() throws {
    #expect(try pairs("{ source: a, target: a }") == [["a", "a"]])
  }

  @Test func tooManyCombinationsAreRefusedBeforeTheyAreMade() {
    let values = (0..<101).map { "v\($0)" }.joined(separator: ", ")
    let lists = (0..<20).map { "l\($0): [\(values)]" }.joined(separator: ", ")
    let gaps = (0..<20).map { "{l\($0)}" }.joined()
    #expect(
      problems(minimal(generate: "prompts: [{ template: \"\(gaps)\", lists: { \(lists) } }], seeds: [1]")).hasSuffix(
        "generate.prompts.0.lists: the lists have more than 10000 combinations, the most there may be"))
  }

  // MARK: Pairs files

  /// Runs `body` with the path of an experiment file beside which `pairs.json` holds `json`.
  private func withPairsFile(_ json: String, _ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pairs-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try json.write(to: folder.appendingPathComponent("pairs.json"), atomically: true, encoding: .utf8)
    try body(folder.appendingPathComponent("e.yaml").path)
  }

  private static let published = """
    [{ "soure_prompt": "a red car", "edit_prompt": "a green car" },
     { "soure_prompt": "a red car", "edit_prompt": "a blue car" },
     { "source_prompt": "a red car", "edit_prompt": "a green car" },
     { "source_prompt": "a dog", "edit_prompt": "a cat" }]
    """

  @Test(arguments: [(", limit: 2", 2), ("", 3), (", limit: 100", 3), (", limit: null", 3), (", limit: 1", 1)])
  func pairsFilesAreReadBesideTheExperiment(limit: String, count: Int) throws {
    try withPairsFile(Self.published) { path in
      let yaml = minimal(generate: "pairs: [{ file: pairs.json\(limit) }], seeds: [1]")
      try yaml.write(toFile: path, atomically: true, encoding: .utf8)
      let expected = [
        PromptPair(source: "a red car", target: "a green car"), PromptPair(source: "a red car", target: "a blue car"),
        PromptPair(source: "a dog", target: "a cat"),
      ]
      #expect(try ExperimentSpec.load(path: path).generate.pairs == Array(expected.prefix(count)))
    }
  }

  /// A relative path of an option begins at the working folder, whatever the experiment file's.
  @Test func aPairsFileThatAnOptionNames() throws {
    try withPairsFile(Self.published) { path in
      let depth = FileManager.default.currentDirectoryPath.split(separator: "/").count
      let root = String(repeating: "../", count: depth)
      let folder = "\(root)\((path as NSString).deletingLastPathComponent.dropFirst())"
      let elsewhere = String(repeating: "/no", count: depth + 1) + "/e.yaml"
      let yaml = minimal(generate: "pairs: [{ file: none.json, limit: 1 }], seeds: [1]")
      let option = "generate.pairs.0.file=\(folder)/pairs.json"
      let spec = try ExperimentSpec(yaml: yaml, file: elsewhere, overrides: [option])
      #expect(spec.generate.pairs == [PromptPair(source: "a red car", target: "a green car")])
      #expect(
        problems(yaml, set: ["generate.pairs.0.file=\(folder)/none.json"], file: path)
          == "--set generate.pairs.0.file: generate.pairs.0.file: \(folder)/none.json: there is no such file; the path "
          + "begins at your working folder")
    }
  }

  /// Pairs of some words alone, each with a seed of its own.
  @Test func pairsOfSomeWordsWithSeedsOfTheirOwn() throws {
    func read(_ keys: String, _ rest: String = "") throws -> [PromptPair] {
      var pairs: [PromptPair] = []
      try withPairsFile(Self.published) { path in
        try minimal(generate: "pairs: [{ file: pairs.json, \(keys) }]\(rest)").write(
          toFile: path, atomically: true, encoding: .utf8)
        pairs = try ExperimentSpec.load(path: path).generate.pairs
      }
      return pairs
    }
    let pair = { (target: String, seeds: [Seed]?) in PromptPair(source: "a red car", target: target, seeds: seeds) }
    #expect(try read("words: [a, car, red, blue, dog]", ", seeds: [1]") == [pair("a blue car", nil)])
    #expect(
      try read("words: [a, car, red, blue, green], first_seed: 40") == [
        pair("a green car", [40]), pair("a blue car", [41]),
      ])
    #expect(try read("first_seed: 40, limit: 1") == [pair("a green car", [40])])
    for (keys, problem) in [
      (
        "words: [red, car]",
        ":4:48: generate.pairs.0.words: no pair of the file is of these words alone; add what its prompts say"
      ),
      (
        "first_seed: 18446744073709551615",
        ":4:53: generate.pairs.0.first_seed: the last pair's seed would be above the largest seed, 18446744073709551615"
      ),
    ] {
      #expect {
        _ = try read(keys)
      } throws: {
        "\($0)".hasSuffix(problem)
      }
    }
  }

  @Test(arguments: [
    ("", ["not valid JSON; expected a JSON list of { \"soure_prompt\": text, \"edit_prompt\": text }"]),
    ("{}", ["expected a JSON list of { \"soure_prompt\": text, \"edit_prompt\": text }"]),
    ("[]", ["the list is empty"]),
    (
      "[{}, { \"edit_prompt\": \"x\" }, { \"image_name\": \"a.jpg\", \"soure_prompt\": \"x\", \"edit_prompt\": \"y\" }]",
      [
        "entry 0: expected the keys soure_prompt (or source_prompt) and edit_prompt",
        "entry 1: expected the keys soure_prompt (or source_prompt) and edit_prompt",
        "entry 2: image_name \"a.jpg\" asks for an edit of a real picture, which is not possible yet",
      ]
    ),
    (
      "[{ \"soure_prompt\": 3, \"edit_prompt\": \"x\" }]",
      [
        "expected a JSON list of { \"soure_prompt\": text, \"edit_prompt\": text }, "
          + "found another type at entry 0, soure_prompt"
      ]
    ),
    (
      "[{ \"soure_prompt\": \"a\\nb\", \"edit_prompt\": \"x\" }]",
      ["entry 0: a prompt holds the control character U+000A; a prompt is one line of text"]
    ),
    (
      "[{ \"soure_prompt\": \"a\", \"edit_prompt\": \"a\\u2028b\" }, "
        + "{ \"soure_prompt\": \"a\\u2029\", \"edit_prompt\": \"x\" }, "
        + "{ \"soure_prompt\": \"x\", \"edit_prompt\": \"\\uFEFFa\" }]",
      ["2028", "2029", "FEFF"].enumerated().map {
        "entry \($0): a prompt holds the control character U+\($1); a prompt is one line of text"
      }
    ),
    (
      "[{}, {}, {}, {}, {}, {}, {}]",
      (0..<5).map { "entry \($0): expected the keys soure_prompt (or source_prompt) and edit_prompt" } + [
        "and 2 problems more"
      ]
    ),
  ])
  func wrongPairsFiles(json: String, messages: [String]) throws {
    try withPairsFile(json) { path in
      let folder = (path as NSString).deletingLastPathComponent
      let yaml = minimal(generate: "pairs: [{ file: pairs.json }], seeds: [1]")
      let expected = messages.map { "\(path):4:29: generate.pairs.0.file: \(folder)/pairs.json: \($0)" }
      #expect(problems(yaml, file: path) == expected.joined(separator: "\n"))
    }
  }
}
