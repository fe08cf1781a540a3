import Attention
import ExperimentFiles
import Generation
import StrictYAML
import Testing

/// Editing methods as files, and as interventions of experiment files.
@Suite struct EditingMethodTests {
  private func file(_ interventions: String) -> String {
    minimal(
      "interventions:\n  \(interventions)",
      generate: "pairs: [{ source: a red car, target: a blue car }], seeds: [1], num_inference_steps: 20")
  }

  private func operations(_ intervention: String) throws -> [OperationSpec] {
    try #require(try decode(file("x: \(intervention)")).interventions.first).operations
  }

  @Test func everyFileIsWhole() throws {
    let all = EditingMethods.all
    #expect(all.count == 12)
    #expect(EditingMethods.named("fpe")?.name == "fpe-paper" && EditingMethods.named("p2p")?.name == "p2p-replace")
    #expect(Set(EditingMethods.names).count == EditingMethods.names.count)
    for method in all {
      let needsObject = method.dials[.object] != nil
      let made = try method.intervention(MethodSettings(object: needsObject ? ["car"] : []))
      #expect(made.name == method.name)
      // What a file says of the halves of guidance is what its operations do.
      let ofAttention = made.operations.filter(\.op.isOfAttention)
      let halves = Set(ofAttention.map(\.branch.rawValue))
      #expect(halves == (method.halves == .none ? [] : [method.halves.rawValue]), "\(method.name)")
      // Its sizes are relative to the latents, so that they mean the same in every model.
      #expect(!made.operations.contains { $0.sites.contains("res") && !$0.sites.hasPrefix("residual:") })
    }
  }

  @Test func aMethodStandsForItsOperations() throws {
    let written = """
      [{ op: replace, of: queries, sites: "self:9-16", steps: { fraction: [0, 0.5] }, branch: both },
        { op: replace, of: keys, sites: "self:9-16", steps: { fraction: [0, 0.5] }, branch: both },
        { op: replace, of: output, sites: "residual:up_blocks.1.resnets.1", steps: { fraction: [0, 0.8] }, branch: both }]
      """
    let spec = try decode(file("x: { method: pnp }"))
    #expect(spec == (try decode(file("x: \(written)"))))
    #expect(spec.resolvedYAML().contains("residual:up_blocks.1.resnets.1") && !spec.resolvedYAML().contains("method"))
  }

  @Test func dials() throws {
    let fpe = try operations("{ method: fpe, layers: 3-13, until: 0.4 }")
    #expect(fpe == (try operations("[{ op: replace, sites: \"self:3-13\", steps: { fraction: [0, 0.4] } }]")))
    // Shorter windows keep their proportion, and layers are of self-attention.
    let p2p = try operations("{ method: p2p, layers: 7, until: 1 }")
    #expect(p2p.map(\.steps) == [.fraction(from: 0, to: 1), .fraction(from: 0, to: 0.5)])
    #expect(p2p.map(\.sites) == ["cross:*", "self:7"])
    let pnp = try operations("{ method: pnp, until: 0.4 }")
    #expect(pnp.map(\.steps) == [0.25, 0.25, 0.4].map { .fraction(from: 0, to: $0) })
    // 0.1 * 0.6 / 0.6 is less than 0.1 in binary fractions.
    #expect(try operations("{ method: fpe, until: 0.1 }").map(\.steps) == [.fraction(from: 0, to: 0.1)])
    // A window that would end before it begins is left out.
    #expect(try operations("{ method: masactrl, until: 0.05 }").isEmpty)
    #expect(try operations("{ method: masactrl, until: 0.5 }").map(\.steps)[0] == .fraction(from: 0.08, to: 0.5))
    #expect(try operations("{ method: fpe, until: 0 }").isEmpty)
    #expect(
      try operations("{ method: sdedit, strength: 0.7 }") == operations("[{ op: noised_source, strength: 0.7 }]"))
    let masked = try operations("{ method: masactrl-mask, object: [dog, cat] }")
    #expect(masked[2].change == AttentionChange(.objectMask, ["object": .texts(["dog", "cat"])]))
  }

  @Test func aSweepOfDials() throws {
    let spec = try decode(file("fpe: { method: fpe, sweep: { until: [0, 0.5, 1], layers: [4-14, 3-13] } }"))
    #expect(
      spec.interventions.map(\.name).prefix(3) == [
        "fpe until=0, layers=4-14", "fpe until=0, layers=3-13", "fpe until=0.5, layers=4-14",
      ])
    #expect(spec.interventions.map(\.operations.count) == [0, 0, 1, 1, 1, 1])
    #expect(spec.interventions[3].operations[0].sites == "self:3-13")
  }

  @Test func whatIsWrongIsSaid() {
    #expect(
      problems(file("x: { method: fep }")).hasPrefix(
        "e.yaml:6:16: interventions.x.method: there is no method \"fep\"; did you mean \"fpe\"? there are fpe-code, fpe-demo"
      ))
    #expect(
      problems(file("x: { method: fpe, strength: 1 }"))
        == "e.yaml:6:21: unknown key \"strength\" in interventions.x; allowed: layers, until, method")
    #expect(problems(file("x: { method: fpe, until: 2 }")).contains("2 is not allowed; a number from 0 to 1"))
    #expect(problems(file("x: { method: fpe, layers: all }")).contains("layers are numbers and ranges"))
    #expect(
      problems(file("x: { method: masactrl-mask }")).hasPrefix(
        "e.yaml:6:6: interventions.x: masactrl-mask needs object: a list of the words that name the object"))
    #expect(
      problems(file("x: { method: pnp, sweep: { strength: [1] } }")).contains(
        "pnp has no dial of this name; it has layers, until"))
    #expect(
      problems(file("x: [{ op: object_mask, sites: \"self:*\" }]")).hasPrefix(
        "e.yaml:6:7: interventions.x.0: object_mask needs object: the words that name the object"))
    #expect(problems(file("x: [{ op: noised_source, sites: s }]")).contains("allowed: op, strength"))
  }

  @Test func aBrokenFileOfAMethodIsRefused() {
    let text =
      "method: a\ntitle: b\ndoes: c\nsource: d\npublished: e\nhalves: some\ndials: { until: [1] }\noperations: []"
    #expect { _ = try EditingMethod(text: text, file: "a.yaml") } throws: { error in
      let text = "\(error)"
      return text.contains("unknown value \"some\"") && text.contains("a dial changes an operation that there is not")
    }
  }
}
