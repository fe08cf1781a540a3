import Attention
import Foundation
import Testing

@Suite struct OperationRegistryTests {
  /// Stored results are found again by hashes of these texts: change the code, not the texts.
  @Test func textsOfHashesStayAsTheyWere() {
    let texts: [(AttentionChange, String)] = [
      (AttentionChange(.replace), "mix(strength: 1.0)"), (AttentionChange(.replace, ["part": "mass"]), "mass"),
      (AttentionChange(.replace, ["part": "pattern", "source_seed": 7]), "pattern"),
      (AttentionChange(.mix), "mix(strength: 0.5)"), (AttentionChange(.mix, ["strength": 0.3]), "mix(strength: 0.3)"),
      (AttentionChange(.zero), "zero"), (AttentionChange(.uniform), "uniform"),
      (AttentionChange(.identity), "identity"),
      (AttentionChange(.shuffle, ["seed": .seed(.max)]), "shuffle(seed: 18446744073709551615)"),
      (AttentionChange(.blur, ["sigma": 1.5]), "blur(sigma: 1.5)"),
      (AttentionChange(.scale, ["factor": -2.5]), "scale(factor: -2.5)"),
      (AttentionChange(.scale, ["factor": 0.00001]), "scale(factor: 1e-05)"),
      (AttentionChange(.datasetMean, ["prompts": .texts(["a"]), "seeds": .seeds([1])]), "mix(strength: 1.0)"),
      (AttentionChange(.headMean), "headMean"), (AttentionChange(.crossRead, ["source_seed": 7]), "cross_read"),
      (AttentionChange(.randomEmbedding, ["seed": 7]), "random_embedding(seed: 7)"),
      (
        AttentionChange(.objectMask, ["object": .texts(["dog", "cat"])]),
        "object_mask(object: [\"dog\", \"cat\"], threshold: 0.1)"
      ),
      (AttentionChange(.cache, ["halves": "mean"]), "cache(halves: mean)"),
      (AttentionChange(.noisedSource, ["strength": 0.6]), "noised_source(strength: 0.6)"),
    ]
    for (change, text) in texts { #expect(change.identityText == text) }
  }

  @Test func everyOperationIsWhole() {
    #expect(Set(OperationRegistry.all.map(\.name)).count == OperationRegistry.all.count)
    for operation in OperationRegistry.all {
      #expect(OperationRegistry.named(operation.name) == operation)
      #expect(
        operation.example.hasPrefix("{ op: \(operation.name), ") || operation.example == "{ op: \(operation.name) }")
      for key in operation.keys {
        #expect(key.standard.map(key.accepts) ?? true, "\(operation.name).\(key.name)")
        #expect(!key.standardText.isEmpty && !key.meaning.isEmpty, "\(operation.name).\(key.name)")
      }
    }
    #expect(OperationRegistry.named("nothing") == nil)
  }

  @Test func changesCanBeWrittenDown() throws {
    for operation in OperationRegistry.all {
      let change = AttentionChange(operation)
      #expect(try JSONDecoder().decode(AttentionChange.self, from: JSONEncoder().encode(change)) == change)
    }
    let mix = AttentionChange(.mix, ["strength": 0.3, "source_seed": .seed(.max)])
    #expect(try JSONDecoder().decode(AttentionChange.self, from: JSONEncoder().encode(mix)) == mix)
    #expect(mix != AttentionChange(.mix, ["strength": 0.3]))
    for text in [
      #"{ "operation": "nothing", "values": {} }"#,
      #"{ "operation": "mix", "values": { "strength": { "number": { "_0": 1.5 } } } }"#,
      #"{ "operation": "mix", "values": { "part": { "name": { "_0": "all" } } } }"#,
      #"{ "operation": "mix", "values": { "strength": { "whole": { "_0": 1 } } } }"#,
    ] {
      #expect(throws: DecodingError.self, "\(text)") {
        try JSONDecoder().decode(AttentionChange.self, from: Data(text.utf8))
      }
    }
  }

  @Test func placesAndSitesAreRefusedWithTheirReason() {
    let picture = AttentionAxis.picture(height: 2, width: 3)
    func site(_ keys: AttentionAxis) -> AttentionSite {
      AttentionSite(
        index: 0, path: "x", layer: 1, heads: 1, queries: picture, keys: keys, latentHeight: 2, latentWidth: 3)
    }
    let (own, cross) = (site(picture), site(.text(tokens: 77)))
    #expect(AttentionOperation.uniform.refusal(of: .keys) == "uniform is of probabilities alone")
    #expect(
      AttentionOperation.headMean.refusal(of: .output)
        == "head_mean is not of output; allowed: queries, keys, values, scores, probabilities")
    #expect(AttentionOperation.blur.refusal(of: .output) == nil)
    #expect(AttentionChange(.identity).refusal(at: .probabilities, of: cross) == "identity is for self-attention")
    #expect(AttentionChange(.identity).refusal(at: .probabilities, of: own) == nil)
    let mass = AttentionChange(.replace, ["part": "mass"])
    #expect(mass.refusal(at: .probabilities, of: own) == "part is of words")
    #expect(mass.refusal(at: .probabilities, of: cross) == nil)
    let blur = AttentionChange(.blur)
    #expect(blur.refusal(at: .keys, of: cross) == "the keys of cross-attention are tokens and have no grid")
    #expect(blur.refusal(at: .keys, of: own) == nil && blur.refusal(at: .queries, of: cross) == nil)
  }
}
