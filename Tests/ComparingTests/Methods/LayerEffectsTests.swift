import Analysis
import Generation
import Tensors
import Testing

@testable import Comparing
@testable import ExperimentFiles
@testable import Planning

/// Which layers matter, by made-up runs with effects that were planted in layers 2 and 5 of six.
@Suite struct LayerEffectsTests {
  private static let planted: [Int: Double] = [2: 0.3, 5: 0.2, 6: -0.3]
  private static let sets: [(name: String, layers: [Int])] =
    [("none", []), ("all", Array(1...6))] + (1...6).map { ("only \($0)", [$0]) }
    + (1...6).map { out in ("without \(out)", (1...6).filter { $0 != out }) }

  private func runs(lacking: (String, Int) -> Bool = { _, _ in false }) -> ClaimRuns {
    var random = SplitMix64(seed: 6)
    return ClaimRuns(
      (0..<40).flatMap { edit in
        Self.sets.map { set in
          let noise = 0.2 * (Double(random.next(below: 1000)) / 1000 - 0.5)
          let value = 0.5 + noise + set.layers.reduce(0) { $0 + (Self.planted[$1] ?? 0) }
          let key = RunKey(
            source: "s \(edit / 2)", prompt: "t \(edit / 2)", seed: Seed(UInt64(edit)), intervention: set.name)
          return ClaimRuns.Run(key: key, metrics: lacking(set.name, edit) ? [:] : ["m": value])
        }
      })
  }

  @Test func plantedLayersAreFound() throws {
    let template = OperationSpec(op: .replace, sites: "self:3", steps: .fraction(from: 0, to: 0.8))
    let found = LayerEffects(
      LayersSpec(find: "m", metrics: ["m"]), runs(), sets: Self.sets, layers: 6, template: template)
    #expect(found.found == [2, 5])
    let fit = try #require(found.metrics[0].fit)
    for layer in 1...6 { #expect(abs(fit.effects[layer - 1].mean - (Self.planted[layer] ?? 0)) < 0.03, "\(layer)") }
    #expect(fit.explained > 0.98 && found.metrics[0].clustering == .pairs && found.metrics[0].subjects == 40)
    let text = found.intervention?.fileText ?? ""
    #expect(
      text.contains("op: replace") && text.contains("sites: \"self:2,5\", steps: { fraction: [0.0, 0.8] }"), "\(text)")
  }

  @Test func whatCannotBeTold() {
    let spec = LayersSpec(find: "m", metrics: ["m"])
    let few = LayerEffects(spec, runs(), sets: Array(Self.sets.prefix(4)), layers: 6, template: nil)
    #expect(few.found == nil && few.intervention == nil)
    #expect(
      few.metrics[0].problem
        == "the sets do not tell layer 4 from the layers before it; add an intervention that changes it alone",
      "\(few.metrics[0].problem ?? "")")
    let none = LayerEffects(spec, ClaimRuns([]), sets: Self.sets, layers: 6, template: nil)
    #expect(none.metrics[0].problem == "no pair and seed has m under all sets")
    let lacking = LayerEffects(
      spec, runs { set, edit in set == "all" && edit < 4 }, sets: Self.sets, layers: 6, template: nil)
    #expect(lacking.metrics[0].subjects == 36 && lacking.metrics[0].missing == 4 && lacking.found == [2, 5])
  }
}
