import Attention
import Formatting
import Generation
import StrictYAML

/// What the reference says of the keys of the experiment file.
///
/// It follows from the descriptions of the keys, by which files are read and written too.
public enum SpecReference {
  /// Every section, in the order of the page.
  public static let all = [
    ExperimentSpec.section.reference, GenerateSpec.section.reference, DrawnPairsEntry.section.reference,
    RecordSpec.section.reference, ObjectGroup.section.reference,
    StepsEntry.section.reference, OperationSpec.section.reference, operations, MethodsSpec.section.reference,
    CurveSpec.section.reference, LayersSpec.section.reference,
    KnowsAgainstDoesSpec.section.reference, ClaimsSpec.section.reference,
    GateEntry.section.reference, ClaimSpec.section.reference, SourceRule.section.reference,
    RemovalGate.section.reference, AverageSpec.section.reference, ClaimTestSpec.section.reference,
    ProbesSpec.section.reference, ProbeBank.section.reference, ProbeSpec.section.reference,
    ProbeFeaturesSpec.section.reference, ProbeTestSpec.section.reference,
  ]

  /// The keys that only some operations have.
  private static let operations = SectionReference(
    section: "operations",
    keys: OperationRegistry.all.flatMap(\.keys).map(\.name).uniqued.map { name in
      let owned = OperationRegistry.all.compactMap { operation in
        operation.keys.first { $0.name == name }.map { (operation: operation.name, key: $0) }
      }
      let meanings = owned.map(\.key.meaning).uniqued.map { meaning in
        let names = owned.filter { $0.key.meaning == meaning }.map { Markdown.code($0.operation) }
        return "of \(names.joined(separator: " and ")): \(meaning)"
      }
      let key = owned.first?.key
      return (name, meanings.joined(separator: "; "), key?.standardText ?? "", key?.example ?? "")
    })

  /// Every operation with its meaning and its own keys, as a table in Markdown.
  public static var operationTable: String {
    Markdown.table(
      ["op", "does", "its own keys"],
      OperationRegistry.all.map { operation in
        [Markdown.code(operation.name), operation.meaning, Markdown.codes(operation.keys.map(\.name))]
      })
  }

  /// The generated parts by name: each section's table, and that of the operations.
  public static var parts: [(name: String, text: String)] {
    all.map { ($0.section, $0.table) } + [("ops", operationTable)]
  }

  /// A page with its generated parts as they are now. A part stands between `<!-- generated: name -->` and
  /// `<!-- end -->`, each in a line of its own; the rest of the page is written by hand.
  /// - Throws: `ExperimentError` if a part is missing, or is none of these.
  public static func updated(page: String) throws -> String {
    var (lines, missing): ([Substring], [String]) = ([], parts.map(\.name))
    var isInside = false
    for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == "<!-- end -->" { isInside = false }
      if !isInside { lines.append(line) }
      guard line.hasPrefix("<!-- generated: "), line.hasSuffix(" -->") else { continue }
      let name = String(line.dropFirst("<!-- generated: ".count).dropLast(" -->".count))
      guard let part = parts.first(where: { $0.name == name }) else {
        throw ExperimentError(
          "there is no generated part \"\(name)\"; there are \(parts.map(\.name).joined(separator: ", "))")
      }
      lines += ["", Substring(part.text), ""]
      missing.removeAll { $0 == name }
      isInside = true
    }
    guard missing.isEmpty, !isInside else {
      throw ExperimentError(
        isInside ? "a generated part has no end" : "the page lacks the parts \(missing.joined(separator: ", "))")
    }
    return lines.joined(separator: "\n")
  }
}
