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
  private typealias Part = LayerEffects.Part
  private static let layers = (1...6).map { Part(layer: $0, head: nil) }
  /// The heads of layers 3 and 5.
  private static let heads: [Part] = [3, 5].flatMap { layer in (0..<3).map { Part(layer: layer, head: $0) } }
  private static let sets = sets(of: layers)

  /// None, all, each alone and all but each, of six parts.
  private static func sets(of parts: [Part]) -> [(name: String, parts: [Part])] {
    [("none", []), ("all", parts)] + parts.map { ("only \($0.label)", [$0]) }
      + parts.map { out in ("without \(out.label)", parts.filter { $0 != out }) }
  }

  /// - Parameter parts: the six of which the second and the fifth add something, and the last takes something away.
  private func runs(
    _ parts: [Part] = layers, lacking: (String, Int) -> Bool = { _, _ in false }
  ) -> ClaimRuns {
    var random = SplitMix64(seed: 6)
    return ClaimRuns(
      (0..<40).flatMap { edit in
        Self.sets(of: parts).map { set in
          let noise = 0.2 * (Double(random.next(below: 1000)) / 1000 - 0.5)
          let value =
            0.5 + noise
            + parts.enumerated().reduce(0) {
              $0 + (set.parts.contains($1.element) ? Self.planted[$1.offset + 1] ?? 0 : 0)
            }
          let key = RunKey(
            source: "s \(edit / 2)", prompt: "t \(edit / 2)", seed: Seed(UInt64(edit)), intervention: set.name)
          return ClaimRuns.Run(key: key, metrics: lacking(set.name, edit) ? [:] : ["m": value])
        }
      })
  }

  @Test func plantedLayersAreFound() throws {
    let template = OperationSpec(op: .replace, sites: "self:3", steps: .fraction(from: 0, to: 0.8))
    let found = LayerEffects(
      LayersSpec(find: "m", metrics: ["m"]), runs(), sets: Self.sets, parts: Self.layers, template: template)
    #expect(found.found == [Self.layers[1], Self.layers[4]])
    let fit = try #require(found.metrics[0].fit)
    for layer in 1...6 { #expect(abs(fit.effects[layer - 1].mean - (Self.planted[layer] ?? 0)) < 0.03, "\(layer)") }
    #expect(fit.explained > 0.98 && found.metrics[0].clustering == .pairs && found.metrics[0].subjects == 40)
    let text = found.intervention?.fileText ?? ""
    #expect(
      text.contains("op: replace") && text.contains("sites: \"self:2,5\", steps: { fraction: [0.0, 0.8] }"), "\(text)")
  }

  /// The same with heads: two operations are needed where layers have other heads in the set.
  @Test func plantedHeadsAreFound() throws {
    let template = OperationSpec(op: .replace, sites: "self:3", steps: .fraction(from: 0, to: 0.8), heads: [0])
    let spec = LayersSpec(find: "m", metrics: ["m"], unit: .heads)
    let found = LayerEffects(
      spec, runs(Self.heads), sets: Self.sets(of: Self.heads), parts: Self.heads, template: template)
    #expect(found.found?.map(\.label) == ["3.1", "5.1"])
    let fit = try #require(found.metrics[0].fit)
    for (index, effect) in fit.effects.enumerated() {
      #expect(abs(effect.mean - (Self.planted[index + 1] ?? 0)) < 0.03, "\(Self.heads[index].label)")
    }
    func text(_ sets: [(name: String, parts: [Part])], _ parts: [Part]) -> String? {
      LayerEffects(spec, runs(parts), sets: sets, parts: parts, template: template).intervention?.fileText
    }
    #expect(
      found.intervention?.fileText
        == "[{ op: replace, of: probabilities, sites: \"self:3,5\", steps: { fraction: [0.0, 0.8] }, branch: conditional, "
        + "part: all, heads: [1] }]")
    // The second and the fifth of these are heads 1 of layer 2 and 0 of layer 4.
    let others = [(2, 0), (2, 1), (2, 2), (2, 3), (4, 0), (4, 1)].map { Part(layer: $0, head: $1) }
    let both = try #require(text(Self.sets(of: others), others))
    #expect(
      both.contains("sites: \"self:2\"") && both.contains("heads: [1] }, {") && both.contains("heads: [0] }]"),
      "\(both)")
    let few = LayerEffects(
      spec, runs(Self.heads), sets: Self.sets(of: Self.heads).filter { $0.parts.count == 1 }, parts: Self.heads,
      template: template)
    #expect(
      few.metrics[0].problem
        == "the sets do not tell head 5.2 from the heads before it; add an intervention that changes it alone",
      "\(few.metrics[0].problem ?? "")")
  }

  /// A group whose layers no other set has does not keep the others' effects from being told.
  @Test func aGroupThatIsNotToldApartIsLeftOut() throws {
    let spec = LayersSpec(find: "m", metrics: ["m"])
    let more = Self.layers + (7...9).map { Part(layer: $0, head: nil) }
    let sets = Self.sets + [("group", Array(more.suffix(5)))]
    let runs = ClaimRuns(
      runs().runs
        + runs().runs.filter { $0.key.intervention == "none" }.map { run in
          let key = RunKey(
            source: run.key.source, prompt: run.key.prompt, seed: run.key.seed, intervention: "group")
          return ClaimRuns.Run(key: key, metrics: ["m": 0.9])
        })
    let found = LayerEffects(spec, runs, sets: sets, parts: more, template: nil)
    #expect(found.parts == Self.layers && found.found?.map(\.label) == ["2", "5"])
    #expect(found.sets.filter { !$0.isFitted }.map(\.intervention) == ["group"])
    #expect(found.sets.count == sets.count && abs((found.sets.last?.means[0] ?? 0) - 0.9) < 1e-12)
    let alone = LayerEffects(spec, self.runs(), sets: Self.sets, parts: Self.layers, template: nil)
    let effects = try #require(found.metrics[0].fit).effects
    #expect(effects == alone.metrics[0].fit?.effects)
  }

  @Test func whatCannotBeTold() {
    let spec = LayersSpec(find: "m", metrics: ["m"])
    // Each alone and nothing besides: one layer less is a base.
    let few = LayerEffects(
      spec, runs(), sets: Self.sets.filter { $0.parts.count == 1 }, parts: Self.layers, template: nil)
    #expect(few.found == nil && few.intervention == nil)
    #expect(
      few.metrics[0].problem
        == "the sets do not tell layer 6 from the layers before it; add an intervention that changes it alone",
      "\(few.metrics[0].problem ?? "")")
    let groups = LayerEffects(spec, runs(), sets: Array(Self.sets.prefix(2)), parts: Self.layers, template: nil)
    #expect(groups.found == nil && groups.sets.allSatisfy(\.isFitted), "no set is left out where none would be left")
    let none = LayerEffects(spec, ClaimRuns([]), sets: Self.sets, parts: Self.layers, template: nil)
    #expect(none.metrics[0].problem == "no pair and seed has m under all sets")
    let lacking = LayerEffects(
      spec, runs { set, edit in set == "all" && edit < 4 }, sets: Self.sets, parts: Self.layers, template: nil)
    #expect(lacking.metrics[0].subjects == 36 && lacking.metrics[0].missing == 4)
    #expect(lacking.found?.map(\.label) == ["2", "5"])
  }
}
