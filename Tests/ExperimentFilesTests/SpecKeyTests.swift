import Attention
import Foundation
import Measures
import StrictYAML
import TestSupport
import Testing

@testable import ExperimentFiles
@testable import Generation

/// Each key of the file has one description. It must be read, written and explained: a key whose value never reaches the
/// resolved file would be lost there, and so in every result.
@Suite struct SpecKeyTests {
  private static let page = Fixtures.repository.appending(
    path: "Sources/ExperimentFiles/ExperimentFiles.docc/ExperimentFile.md")

  @Test func everyKeyIsReadWrittenAndExplained() throws {
    try check(ExperimentSpec.section, apart: [["maps_from"], ["record", "predicted_clean", "input_latents"]])
    try check(
      GenerateSpec.section,
      apart: [["num_inference_steps", "guidance_scale", "scheduler", "scheduler_settings"], ["sweep"], ["settings"]])
    try check(GenerationSettings.named)
    try check(PromptPair.section)
    try check(RecordSpec.section)
    try check(StepsEntry.section.keeping(["from", "to", "every"]))
    try check(StepsEntry.section.keeping(["fraction"]))
    // Only rows of probabilities have a sum to keep.
    try check(OperationSpec.section, apart: [["of"], ["renormalize"]])
    try check(ClaimsSpec.section)
    for keys in [["metric", "of", "at_least"], ["metric", "of", "against", "differs"], ["instrument", "at_least"]] {
      try check(GateEntry.section.keeping(["says"] + keys))
    }
    try check(ClaimSpec.section)
    try check(SourceRule.section)
    try check(RemovalGate.section)
    // A test of methods' curves has no placebo.
    try check(ClaimTestSpec.section, apart: [["above", "placebo"], ["below", "held"]])
    try check(MethodsSpec.section)
    try check(CurveSpec.section)
    try check(LayersSpec.section)
    try check(ProbesSpec.section)
    try check(ProbeBank.section)
    try check(ProbeSpec.section)
    try check(ProbeFeaturesSpec.section)
    try check(ProbeCellsSpec.section)
    try check(ProbeApplySpec.section)
    try check(ProbeTestSpec.section, apart: [["above"], ["below"]])
    try check(BudgetSpec.section)
    try check(InstrumentFolders.section)
    try check(ProgramEntry.section)
  }

  @Test func everyKeyOfASingleOperationToo() throws {
    let form = Form<OperationSpec>.change
    for operation in OperationRegistry.all {
      let section = OperationSpec.section(of: operation)
      let place = operation.changesWords ? ", words: [red]" : operation.isOfAttention ? ", sites: \"cross:*\"" : ""
      let bare = "op: \(operation.name)\(place)"
      for key in section.keys where operation.keys.contains(where: { $0.name == key.name }) {
        // What must be given has another value without the key's own.
        let required = operation.keys.filter(\.isRequired).map(\.name)
        let target = ([bare] + required.filter { $0 != key.name }.map { "\($0): [zebra]" }).joined(separator: ", ")
        let other = required.contains(key.name) ? ", \(key.name): [zebra]" : ""
        let without = try read("{ \(target)\(other) }", form.read)
        let value = try read("{ \(target), \(key.name): \(key.example) }", form.read)
        let written = try #require(form.write(value)?.flow)
        #expect(value != without && written.contains("\(key.name): "), "\(operation): \(key.name) is lost: \(written)")
        #expect(try read(written, form.read) == value, "\(operation): \(key.name)")
      }
    }
  }

  /// Templates, files of pairs and rules of sweeps stand for what is written in their place.
  @Test func everyKeyOfWhatIsWrittenOutIsRead() throws {
    try checkRead(SweepRule.section.keeping(["single", "every"])) { "\($0.ranges)" }
    try checkRead(SweepRule.section.keeping(["window", "of", "every"])) { "\($0.ranges)" }
    let file = #"""
      [{ "source_prompt": "a", "edit_prompt": "b" }, { "source_prompt": "a red car", "edit_prompt": "a blue car" },
       { "source_prompt": "a blue car", "edit_prompt": "a red car" }]
      """#
    try Fixtures.withTemporaryFolder { folder in
      try Data(file.utf8).write(to: folder.appending(path: "pairs.json"))
      try checkRead(TemplateEntry.ofPairs, in: folder) { "\($0.pairs)" }
      try checkRead(TemplateEntry.ofPrompts, in: folder) { "\($0.prompts)" }
      try checkRead(PairsFileEntry.section, in: folder) { "\($0.pairs)" }
      try checkRead(DrawnPairsEntry.section, in: folder) { "\($0.pairs)" }
    }
  }

  // MARK: Checking

  /// - Parameter apart: Keys that no mapping has together.
  private func check<Owner>(_ section: Section<Owner>, apart: [[String]] = []) throws {
    let others = section.names.filter { !apart.joined().contains($0) }
    for chosen in apart.isEmpty ? [[]] : apart {
      let names = section.names.filter { others.contains($0) || chosen.contains($0) }
      try checkRead(section.keeping(names)) { section.write($0).flow }
      let written = section.write(try read(mapping(section.keeping(names).keys), section.read)).flow
      let again = section.write(try read(written, section.read)).flow
      #expect(again == written, "\(section.name): what is written is read as something else")
      for name in names where name != "sweep" {
        #expect(written.contains("\(name): "), "\(section.name): \(name) is read and not written: \(written)")
      }
    }
    let page = try String(contentsOf: Self.page, encoding: .utf8)
    for name in section.names {
      #expect(page.contains(try Regex("\\b\(name)\\b")), "\(section.name): the page does not explain \(name)")
    }
    for reference in SpecReference.all where reference.section == section.name {
      #expect(section.names.allSatisfy { name in reference.keys.contains { $0.name == name } })
    }
  }

  /// Reads the examples of all keys, and then without each: that must be refused, or come to something else.
  private func checkRead<Owner>(
    _ section: Section<Owner>, in folder: URL = URL(filePath: "/"), _ text: (Owner) -> String
  ) throws {
    let whole = text(try read(mapping(section.keys), in: folder, section.read))
    // There is one precision alone.
    for key in section.keys where key.name != "precision" {
      let rest = try? read(mapping(section.keys.filter { $0.name != key.name }), in: folder, section.read)
      if let rest { #expect(text(rest) != whole, "\(section.name): \(key.name) changes nothing in \(whole)") }
    }
  }

  private func mapping<Owner>(_ keys: [Key<Owner>]) -> String {
    "{ \(keys.map { "\($0.name): \($0.example)" }.joined(separator: ", ")) }"
  }

  /// - Throws: `SpecError` with what is wrong.
  private func read<Value>(
    _ yaml: String, in folder: URL = URL(filePath: "/"), _ read: (Field, FileReader) -> Value?
  ) throws -> Value {
    let file = folder.appending(path: "e.yaml").path
    let reader = FileReader(file: file, context: FileContext())
    reader.note(GenerateSpec(pairs: [PromptPair(source: "a", target: "b")], seeds: [1, 2]))
    reader.context.probeLists = [
      ("color", ["red", "blue"]), ("thing", ["car", "boat"]),
    ]
    reader.context.probeNames = ["color"]
    let node = try #require(try readYAML(yaml, file: file))
    let value = read(Field(node: node, path: ""), reader)
    guard reader.problems.isEmpty else { throw SpecError(file: file + "\n" + yaml, problems: reader.problems) }
    return try #require(value)
  }
}
