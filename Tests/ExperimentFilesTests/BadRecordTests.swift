import Testing

/// Bad files and exactly what is said of them: `record` and what follows it.
@Suite struct BadRecordTests {
  @Test(arguments: recordCases)
  func record(yaml: String, message: String) {
    #expect(problems(yaml) == message)
  }

  // record.
  static let recordCases: [(String, String)] = [
    (
      minimal(#"record: [{ name: a, sites: s, token: all, head: mean }, { sites: s }, { name: a }, x]"#),
      """
      e.yaml:5:31: unknown key "token" in record.0; did you mean "tokens"? allowed: \(recordKeys)
      e.yaml:5:43: unknown key "head" in record.0; did you mean "heads"? allowed: \(recordKeys)
      e.yaml:5:57: the key "name" is missing in record.1
      e.yaml:5:71: the key "sites" is missing in record.2
      e.yaml:5:79: record.2.name: "a" is the name at record.0.name already; names differ
      e.yaml:5:84: record.3: expected a mapping with the keys \(recordKeys), found the text "x"
      """
    ),
    (
      minimal(
        #"""
        record:
          - { name: a, sites: 7, heads: Mean, branch: cond, pool: 0, dtype: float16 }
          - { name: a, sites: "", pool: 1.5 }
        """#),
      """
      e.yaml:6:23: record.0.sites: expected text, found the whole number 7; as text it is written "7"
      e.yaml:6:33: record.0.heads: unknown value "Mean"; did you mean "mean"? allowed: mean, all
      e.yaml:6:47: record.0.branch: unknown value "cond"; did you mean "conditional"? allowed: conditional, unconditional, both
      e.yaml:6:59: record.0.pool: 0 is not allowed; a whole number from 1 to 1024
      e.yaml:6:69: record.0.dtype: unknown value "float16"; allowed: fp32, fp16
      e.yaml:7:13: record.1.name: "a" is the name at record.0.name already; names differ
      e.yaml:7:23: record.1.sites: the text is empty
      e.yaml:7:33: record.1.pool: expected a whole number, found the number 1.5
      """
    ),
    (
      minimal(
        #"""
        record:
          - { name: a/b, sites: s }
          - { name: "", sites: s }
          - { name: " a", sites: s }
          - { name: 1, sites: s }
        """#),
      """
      e.yaml:6:13: record.0.name: "a/b" cannot be a name; \(nameRule)
      e.yaml:7:13: record.1.name: "" cannot be a name; \(nameRule)
      e.yaml:8:13: record.2.name: " a" cannot be a name; \(nameRule)
      e.yaml:9:13: record.3.name: expected text, found the whole number 1; as text it is written "1"
      """
    ),
    (
      minimal(
        #"""
        record:
          - { name: a, of: score, sites: s }
          - { name: b, of: keys, sites: s }
          - { name: c, of: values, sites: s, heads: mean }
          - { name: d, of: output, sites: s, heads: all }
          - { name: e, of: queries, sites: s, heads: all, tokens: words }
          - { name: f, of: log_ratio, sites: s, dtype: fp16 }
          - { name: g, of: output, sites: s, dtype: fp16 }
          - { name: h, of: values, sites: s, heads: all, tokens: words }
        """#),
      """
      e.yaml:6:20: record.0.of: unknown value "score"; did you mean "scores"? allowed: probabilities, queries, keys, values, \
      scores, output, log_ratio
      e.yaml:7:5: record.1: keys are vectors of single heads, which have no mean; write heads: all
      e.yaml:8:45: record.2.heads: values are vectors of single heads, which have no mean; write heads: all
      e.yaml:9:45: record.3.heads: an attention's output has no heads; leave the key out, or record values and probabilities
      e.yaml:10:59: record.4.tokens: tokens are keys, and of is queries, which belongs to places of the picture
      e.yaml:11:48: record.5.dtype: log ratios are stored in fp32, so that small differences stay
      """
    ),
    (
      minimal(#"record: { name: a, sites: s }"#),
      """
      e.yaml:5:9: record: expected a list of records, found a mapping
      """
    ),
    (
      minimal(
        #"""
        record:
          - { name: a, sites: s, tokens: car }
          - { name: b, sites: s, tokens: [] }
          - { name: c, sites: s, tokens: [<strat>, -1, "car#0", "car#x", car, car, no, "", 1.5, "<start>#1", <pading>] }
          - { name: d, sites: s, tokens: 3 }
        """#),
      """
      e.yaml:6:34: record.0.tokens: expected all, words or a list, found the text "car"; one word is written [car]
      e.yaml:7:34: record.1.tokens: the list is empty; write all or words, or leave the key out
      e.yaml:8:35: record.2.tokens.0: unknown name "<strat>"; did you mean <start>? allowed: <start>, <end>, <padding>, <edited>, <kept>, <earlier>, <next>, <later>, <after word>, words and positions
      e.yaml:8:44: record.2.tokens.1: -1 is not allowed; a whole number from 0 to 2147483647
      e.yaml:8:48: record.2.tokens.2: "car#0": after # stands which of the word's occurrences is meant, from 1, as car#2
      e.yaml:8:57: record.2.tokens.3: "car#x": after # stands which of the word's occurrences is meant, from 1, as car#2
      e.yaml:8:71: record.2.tokens.5: the same as record.2.tokens.4; each may stand once
      e.yaml:8:76: record.2.tokens.6: expected text, found the truth value no; as text it is written "no"
      e.yaml:8:80: record.2.tokens.7: the text is empty
      e.yaml:8:84: record.2.tokens.8: expected text, found the number 1.5; as text it is written "1.5"
      e.yaml:8:89: record.2.tokens.9: unknown name "<start>#1"; did you mean <start>? allowed: <start>, <end>, <padding>, <edited>, <kept>, <earlier>, <next>, <later>, <after word>, words and positions
      e.yaml:8:102: record.2.tokens.10: unknown name "<pading>"; did you mean <padding>? allowed: <start>, <end>, <padding>, <edited>, <kept>, <earlier>, <next>, <later>, <after word>, words and positions
      e.yaml:9:34: record.3.tokens: expected all, words or a list, found the whole number 3; one word is written [3]
      """
    ),
    (
      minimal(
        #"""
        record:
          - { name: a, sites: s, steps: [] }
          - { name: b, sites: s, steps: [30] }
          - { name: c, sites: s, steps: [-1, 2, 2] }
          - { name: d, sites: s, steps: { from: 10, to: 40 } }
          - { name: e, sites: s, steps: { from: 5, to: 5 } }
          - { name: f, sites: s, steps: { fraction: [0.8, 0.2] } }
          - { name: g, sites: s, steps: { fraction: [0, 1.2] } }
          - { name: h, sites: s, steps: { fraction: [0] } }
          - { name: i, sites: s, steps: { from: 0, to: 30, every: 0 } }
          - { name: j, sites: s, steps: none }
          - { name: k, sites: s, steps: { from: 0 } }
          - { name: l, sites: s, steps: { fraction: [0, 0.01] } }
          - { name: m, sites: s, steps: { fraction: [0, 1], every: 2 } }
          - { name: n, sites: s, steps: 4 }
        """#, generate: "prompts: [a red car], seeds: [1], scheduler: ddim"),
      """
      e.yaml:6:33: record.0.steps: the list is empty; write `all` for every step
      e.yaml:7:33: record.1.steps: 30 is not a step; the run has 30, numbered 0 to 29
      e.yaml:8:34: record.2.steps.0: -1 is not allowed; a whole number from 0 to 1008
      e.yaml:8:41: record.2.steps.2: the same as record.2.steps.1; each may stand once
      e.yaml:9:33: record.3.steps: { from: 10, to: 40 } does not lie within the run's 30 steps; 0 <= from < to <= 30 (`to` itself is not taken)
      e.yaml:10:33: record.4.steps: { from: 5, to: 5 } does not lie within the run's 30 steps; 0 <= from < to <= 30 (`to` itself is not taken)
      e.yaml:11:33: record.5.steps.fraction: [0.8, 0.2] is not allowed; 0 <= from < to <= 1
      e.yaml:12:49: record.6.steps.fraction.1: 1.2 is not allowed; a number from 0 to 1
      e.yaml:13:45: record.7.steps.fraction: expected two numbers, found 1; [0, 0.8] is the first 80 % of the steps
      e.yaml:14:59: record.8.steps.every: 0 is not allowed; a whole number from 1 to 1000
      e.yaml:15:33: record.9.steps: \(stepsRule), found the text "none"
      e.yaml:16:33: the key "to" is missing in record.10.steps
      e.yaml:17:33: record.11.steps.fraction: [0.0, 0.01] selects none of 30 steps
      e.yaml:18:53: unknown key "every" in record.12.steps; allowed: fraction
      e.yaml:19:33: record.13.steps: \(stepsRule), found the whole number 4
      """
    ),
    (
      minimal(
        #"""
        record:
          - { name: a, sites: s, tokens: [<edited>, <kept>, red car] }
          - { name: b, sites: s, tokens: [<edit>] }
        interventions: { a: [{ op: scale, sites: s, words: [<edited>], factor: 0 }] }
        """#, generate: "prompts: [a red car], seeds: [1]"),
      """
      e.yaml:6:35: record.0.tokens.0: <edited> is of the words of a pair's edit, and generate has no pairs
      e.yaml:6:45: record.0.tokens.1: <kept> is of the words of a pair's edit, and generate has no pairs
      e.yaml:7:35: record.1.tokens.0: unknown name "<edit>"; did you mean <edited>? allowed: <start>, <end>, <padding>, <edited>, <kept>, <earlier>, <next>, <later>, <after word>, words and positions
      e.yaml:8:53: interventions.a.0.words.0: <edited> is of the words of a pair's edit, and generate has no pairs
      """
    ),
    (
      minimal(
        #"""
        maps_from: bank
        predicted_clean: all
        record: [{ name: a, sites: s }]
        metrics: [noun_auc]
        """#),
      """
      e.yaml:6:18: predicted_clean: what is kept of runs is for "bank" to say, whose maps are read
      e.yaml:7:9: record: what is kept of runs is for "bank" to say, whose maps are read
      """
    ),
    (
      minimal("maps_from: ../bank"),
      "e.yaml:5:12: maps_from: \"../bank\" cannot name the results folder; 1 to 64 of a-z A-Z 0-9 - _ . and no - or . at the start"
    ),
    // Which calls PNDM makes is for the plan to say: of the model's own scheduler up to nine more than steps are possible.
    (
      minimal(
        #"""
        record:
          - { name: a, sites: s, steps: [30, 38] }
          - { name: b, sites: s, steps: [39] }
        """#),
      "e.yaml:7:33: record.1.steps: 39 is not a step; the run has 30, numbered 0 to 29"
    ),
    (
      minimal(
        #"""
        record:
          - { name: a, sites: s, steps: [1008] }
          - { name: b, sites: s, steps: [1009] }
        """#, generate: "prompts: [a red car], seeds: [1], scheduler: pndm"),
      "e.yaml:7:34: record.1.steps.0: 1009 is not allowed; a whole number from 0 to 1008"
    ),
  ]

  @Test(arguments: restCases)
  func rest(yaml: String, message: String) {
    #expect(problems(yaml) == message)
  }

  // Interventions, names, budget.
  static let restCases: [(String, String)] = [
    (
      minimal(
        #"""
        interventions:
          a: { op: zero, sites: s }
          b: [{ op: replcae, sites: s }]
          c: [{ op: zero }]
          d: [{ op: zero, sites: s, off: keys }]
          "e/f": []
          "": []
          g:
          h: [zero]
        """#),
      """
      e.yaml:6:6: interventions.a: expected a list of operations, [] to change nothing, { method } or { sweep, operations }, found a mapping
      e.yaml:7:13: interventions.b.0.op: unknown value "replcae"; did you mean "replace"? allowed: \(operations)
      e.yaml:8:7: the key "sites" is missing in interventions.c.0
      e.yaml:9:29: unknown key "off" in interventions.d.0; did you mean "of"? allowed: \(operationKeys)
      e.yaml:10:3: interventions.e/f: "e/f" cannot be a name; \(nameRule)
      e.yaml:11:3: interventions."": "" cannot be a name; \(nameRule)
      e.yaml:12:5: interventions.g: expected a list of operations, [] to change nothing, { method } or { sweep, operations }, found nothing (null)
      e.yaml:13:7: interventions.h.0: expected a mapping with the keys \(operationKeys), found the text "zero"
      """
    ),
    (
      minimal(
        #"""
        interventions:
          a: [{ op: mix, sites: s, strength: 2 }]
          b: [{ op: zero, sites: s, strength: 1 }]
          c: [{ op: identity, sites: s, of: keys }]
          d: [{ op: replace, sites: s, of: output, heads: [1], words: [car], part: mass }]
          e: [{ op: head_mean, sites: s, of: output }]
          f: [{ op: scale, sites: s, heads: [], renormalize: yes, of: score }]
        """#),
      """
      e.yaml:6:7: interventions.a.0: mix takes the attention of a pair's source, and generate has no pairs
      e.yaml:6:38: interventions.a.0.strength: 2 is not allowed; a number from 0 to 1
      e.yaml:7:29: unknown key "strength" in interventions.b.0; allowed: \(operationKeys)
      e.yaml:8:37: interventions.c.0.of: identity is of probabilities alone
      e.yaml:9:7: interventions.d.0: replace takes the attention of a pair's source, and generate has no pairs
      e.yaml:9:51: interventions.d.0.heads: an attention's output has no heads; choose queries, keys, values or maps
      e.yaml:9:63: interventions.d.0.words: words are keys, and of is output, which belongs to places of the picture
      e.yaml:9:76: interventions.d.0.part: is for probabilities alone, and of is output
      e.yaml:10:38: interventions.e.0.of: head_mean is not of output; allowed: queries, keys, values, scores, probabilities
      e.yaml:11:37: interventions.f.0.heads: the list is empty; leave the key out for all heads
      e.yaml:11:54: interventions.f.0.renormalize: expected true or false, found the truth value yes
      e.yaml:11:63: interventions.f.0.of: unknown value "score"; did you mean "scores"? allowed: queries, keys, values, \
      scores, probabilities, output
      """
    ),
    (
      minimal(#"interventions: { source: [] }"#),
      """
      e.yaml:5:26: interventions.source: the name "source" stands for the source of a pair; choose another
      """
    ),
    (
      minimal(#"interventions: {}"#),
      """
      e.yaml:5:16: interventions: there are none; write none: [] or leave the key out
      """
    ),
    (
      minimal(#"interventions: [none]"#),
      """
      e.yaml:5:16: interventions: expected a mapping of names with their lists of operations, found a list
      """
    ),
    (
      minimal(#"interventions: { none: [], swap: [{ op: zero, sites: s }, { op: replace, sites: s }] }"#),
      """
      e.yaml:5:59: interventions.swap.1: replace takes the attention of a pair's source, and generate has no pairs
      """
    ),
    (
      minimal(#"interventions: { none: [], <<: [] }"#),
      """
      e.yaml:5:28: interventions.<<: "<<" cannot be a name; \(nameRule)
      """
    ),
    (
      minimal(
        #"""
        metrics: [PSNR, ssmi, sharpness, 3, psnr, psnr]
        figures: all
        budget: { disk: 2 gib }
        """#),
      """
      e.yaml:5:11: metrics.0: "PSNR" is no metric; did you mean "psnr"? `attnlab metrics` lists them
      e.yaml:5:17: metrics.1: "ssmi" is no metric; did you mean "ssim"? `attnlab metrics` lists them
      e.yaml:5:23: metrics.2: "sharpness" is no metric; `attnlab metrics` lists them
      e.yaml:5:34: metrics.3: expected text, found the whole number 3; as text it is written "3"
      e.yaml:5:43: metrics.5: the same as metrics.4; each may stand once
      e.yaml:6:10: figures: expected a list of figures, found the text "all"
      e.yaml:7:17: budget.disk: expected a size, found the text "2 gib"; \(sizeRule)
      """
    ),
    (
      minimal(
        #"""
        tables:
          - objcet
          - { group: core, objects: [] }
          - { group: core }
          - { group: "", objects: [dog, dog], color: red }
        """#),
      """
      e.yaml:6:5: tables.0: unknown value "objcet"; did you mean "object"? allowed: object, color, background, style, held_out, count
      e.yaml:7:29: tables.1.objects: the list is empty; name one object or more
      e.yaml:8:5: the key "objects" is missing in tables.2
      e.yaml:9:14: tables.3.group: the text is empty
      e.yaml:9:33: tables.3.objects.1: the same as tables.3.objects.0; each may stand once
      e.yaml:9:39: unknown key "color" in tables.3; allowed: group, objects
      """
    ),
    (
      minimal("tables: [{ group: a, objects: [dog] }, object, { group: b, objects: [cat] }]"),
      """
      e.yaml:5:9: tables: there are several groups, and a report has a table of one; leave the others out
      """
    ),
    (
      minimal("tables: [{ group: other, objects: [dog] }]"),
      """
      e.yaml:5:19: tables.0.group: the table calls objects outside the group "other"; choose another name
      """
    ),
    (
      minimal(#"metrics: [psnr, noun_auc, own_object]"#),
      """
      e.yaml:5:10: metrics: noun_auc is of stored maps, and nothing is recorded; add record: [{ name: words, sites: "cross:*", \
      tokens: words }]
      """
    ),
    (
      minimal(
        #"""
        record: [{ name: s, of: scores, sites: "cross:*" }]
        metrics: [noun_auc]
        """#),
      """
      e.yaml:6:10: metrics: noun_auc is of stored maps, and no probabilities are recorded; add record: [{ name: words, sites: \
      "cross:*", tokens: words }]
      """
    ),
    (
      minimal(#"budget: { disc: 2 GiB }"#),
      """
      e.yaml:5:11: unknown key "disc" in budget; did you mean "disk"? allowed: disk
      """
    ),
    (
      minimal(#"budget: { disk: 0 }"#),
      """
      e.yaml:5:17: budget.disk: 0 is not allowed; a whole number from 1 to 9007199254740992
      """
    ),
    (
      minimal(#"budget: { disk: -5 }"#),
      """
      e.yaml:5:17: budget.disk: -5 is not allowed; a whole number from 1 to 9007199254740992
      """
    ),
    (
      minimal(#"budget: { disk: 1.5 }"#),
      """
      e.yaml:5:17: budget.disk: expected a size, found the number 1.5; \(sizeRule)
      """
    ),
    (
      minimal(#"budget: { disk: "500" }"#),
      """
      e.yaml:5:17: budget.disk: expected a size, found the text "500"; \(sizeRule)
      """
    ),
    (
      minimal(#"budget: { disk: 2 Gb }"#),
      """
      e.yaml:5:17: budget.disk: expected a size, found the text "2 Gb"; \(sizeRule)
      """
    ),
    (
      minimal(#"budget: { disk: GiB }"#),
      """
      e.yaml:5:17: budget.disk: expected a size, found the text "GiB"; \(sizeRule)
      """
    ),
    (
      minimal(#"budget: { disk: 1e9 }"#),
      """
      e.yaml:5:17: budget.disk: expected a size, found the number 1e9; \(sizeRule)
      """
    ),
    (
      minimal(#"budget: { disk: . GiB }"#),
      """
      e.yaml:5:17: budget.disk: expected a size, found the text ". GiB"; \(sizeRule)
      """
    ),
    (
      minimal(#"budget: { disk: 99999 TiB }"#),
      """
      e.yaml:5:17: budget.disk: expected a size, found the text "99999 TiB"; \(sizeRule)
      """
    ),
    (
      minimal(#"budget: { disk: -1 GiB }"#),
      """
      e.yaml:5:17: budget.disk: expected a size, found the text "-1 GiB"; \(sizeRule)
      """
    ),
    (
      minimal(#"budget: { disk: [1] }"#),
      """
      e.yaml:5:17: budget.disk: expected a size, found a list; \(sizeRule)
      """
    ),
    (
      minimal(#"budget: { disk:  }"#),
      """
      e.yaml:5:18: budget.disk: expected a size, found nothing (null); \(sizeRule)
      """
    ),
  ]
}
