import ExperimentSupport
import Files
import Foundation
import TestSupport
import Testing

/// Results that somebody has stored are found by the hashes of their runs. `run_identity.txt` holds the text that they are
/// made from and the hashes themselves: if this test fails, stored results are computed anew, so change the code, not
/// the file.
@Suite struct RunHashTests {
  private static let operations = """
    interventions={
      none: [],
      swaps: [
        { op: replace, sites: "cross:*", steps: { fraction: [0, 0.5] } },
        { op: replace, sites: "cross:8-10", words: ["car"], part: pattern, renormalize: true },
        { op: mix, of: output, sites: "self:4-14", strength: 0.3, branch: both, source_seed: 18446744073709551615 }
      ],
      changes: [
        { op: zero, sites: "self:up", heads: [1, 0] },
        { op: uniform, sites: "self:*", steps: [0] },
        { op: identity, sites: "self:grid<=1/4" },
        { op: shuffle, sites: "cross:*", seed: 9223372036854775808 },
        { op: blur, of: queries, sites: "self:11-16", sigma: 1.5 },
        { op: scale, of: scores, sites: "cross:*", words: ["<end>"], factor: -2.5 },
        { op: head_mean, sites: "self:1" },
        { op: dataset_mean, of: keys, sites: "cross:2", prompts: ["a dog"], seeds: [18446744073709551614] }
      ]
    }
    """.split(separator: "\n").joined(separator: " ")

  private static let plans: [(name: String, overrides: [String])] = [
    ("pairs", ["generate.seeds=[1, 18446744073709551615]"]),
    ("operations", [operations, "predicted_clean=[0, 2]", "generate.batch=2"]),
    (
      "prompts",
      [
        "generate={ prompts: [\"a red car\", \"\"], seeds: [3], num_inference_steps: 2, negative_prompt: \"a dog\", "
          + "height: 64, width: 96 }",
        "interventions={ none: [], strength: { sweep: { factor: { low: 0.5, high: 2 } }, "
          + "operations: [{ op: scale, sites: \"cross:*\" }] } }",
        "record=[{ name: words, sites: \"cross:*\", tokens: words }, "
          + "{ name: one, sites: \"cross:8\", tokens: [\"<start>\", \"<padding>\"], branch: unconditional, pool: 2 }]",
      ]
    ),
    (
      "settings",
      [
        "generate={ pairs: [{ source: a dog, target: a cat }], seeds: [1], num_inference_steps: 3, "
          + "sweep: { scheduler: [ddim, euler, dpm++], guidance_scale: [1, 7.5], scheduler_settings: { plain: {}, "
          + "changed: { timestep_spacing: trailing, beta_end: 0.013, use_karras_sigmas: false } } } }",
        "record=[]", "interventions={ none: [] }",
      ]
    ),
  ]

  @Test func theTextOfHashesStaysByteForByte() throws {
    var text = ""
    for (name, overrides) in Self.plans {
      let plan = try SmallExperiment.portablePlan(overrides)
      for group in plan.groups {
        let identity = plan.identityText(of: group)
        #expect(hash(identity) == group.hash)
        for (index, run) in group.runs.enumerated() { #expect(hash("\(group.hash) \(index)") == run.hash) }
        text += "== \(name), group \(group.hash)\n\(identity)"
        text += group.runs.map { "run \($0.hash)\($0.source.map { " of \($0)" } ?? "")\n" }.joined()
      }
    }
    let golden = try String(contentsOf: Fixtures.folder.appending(path: "run_identity.txt"), encoding: .utf8)
    let (found, expected) = (text.split(separator: "\n"), golden.split(separator: "\n"))
    for (index, (found, expected)) in zip(found, expected).enumerated() where found != expected {
      Issue.record("line \(index + 1) is \"\(found)\", expected \"\(expected)\"")
    }
    #expect(text == golden)
  }

  private func hash(_ text: String) -> String {
    sha256(Data(text.utf8))
  }
}
