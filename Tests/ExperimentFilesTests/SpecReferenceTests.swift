import Attention
import ExperimentFiles
import Foundation
import TestSupport
import Testing

@Suite struct SpecReferenceTests {
  private static let page = Fixtures.repository.appending(
    path: "Sources/ExperimentFiles/ExperimentFiles.docc/ExperimentFile.md")

  /// What the page says of keys is what the decoder allows: renew it with `attnlab reference --update`.
  @Test func thePageIsAsTheCodeIs() throws {
    let page = try String(contentsOf: Self.page, encoding: .utf8)
    #expect(try SpecReference.updated(page: page) == page)
  }

  @Test func everyKeyIsAllowedAndNoOther() {
    for section in SpecReference.all where section.section != "operations" {
      let yaml =
        switch section.section {
        case "experiment": "nothing: 1"
        case "generate": "version: 1\nname: a\nmodel: b\ngenerate: { nothing: 1 }"
        case "draw": minimal(generate: "pairs: [{ draw: 1, nothing: 1 }], seeds: [1]")
        case "record": minimal("record: [{ nothing: 1 }]")
        case "group": minimal("tables: [{ nothing: 1 }]")
        case "steps": minimal("predicted_clean: { nothing: 1 }")
        case "methods": minimal("methods: { nothing: 1 }")
        case "curve": minimal("methods: { curves: [{ nothing: 1 }] }")
        case "layers": minimal("layers: { nothing: 1 }")
        case "knows_against_does": minimal("knows_against_does: [{ nothing: 1 }]")
        case "claims": minimal("claims: { nothing: 1 }")
        case "average": minimal("claims: { averages: [{ nothing: 1 }], claims: [] }")
        case "gate": minimal("claims: { gates: [{ nothing: 1 }], claims: [] }")
        case "claim": minimal("claims: { claims: [{ nothing: 1 }] }")
        case "exclude_unless": minimal("claims: { claims: [{ exclude_unless: { nothing: 1 } }] }")
        case "removal": minimal("claims: { claims: [{ gate: { nothing: 1 } }] }")
        case "test": minimal("claims: { claims: [{ tests: [{ nothing: 1 }] }] }")
        case "probes": minimal("probes: { nothing: 1 }")
        case "bank": minimal("probes: { banks: [{ nothing: 1 }] }")
        case "probe": minimal("probes: { probes: [{ nothing: 1 }] }")
        case "features": minimal("probes: { probes: [{ features: { nothing: 1 } }] }")
        case "probe test": minimal("probes: { tests: [{ nothing: 1 }] }")
        default: minimal("interventions: { a: [{ nothing: 1 }] }")
        }
      let names = section.keys.map(\.name).joined(separator: ", ")
      #expect(
        problems(yaml).contains("\"nothing\"") && problems(yaml).contains("allowed: \(names)"), "\(section.section)")
    }
    // The keys of single operations, each with an operation that has it.
    let own = SpecReference.all.first { $0.section == "operations" }?.keys.map(\.name)
    #expect(Set(own ?? []) == Set(OperationRegistry.all.flatMap { $0.keys.map(\.name) }))
  }

  @Test func aPageMustHaveEveryPart() {
    #expect { _ = try SpecReference.updated(page: "# Empty") } throws: {
      "\($0)".contains("lacks the parts experiment")
    }
    #expect {
      _ = try SpecReference.updated(page: "<!-- generated: nothing -->\n<!-- end -->")
    } throws: {
      "\($0)".hasPrefix("there is no generated part \"nothing\"")
    }
    let open = SpecReference.parts.map { "<!-- generated: \($0.name) -->" }.joined(separator: "\n<!-- end -->\n")
    #expect { _ = try SpecReference.updated(page: open) } throws: { "\($0)" == "a generated part has no end" }
  }
}
