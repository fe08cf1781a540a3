import Testing

/// Bad files and exactly what is said of them: `generate`.
@Suite struct BadGenerateTests {
  @Test(arguments: generateCases)
  func generate(yaml: String, message: String) {
    #expect(problems(yaml) == message)
  }

  // generate, but for its prompts.
  static let generateCases: [(String, String)] = [
    (
      minimal(generate: #"prompts: [x]"#),
      """
      e.yaml:4:11: the key "seeds" is missing in generate
      """
    ),
    (
      minimal(generate: #"prompts: [x], seed: [1]"#),
      """
      e.yaml:4:11: the key "seeds" is missing in generate
      e.yaml:4:27: unknown key "seed" in generate; did you mean "seeds"? allowed: \(generateKeys)
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: []"#),
      """
      e.yaml:4:34: generate.seeds: the list is empty; give one seed or more
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: 1"#),
      """
      e.yaml:4:34: generate.seeds: expected a list of seeds, found the whole number 1
      """
    ),
    (
      minimal(
        generate:
          #"prompts: [x], seeds: ["1", -1, 18446744073709551616, 1.0, 2.5, 0x10, 010, 1_000, 1:30, yes, ~, .nan, 1e3, 7, 7]"#
      ),
      """
      e.yaml:4:35: generate.seeds.0: expected a whole number, found the text "1"; write 1 without quotes
      e.yaml:4:40: generate.seeds.1: -1 is not allowed; a whole number from 0 to 18446744073709551615
      e.yaml:4:44: generate.seeds.2: 18446744073709551616 is not allowed; a whole number from 0 to 18446744073709551615
      e.yaml:4:66: generate.seeds.3: expected a whole number, found the number 1.0; write 1
      e.yaml:4:71: generate.seeds.4: expected a whole number, found the number 2.5
      e.yaml:4:76: generate.seeds.5: expected a whole number in plain decimal digits, found 0x10
      e.yaml:4:82: generate.seeds.6: expected a whole number in plain decimal digits, found 010
      e.yaml:4:87: generate.seeds.7: expected a whole number in plain decimal digits, found 1_000
      e.yaml:4:94: generate.seeds.8: expected a whole number in plain decimal digits, found 1:30
      e.yaml:4:100: generate.seeds.9: expected a whole number, found the truth value yes
      e.yaml:4:105: generate.seeds.10: expected a whole number, found nothing (null)
      e.yaml:4:108: generate.seeds.11: expected a whole number, found the number .nan
      e.yaml:4:114: generate.seeds.12: expected a whole number, found the number 1e3; write 1000
      e.yaml:4:122: generate.seeds.14: the same as generate.seeds.13; each may stand once
      """
    ),
    (
      minimal(generate: #"seeds: [1]"#),
      """
      e.yaml:4:11: generate: nothing to generate; give pairs, prompts, or both
      """
    ),
    (
      minimal(generate: #"seeds: [1], pairs: [], prompts: []"#),
      """
      e.yaml:4:11: generate: nothing to generate; give pairs, prompts, or both
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: [1], num_inference_steps: 0"#),
      """
      e.yaml:4:60: generate.num_inference_steps: 0 is not allowed; a whole number from 1 to 1000
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: [1], num_inference_steps: 1001"#),
      """
      e.yaml:4:60: generate.num_inference_steps: 1001 is not allowed; a whole number from 1 to 1000
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: [1], num_inference_steps: 30.0"#),
      """
      e.yaml:4:60: generate.num_inference_steps: expected a whole number, found the number 30.0; write 30
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: [1], num_inference_steps: 99999999999999999999"#),
      """
      e.yaml:4:60: generate.num_inference_steps: 99999999999999999999 is not allowed; a whole number from 1 to 1000
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: [1], guidance_scale: -1"#),
      """
      e.yaml:4:55: generate.guidance_scale: -1 is not allowed; a number from 0 to 100
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: [1], guidance_scale: 100.5"#),
      """
      e.yaml:4:55: generate.guidance_scale: 100.5 is not allowed; a number from 0 to 100
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: [1], guidance_scale: .nan"#),
      """
      e.yaml:4:55: generate.guidance_scale: expected a finite number in plain decimal digits, found .nan
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: [1], guidance_scale: -.inf"#),
      """
      e.yaml:4:55: generate.guidance_scale: expected a finite number in plain decimal digits, found -.inf
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: [1], guidance_scale: 1e999"#),
      """
      e.yaml:4:55: generate.guidance_scale: expected a finite number in plain decimal digits, found 1e999
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: [1], guidance_scale: "5""#),
      """
      e.yaml:4:55: generate.guidance_scale: expected a number, found the text "5"; write 5 without quotes
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: [1], guidance_scale: 1:30.5"#),
      """
      e.yaml:4:55: generate.guidance_scale: expected a finite number in plain decimal digits, found 1:30.5
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: [1], height: 100, width: 0"#),
      """
      e.yaml:4:47: generate.height: 100 is not allowed; a multiple of 8 pixels, as 96 or 104
      e.yaml:4:59: generate.width: 0 is not allowed; a whole number from 8 to 8192
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: [1], precision: fp23, scheduler: "", negative_prompt: no"#),
      """
      e.yaml:4:50: generate.precision: unknown value "fp23"; did you mean "fp32"? allowed: fp32
      e.yaml:4:67: generate.scheduler: the text is empty
      e.yaml:4:88: generate.negative_prompt: expected text, found the truth value no; as text it is written "no"
      """
    ),
    (
      minimal(generate: #"prompts: [x], seeds: [1], guidance: 5, steps: 30, hieght: 8, bananas: 1"#),
      """
      e.yaml:4:39: unknown key "guidance" in generate; did you mean "guidance_scale"? allowed: \(generateKeys)
      e.yaml:4:52: unknown key "steps" in generate; did you mean "num_inference_steps"? allowed: \(generateKeys)
      e.yaml:4:63: unknown key "hieght" in generate; did you mean "height"? allowed: \(generateKeys)
      e.yaml:4:74: unknown key "bananas" in generate; allowed: \(generateKeys)
      """
    ),
  ]

  @Test(arguments: promptCases)
  func prompt(yaml: String, message: String) {
    #expect(problems(yaml) == message)
  }

  // Pairs, prompts, templates.
  static let promptCases: [(String, String)] = [
    (
      minimal(generate: #"prompts: [x, y, x], seeds: [1]"#),
      """
      e.yaml:4:29: generate.prompts.2: "x" stands in generate.prompts.0 already; each may stand once
      """
    ),
    (
      minimal(generate: #"prompts: ["a\nb", "a\u2028b"], seeds: [1]"#),
      """
      e.yaml:4:23: generate.prompts.0: one line of text holds no control character, found U+000A; a long line may be folded with >-
      e.yaml:4:31: generate.prompts.1: one line of text holds no control character, found U+2028; a long line may be folded with >-
      """
    ),
    (
      minimal(generate: #"pairs: [{ source: a, target: b }, { source: a, target: b }], seeds: [1]"#),
      """
      e.yaml:4:47: generate.pairs.1: the pair of "a" and "b" stands in generate.pairs.0 already; each may stand once
      """
    ),
    (
      #"""
      version: 1
      name: small
      model: emoji-scenes
      generate:
        seeds: [1]
        pairs:
          - { source: a }
          - { source: a, traget: b }
          - { sorce: a }
          - {}
          - { source: [a], target: 3 }
          - a
      """#,
      """
      e.yaml:7:7: the key "target" is missing in generate.pairs.0
      e.yaml:8:7: the key "target" is missing in generate.pairs.1
      e.yaml:8:20: unknown key "traget" in generate.pairs.1; did you mean "target"? allowed: source, target, seeds
      e.yaml:9:9: unknown key "sorce" in generate.pairs.2; did you mean "source"? allowed: source, target, seeds, template, lists, file, limit, words, first_seed, draw, templates, change, seeds_each, lot
      e.yaml:10:7: generate.pairs.3: expected { source, target }, { template, lists, source }, { file, limit, words, first_seed } or { draw, templates, lists, change }
      e.yaml:11:17: generate.pairs.4.source: expected text, found a list
      e.yaml:11:30: generate.pairs.4.target: expected text, found the whole number 3; as text it is written "3"
      e.yaml:12:7: generate.pairs.5: expected a mapping with the keys source, target, seeds, template, lists, file, limit, words, first_seed, draw, templates, change, seeds_each, lot, found the text "a"
      """
    ),
    (
      #"""
      version: 1
      name: small
      model: emoji-scenes
      generate:
        seeds: [1]
        pairs:
          - { template: "a {color} {animal}", lists: { colour: [red, blue], animal: [] } }
      """#,
      """
      e.yaml:7:19: generate.pairs.0.template: {color} has no list; did you mean {colour}? lists: colour, animal
      e.yaml:7:48: generate.pairs.0.lists: the template has no {colour} for the list "colour"
      e.yaml:7:79: generate.pairs.0.lists.animal: the list is empty
      """
    ),
    (
      #"""
      version: 1
      name: small
      model: emoji-scenes
      generate:
        seeds: [1]
        pairs:
          - { template: "a {color} {animl} {animl}", lists: { color: [red, blue], animal: [dog] } }
      """#,
      """
      e.yaml:7:19: generate.pairs.0.template: {animl} has no list; did you mean {animal}? lists: color, animal
      e.yaml:7:55: generate.pairs.0.lists: the template has no {animal} for the list "animal"
      """
    ),
    (
      #"""
      version: 1
      name: small
      model: emoji-scenes
      generate:
        seeds: [1]
        pairs:
          - { template: "a {color}", lists: { color: [red, blue] }, source: { color: blu } }
          - { template: "a {color}", lists: { color: [red, blue] }, source: { colour: blue } }
      """#,
      """
      e.yaml:7:80: generate.pairs.0.source.color: "blu" is not in the list "color"; did you mean "blue"? allowed: red, blue
      e.yaml:8:73: unknown key "colour" in generate.pairs.1.source; did you mean "color"? allowed: color
      """
    ),
    (
      #"""
      version: 1
      name: small
      model: emoji-scenes
      generate:
        seeds: [1]
        pairs:
          - { template: "a {color}", lists: { color: [red] } }
          - { lists: { a: [b] } }
      """#,
      """
      e.yaml:7:7: generate.pairs.0: the lists hold one combination alone, so there is no target
      e.yaml:8:7: the key "template" is missing in generate.pairs.1
      """
    ),
    (
      #"""
      version: 1
      name: small
      model: emoji-scenes
      generate:
        seeds: [1]
        prompts:
          - { template: "a {color", lists: { color: [red] } }
          - { template: "a }", lists: {} }
          - { template: "{a b}", lists: {} }
          - { template: "{{a}}", lists: { a: [b] } }
      """#,
      """
      e.yaml:7:19: generate.prompts.0.template: a brace has no partner in "a {color"; a gap is written {name}
      e.yaml:8:19: generate.prompts.1.template: a brace has no partner in "a }"; a gap is written {name}
      e.yaml:9:19: generate.prompts.2.template: {a b} is no gap; a name has letters, digits, - and _
      e.yaml:10:19: generate.prompts.3.template: a brace has no partner in "{{a}}"; a gap is written {name}
      """
    ),
    (
      #"""
      version: 1
      name: small
      model: emoji-scenes
      generate:
        seeds: [1]
        prompts:
          - { template: "a {n}", lists: { n: [1, one, one] } }
          - { template: "a {n}", lists: { n: red } }
          - { template: x, lists: [a], source: b }
      """#,
      """
      e.yaml:7:41: generate.prompts.0.lists.n.0: expected text, found the whole number 1; as text it is written "1"
      e.yaml:7:49: generate.prompts.0.lists.n.2: the same as generate.prompts.0.lists.n.1; each may stand once
      e.yaml:8:40: generate.prompts.1.lists.n: expected a list of texts, found the text "red"
      e.yaml:9:29: generate.prompts.2.lists: expected a mapping of lists, found a list
      e.yaml:9:34: unknown key "source" in generate.prompts.2; allowed: template, lists
      """
    ),
    (
      minimal(generate: #"prompts: [a red car, { template: "a {c} car", lists: { c: [blue, red] } }], seeds: [1]"#),
      """
      e.yaml:4:34: generate.prompts.1: "a red car" stands in generate.prompts.0 already; each may stand once
      """
    ),
    (
      #"""
      version: 1
      name: small
      model: emoji-scenes
      generate:
        seeds: [1]
        pairs:
          - { file: none.json }
          - { file: /dev/zero }
          - { file: x, limit: 0 }
          - { file: "" }
          - { limit: 3 }
      """#,
      """
      e.yaml:7:15: generate.pairs.0.file: none.json: there is no such file; the path begins at the experiment file
      e.yaml:8:15: generate.pairs.1.file: /dev/zero: expected a file, found a device or a pipe
      e.yaml:9:15: generate.pairs.2.file: x: there is no such file; the path begins at the experiment file
      e.yaml:9:25: generate.pairs.2.limit: 0 is not allowed; a whole number from 1 to 10000
      e.yaml:10:15: generate.pairs.3.file: the text is empty
      e.yaml:11:7: the key "file" is missing in generate.pairs.4
      """
    ),
  ]
}
