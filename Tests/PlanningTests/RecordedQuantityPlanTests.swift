import Attention
import ExperimentSupport
import Foundation
import TestSupport
import Testing

@testable import ExperimentFiles
@testable import Planning

/// Records of other quantities than probabilities, as plans count, name and write them down.
@Suite struct RecordedQuantityPlanTests {
  private static func record(_ rest: String) -> [String] { ["record=[{ name: r, steps: [0], \(rest) }]"] }

  /// emoji-scenes: layer 7 has 2 x 2 cells, 4 heads and 144 channels; two runs with `none`, conditional halves.
  @Test(arguments: [
    ("of: queries, sites: \"*:7\", heads: all", 8, 2 * 4 * 144),
    ("of: queries, sites: \"self:7\", heads: all, pool: 1, dtype: fp16", 4, 144 / 2),
    ("of: keys, sites: \"self:7\", heads: all", 4, 4 * 144),
    ("of: keys, sites: \"cross:7\", heads: all", 4, 77 * 144),
    ("of: values, sites: \"cross:7\", heads: all, tokens: words, branch: both", 8, 2 * 3 * 144),
    ("of: scores, sites: \"cross:7\", heads: all, tokens: words", 4, 4 * 4 * 3),
    ("of: log_ratio, sites: \"cross:7\", tokens: words", 1, 4 * 3),
    ("of: output, sites: \"*:7\"", 2, 2 * 4 * 144),
  ])
  func sizesAreCounted(entry: String, maps: Int, values: Int) throws {
    let plan = try SmallExperiment.plan(Self.record(entry) + ["interventions={ none: [] }"])
    let group = try #require(plan.groups.first)
    #expect(group.runs.count == 2)
    #expect(group.mapCount == 2 * maps && group.mapBytes == 2 * values * 4, "\(entry)")
  }

  @Test func logRatiosAreOfCrossAttentionAlone() throws {
    do {
      _ = try SmallExperiment.plan(Self.record("of: log_ratio, sites: \"*:7\""))
      Issue.record("log ratios of self-attention were planned")
    } catch let error as ExperimentError {
      #expect(
        error.problems == [
          "record.r: of: log_ratio is of cross-attention alone, which has a start token, and self 7 has none; select cross:* "
            + "or a part of it"
        ])
    }
  }

  /// Hashes tell quantities apart, and nothing of what is written down of other files has changed.
  @Test func quantitiesAreNamedWhereTheyAreNotProbabilities() throws {
    func plan(_ rest: String) throws -> ExperimentPlan {
      try SmallExperiment.portablePlan(
        Self.record("sites: \"cross:7\", heads: all" + rest) + ["interventions={ none: [] }"])
    }
    let (plain, scores) = (try plan(""), try plan(", of: scores"))
    #expect(try plan(", of: probabilities").hash == plain.hash && scores.hash != plain.hash)
    #expect(scores.identityText(of: scores.groups[0]).contains(" fp32 of scores\n"))
    #expect(!plain.spec.resolvedYAML().contains(" of: ") && scores.spec.resolvedYAML().contains("of: scores"))
    let json = String(decoding: try JSONEncoder().encode(plain), as: UTF8.self)
    #expect(!json.contains("quantity") && !json.contains("channels"))
    for plan in [scores, try plan(", of: keys"), plain] {
      let again = try JSONDecoder().decode(ExperimentPlan.self, from: JSONEncoder().encode(plan))
      #expect(again.spec == plan.spec && again.hash == plan.hash)
      let (one, other) = (try again.attention(of: again.groups[0]), try plan.attention(of: plan.groups[0]))
      #expect(one.maps(step: 0) == other.maps(step: 0) && one.mapBytes == plan.groups[0].mapBytes)
    }
  }

  /// A plan of a stranger's whose vectors have no length, or one that memory does not hold.
  @Test(arguments: ["\"channels\":[]", "\"channels\":[0]", "\"channels\":[9223372036854775807]", "\"other\":[144]"])
  func plansWithoutSoundChannelsAreRefused(_ text: String) throws {
    let plan = try SmallExperiment.portablePlan(Self.record("of: keys, sites: \"cross:7\", heads: all"))
    let json = String(decoding: try JSONEncoder().encode(plan), as: UTF8.self)
    let changed = json.replacingOccurrences(of: "\"channels\":[144]", with: text)
    #expect(changed != json)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(ExperimentPlan.self, from: Data(changed.utf8)) }
  }
}
