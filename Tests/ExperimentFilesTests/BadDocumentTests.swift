import Testing

/// Bad files and exactly what is said of them: syntax and the top level.
@Suite struct BadDocumentTests {
  @Test(arguments: documentCases)
  func document(yaml: String, message: String) {
    #expect(problems(yaml) == message)
  }

  // Documents that are no YAML of ours.
  static let documentCases: [(String, String)] = [
    (
      "",
      """
      e.yaml: the file is empty; the shortest experiment has version, name, model and generate
      """
    ),
    (
      #"""
      # nothing
      """#,
      """
      e.yaml: the file is empty; the shortest experiment has version, name, model and generate
      """
    ),
    (
      #"""
      ~
      """#,
      """
      e.yaml: the file is empty; the shortest experiment has version, name, model and generate
      """
    ),
    (
      #"""
      - a
      - b
      """#,
      """
      e.yaml:1:1: expected a mapping with the keys \(topKeys), found a list
      """
    ),
    (
      #"""
      hello
      """#,
      """
      e.yaml:1:1: expected a mapping with the keys \(topKeys), found the text "hello"
      """
    ),
    (
      #"""
      version: 1
      """#,
      """
      e.yaml:1:1: the key "name" is missing at the top level
      e.yaml:1:1: the key "model" is missing at the top level
      e.yaml:1:1: the key "generate" is missing at the top level
      """
    ),
    (
      #"""
      version: 1
      name: [a
      model: b
      """#,
      """
      e.yaml:3:6: not valid YAML: did not find expected ',' or ']' while parsing a flow sequence; \(quotesHint)
      """
    ),
    (
      "version: 1\ngenerate:\n\tseeds: [1]\n",
      """
      e.yaml:3:1: not valid YAML: a tab indents this line; YAML indents with spaces alone
      """
    ),
    (
      #"""
      version: 1
      model: *
      """#,
      """
      e.yaml:2:9: not valid YAML: a text that begins with * must stand in quotes
      """
    ),
    (
      #"""
      version: 1
      model: *m
      """#,
      """
      e.yaml:2:8: not valid YAML: a text that begins with * must stand in quotes
      """
    ),
    (
      #"""
      a: &x [1]
      b: *x
      """#,
      """
      e.yaml:2:4: &x and *x: anchors and aliases are not allowed; write the value out where it is used
      """
    ),
    (
      #"""
      a: &a [x, x]
      b: &b [*a, *a]
      ? [*b, *b]
      : 1
      """#,
      """
      e.yaml:2:8: &a and *a: anchors and aliases are not allowed; write the value out where it is used
      """
    ),
    (
      #"""
      version: !!int "1"
      name: !thing x
      model: !!set {a}
      generate: { prompts: [!!str 5], seeds: !!omap [1] }
      """#,
      """
      e.yaml:1:10: !!int: tags are not allowed; leave it out
      e.yaml:2:7: !thing: tags are not allowed; leave it out
      e.yaml:3:8: !!set: tags are not allowed; leave it out
      e.yaml:4:40: !!omap: tags are not allowed; leave it out
      """
    ),
    (
      #"""
      version: 1
      ---
      version: 1
      """#,
      """
      e.yaml:2:1: the file holds more than one document; an experiment is one
      """
    ),
    (
      #"""
      version: 1
      name: a
      version: 1
      """#,
      """
      e.yaml:1:1: "version" more than once among the keys of one mapping, first here; keep one
      """
    ),
    (
      #"""
      version: 1
      name: a
      model: m
      generate: { seeds: [1], "seeds": [2] }
      """#,
      """
      e.yaml:4:13: "seeds" more than once among the keys of one mapping, first here; keep one
      """
    ),
    (
      #"""
      [a, b]: 1
      ? { c: d }
      : 2
      """#,
      """
      e.yaml:1:1: a list or a mapping cannot be a key; a key is a name
      e.yaml:2:3: a list or a mapping cannot be a key; a key is a name
      """
    ),
    (
      "version: 1\nname: a\u{1}b\n",
      """
      e.yaml:2:8: not valid YAML: control characters are not allowed
      """
    ),
    (
      #"""
      version: 1
      question: a: b
      """#,
      """
      e.yaml:2:12: not valid YAML: mapping values are not allowed in this context; \(quotesHint)
      """
    ),
  ]

  @Test(arguments: topCases)
  func top(yaml: String, message: String) {
    #expect(problems(yaml) == message)
  }

  // The top level.
  static let topCases: [(String, String)] = [
    (
      #"""
      version: 1
      name: a
      modle: x
      generate: { prompts: [x], seeds: [1] }
      model: b
      seed: 3
      """#,
      """
      e.yaml:3:1: unknown key "modle" at the top level; did you mean "model"? allowed: \(topKeys)
      e.yaml:6:1: unknown key "seed" at the top level; allowed: \(topKeys)
      """
    ),
    (
      #"""
      version: 2
      name: a
      model: b
      generate: { prompts: [x], seeds: [1] }
      """#,
      """
      e.yaml:1:10: version: 2 is not known; this tool reads version 1
      """
    ),
    (
      #"""
      version: "1"
      name: 1e3
      model: no
      question:
      generate: { prompts: [2024-01-01, [x], on, 7], seeds: [1] }
      """#,
      """
      e.yaml:1:10: version: expected a whole number, found the text "1"; write 1 without quotes
      e.yaml:2:7: name: expected text, found the number 1e3; as text it is written "1e3"
      e.yaml:3:8: model: expected text, found the truth value no; as text it is written "no"
      e.yaml:4:10: question: expected text, found nothing (null); an empty text is written ""
      e.yaml:5:23: generate.prompts.0: expected text, found the date 2024-01-01; as text it is written "2024-01-01"
      e.yaml:5:35: generate.prompts.1: expected text, found a list
      e.yaml:5:40: generate.prompts.2: expected text, found the truth value on; as text it is written "on"
      e.yaml:5:44: generate.prompts.3: expected text, found the whole number 7; as text it is written "7"
      """
    ),
    (
      #"""
      version: 1
      name: a/b
      model: b
      generate: { prompts: [x], seeds: [1] }
      """#,
      """
      e.yaml:2:7: name: "a/b" cannot name the results folder; \(folderRule)
      """
    ),
    (
      #"""
      version: 1
      name: ../x
      model: b
      generate: { prompts: [x], seeds: [1] }
      """#,
      """
      e.yaml:2:7: name: "../x" cannot name the results folder; \(folderRule)
      """
    ),
    (
      #"""
      version: 1
      name: .hidden
      model: b
      generate: { prompts: [x], seeds: [1] }
      """#,
      """
      e.yaml:2:7: name: ".hidden" cannot name the results folder; \(folderRule)
      """
    ),
    (
      #"""
      version: 1
      name: -x
      model: b
      generate: { prompts: [x], seeds: [1] }
      """#,
      """
      e.yaml:2:7: name: "-x" cannot name the results folder; \(folderRule)
      """
    ),
    (
      #"""
      version: 1
      name: a b
      model: b
      generate: { prompts: [x], seeds: [1] }
      """#,
      """
      e.yaml:2:7: name: "a b" cannot name the results folder; \(folderRule)
      """
    ),
    (
      #"""
      version: 1
      name: "\u00e9"
      model: b
      generate: { prompts: [x], seeds: [1] }
      """#,
      """
      e.yaml:2:7: name: "é" cannot name the results folder; \(folderRule)
      """
    ),
    (
      #"""
      version: 1
      name: ""
      model: b
      generate: { prompts: [x], seeds: [1] }
      """#,
      """
      e.yaml:2:7: name: "" cannot name the results folder; \(folderRule)
      """
    ),
    (
      #"""
      version: 1
      name: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      model: b
      generate: { prompts: [x], seeds: [1] }
      """#,
      """
      e.yaml:2:7: name: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..." cannot name the results folder; \(folderRule)
      """
    ),
    (
      #"""
      version: 1
      name: ..
      model: b
      generate: { prompts: [x], seeds: [1] }
      """#,
      """
      e.yaml:2:7: name: ".." cannot name the results folder; \(folderRule)
      """
    ),
    (
      #"""
      version: 1
      name: a
      model: ""
      generate: 3
      """#,
      """
      e.yaml:3:8: model: the text is empty
      e.yaml:4:11: generate: expected a mapping with the keys \(generateKeys), found the whole number 3
      """
    ),
  ]
}
