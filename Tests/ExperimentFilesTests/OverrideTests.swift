import Attention
import ExperimentFiles
import Foundation
import Generation
import StrictYAML
import TestSupport
import Testing

@Suite struct OverrideTests {
  static let yaml = """
    version: 1
    name: small
    model: emoji-scenes
    generate: { pairs: [{ source: a, target: b }], seeds: [1] }
    record: [{ name: words, sites: 'cross:*' }]
    interventions:
      none: []
      self 4-14: [{ op: replace, sites: self:4-14 }]
      v1.5=x: []

    """

  private func spec(_ overrides: String...) throws(SpecError) -> ExperimentSpec {
    try ExperimentSpec(yaml: Self.yaml, file: "e.yaml", overrides: overrides)
  }

  @Test func valuesAreYAML() throws {
    #expect(try spec("generate.seeds=[901, 902]").generate.seeds == [901, 902])
    #expect(try spec("name=other").name == "other")
    #expect(try spec("question=\"a = b: c\"").question == "a = b: c")
    #expect(try spec("budget.disk=3 MB").budget.disk.bytes == 3_000_000)
    #expect(try spec("generate={ prompts: [x], seeds: [3] }", "interventions={ n: [] }").generate.prompts == ["x"])
  }

  @Test func aFileHoldsTheValue() throws {
    try Fixtures.withTemporaryFolder { root in
      let file = root.appending(path: "found.yaml").path
      try Data("# of a report\n- { op: zero, sites: 'self:2' }\n".utf8).write(to: URL(filePath: file))
      #expect(try spec("interventions.none=@\(file)").interventions[0].operations.map(\.op) == [.zero])
      // An @ elsewhere is none.
      #expect(try spec("question=a@b").question == "a@b" && spec("question='@b'").question == "@b")
    }
  }

  @Test func aFileThatHoldsNoValue() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      func found(_ name: String, _ bytes: Data?) throws -> String {
        let file = root.appending(path: name)
        try bytes?.write(to: file)
        return problems(Self.yaml, set: ["interventions.none=@\(file.path)"])
          .replacingOccurrences(of: root.path, with: "")
      }
      let whose = ", whose contents are to be the value: "
      #expect(
        try found("a", nil) == "--set interventions.none: \"/a\"\(whose)there is no such file")
      #expect(
        try found("b", Data([0xff, 0xfe])) == "--set interventions.none: \"/b\"\(whose)the file is not UTF-8 text")
      #expect(
        try found("c", Data(repeating: 32, count: 1_048_577))
          == "--set interventions.none: \"/c\"\(whose)1048577 bytes; a value has at most 1048576")
      // What is wrong inside is told under the option's name too.
      #expect(
        try found("d", Data("[{ op: swap, sites: s }]".utf8)).hasPrefix("--set interventions.none: interventions"))
      #expect(try found("e", Data("[{".utf8)).hasPrefix("--set interventions.none: "))
      #expect(problems(Self.yaml, set: ["name=@\(root.path)"]).hasSuffix("a value is one YAML file"))
      #expect(problems(Self.yaml, set: ["name=@"]) == "--set name: \"\"\(whose)no file is named")
    }
  }

  @Test func partsOfListsAndQuotedKeys() throws {
    #expect(try spec("record.0.name=layout").record.map(\.name) == ["layout"])
    #expect(try spec("generate.pairs.0.target=c").generate.pairs == [PromptPair(source: "a", target: "c")])
    let steps = try spec("interventions.\"self 4-14\".0.steps=[0, 1]").interventions.map(\.operations)
    #expect(steps == [[], [OperationSpec(op: .replace, sites: "self:4-14", steps: .list([0, 1]))], []])
    #expect(try spec("interventions.self 4-14.0.op=zero").interventions[1].operations.map(\.op) == [.zero])
    #expect(try spec("interventions.\"v1.5=x\"=[{ op: uniform, sites: s }]").interventions[2].operations.count == 1)
  }

  @Test func newKeysComeLastAndLaterOverridesWin() throws {
    let found = try spec("interventions.added=[]", "generate.height=64", "generate.height=128")
    #expect(found.interventions.map(\.name) == ["none", "self 4-14", "v1.5=x", "added"])
    #expect(found.generate.height == 128)
  }

  @Test(arguments: [
    (
      ["generate.seed=[1]"],
      "--set generate.seed: unknown key \"seed\" in generate; did you mean \"seeds\"? allowed: \(generateKeys)"
    ),
    (
      ["generat.seeds=[1]"],
      "--set generat.seeds: unknown key \"generat\" at the top level; did you mean \"generate\"? allowed: \(topKeys)"
    ),
    (
      ["generate.seeds=7"],
      "--set generate.seeds: generate.seeds: expected a list of seeds, found the whole number 7"
    ),
    (["model="], "--set model: model: expected text, found nothing (null); an empty text is written \"\""),
    (
      ["generate.num_inference_steps=5", "generate.scheduler=ddim", "record.0.steps=[5]"],
      "--set record.0.steps: record.0.steps: 5 is not a step; the run has 5, numbered 0 to 4"
    ),
    (["record.1.name=x"], "--set record.1.name: \"1\" is no entry of the list record; it has the entries 0 to 0"),
    (
      ["interventions.none.0=x"],
      "--set interventions.none.0: \"0\" is no entry of the list interventions.none; it is empty"
    ),
    (["record.words=x"], "--set record.words: \"words\" is no entry of the list record; it has the entries 0 to 0"),
    (["record.-1=x"], "--set record.-1: \"-1\" is no entry of the list record; it has the entries 0 to 0"),
    (["name.first=x"], "--set name.first: name is the text \"small\", which has no \"first\" inside"),
    (
      ["generate.seeds=[1"],
      "--set generate.seeds: not valid YAML: did not find expected ',' or ']' while parsing a flow sequence; \(quotesHint)"
    ),
    (
      ["generate.seeds=1: 2: 3"],
      "--set generate.seeds: not valid YAML: mapping values are not allowed in this context; \(quotesHint)"
    ),
    (["a=&x [*x]"], "--set a: &x and *x: anchors and aliases are not allowed; write the value out where it is used"),
    (["a={ [b]: c }"], "--set a: a list or a mapping cannot be a key; a key is a name"),
    (
      ["generate.seed=1", "interventions.\"self 4-14\".0.op=swap"],
      """
      --set generate.seed: unknown key "seed" in generate; did you mean "seeds"? allowed: \(generateKeys)
      --set interventions."self 4-14".0.op: interventions."self 4-14".0.op: unknown value "swap"; \
      allowed: \(operations)
      """
    ),
  ])
  func wrongValuesNameTheOption(overrides: [String], message: String) {
    #expect(problems(Self.yaml, set: overrides) == message)
  }

  @Test(arguments: [
    "", "name", "=1", ".name=1", "name.=1", "a..b=1", "\"a=1", "a\"b\"=1", "\"a\"b=1", "generate.seeds",
  ])
  func textsThatAreNoOverride(text: String) {
    #expect(
      problems(Self.yaml, set: [text])
        == "--set \(text): expected key.path=value, as in --set 'generate.seeds=[1, 2]'; "
        + "a key with a dot, a space or = stands in quotes")
  }

  @Test func problemsOfOptionsComeBeforeThoseOfTheFile() {
    #expect(
      problems(Self.yaml + "budget: 1\n", set: ["name=a/b", "x"]).split(separator: "\n").map { $0.prefix(12) } == [
        "--set x: exp", "--set name: ", "e.yaml:10:9:",
      ])
  }
}
