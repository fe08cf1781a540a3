import Analysis
import Foundation
import Tensors
import Testing

@testable import Probing

/// How long a large scan takes; its size is set from outside, since it fills the machine for minutes.
@Suite struct ScanSpeedTests {
  private static let blocks = ProcessInfo.processInfo.environment["ATTNLAB_PROBE_BLOCKS"].flatMap { Int($0) }

  /// 1,344 samples of 7 colors, 12 things and 16 seeds; 256 features and 999 permutations.
  @Test(.enabled(if: blocks != nil, "set ATTNLAB_PROBE_BLOCKS=1024 to measure")) func manyBlocks() throws {
    let blocks = try #require(Self.blocks)
    let (colors, things, seeds, width) = (7, 12, 16, 256)
    let samples = (0..<(colors * things * seeds)).map { place in
      let thing = (place / colors) % things
      return ProbeSample(
        prompt: "a color\(place % colors) thing\(thing)", seed: Seed(UInt64(place / (colors * things))),
        template: "a <color> <thing>", object: "thing\(thing)")
    }
    let labels = try ProbeLabels(
      name: "color", classes: (0..<colors).map { "color\($0)" }, values: samples.indices.map { $0 % colors })
    let scan = try RidgeScan(
      samples: samples, folds: Folds(samples, by: .seeds),
      permutations: LabelPermutations(labels, within: samples.strata([.seeds, .objects])), penalty: 100)
    let clock = ContinuousClock()
    let start = clock.now
    let family = try scan(blocks) { index in
      var generator = SplitMix64(seed: UInt64(index))
      let values = (0..<(samples.count * width)).map { _ in Float(generator.next() >> 40) * 0x1p-24 }
      return try FeatureBlock(name: "block \(index)", samples: samples.count, width: width, values: values)
    }
    print("\(blocks) blocks, \(samples.count) samples, \(family.permutations) permutations: \(clock.now - start)")
    #expect(family.sites.count == blocks && family.found().isEmpty, "\(family.found())")
  }
}
