import Foundation
import TestSupport
import Testing

@testable import ExperimentFiles
@testable import StrictYAML

/// The experiment files of the repository, on which Results/README.md rests: that they can be read is known before anybody
/// waits hours for one.
@Suite struct CommittedExperimentsTests {
  /// Of `Experiments`, as `c4-self/experiment`.
  private static let names: [String] = {
    let folder = Fixtures.repository.appending(path: "Experiments")
    let found = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    // The recipe's settings are no experiments.
    return found.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix("emoji-scenes/") }
      .map { String($0.dropLast(".yaml".count)) }.sorted()
  }()

  private static func path(_ name: String) -> String {
    Fixtures.repository.appending(path: "Experiments/\(name).yaml").path
  }

  /// What `make paper` runs, in its order.
  private static func paper() throws -> [String] {
    let text = try String(contentsOf: Fixtures.repository.appending(path: "Makefile"), encoding: .utf8)
    let lines = text.replacing("\\\n", with: " ").split(separator: "\n")
    let list = try #require(lines.first { $0.hasPrefix("PAPER = ") })
    return list.dropFirst("PAPER = ".count).split(separator: " ").map(String.init)
  }

  @Test func allAreFound() { #expect(Self.names.count > 30) }

  @Test(arguments: names) func canBeRead(name: String) throws {
    // The paper's lists are not the project's to give.
    guard name == "fpe-benchmark/experiment" else {
      #expect(throws: Never.self) { try ExperimentSpec.load(path: Self.path(name)) }
      return
    }
    let lists = ["Car_fake_edit", "ImageNet_fake_edit"]
    do throws(SpecError) { _ = try ExperimentSpec.load(path: Self.path(name)) } catch {
      #expect(error.problems.allSatisfy { $0.message.contains("there is no such file") }, "\(error)")
      #expect(error.problems.count == lists.count)
    }
  }

  /// All but those that have commands of their own in `make paper`, and those that no claim rests on.
  @Test func thePaperIsWhole() throws {
    let paper = try Self.paper()
    #expect(Set(paper).count == paper.count && paper.allSatisfy(Self.names.contains))
    let others = Self.names.filter { !paper.contains($0) }
    #expect(
      others == [
        "first-look/experiment", "fpe-benchmark/experiment", "model-gates/experiment", "model-quality/experiment",
        "vital-layers/held-out", "vital-layers/held-out-heads", "vital-layers/held-out-heads-few",
      ])
    let recipe = try String(contentsOfFile: Fixtures.repository.appending(path: "Makefile").path, encoding: .utf8)
    for command in [
      "run Experiments/vital-layers/held-out.yaml \\\n\t  --set interventions.found=@Results/vital-layers/tables/found.yaml",
      "run Experiments/vital-layers/held-out-heads.yaml \\\n\t  --set interventions.found=@Results/vital-heads/tables/found.yaml",
      "run Experiments/vital-layers/held-out-heads-few.yaml \\\n\t  --set interventions.found=@Results/vital-heads-few/tables/found.yaml",
      "claims Experiments/fpe-benchmark/experiment.yaml",
    ] { #expect(recipe.contains(command), "\(command)") }
  }

  /// The calls that banks keep exist in runs of 12 steps too, so that a smaller bank answers the same questions.
  @Test(arguments: names.filter { $0.hasPrefix("probe-bank/") }) func banksOfFewerSteps(name: String) throws {
    let spec = try ExperimentSpec.load(path: Self.path(name))
    #expect(!spec.record.isEmpty)
    for record in spec.record {
      #expect(try record.steps.resolve(count: 12) == record.steps.resolve(count: 30), "\(record.name)")
    }
    #expect(throws: Never.self) { _ = try spec.inputLatents?.resolve(count: 12) }
  }

  /// The index has a row for each, those of `make paper` first.
  @Test func theIndexIsWhole() throws {
    let page = try MarkdownPage("Experiments/README.md")
    let rows = page.prose.compactMap { $0.prefixMatch(of: #/\| \[[^\]]+\]\(([^)]+)\.yaml\)/#).map { String($0.1) } }
    let paper = try Self.paper()
    #expect(Array(rows.prefix(paper.count)) == paper)
    #expect(rows.sorted() == Self.names)
  }

  /// Each stands behind those whose maps it reads.
  @Test func thePaperIsInOrder() throws {
    var made: [String] = []
    for name in try Self.paper() {
      let spec = try ExperimentSpec.load(path: Self.path(name))
      let text = try String(contentsOfFile: Self.path(name), encoding: .utf8)
        .split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(separator: "\n")
      let read = text.matches(of: #/(?:maps_from|from): ([a-z][a-z0-9-]*)/#).map { String($0.1) }
      for other in read where try Self.isExperiment(other) {
        #expect(made.contains(other), "\(name) reads \(other)")
      }
      made.append(spec.name)
    }
  }

  private static func isExperiment(_ name: String) throws -> Bool {
    try names.contains { file in
      let text = try String(contentsOfFile: path(file), encoding: .utf8)
      return text.contains("\nname: \(name)\n")
    }
  }
}
