import Files
import Formatting
import Foundation
import Generation
import StrictYAML

extension ExperimentSpec {
  /// Reads an experiment file.
  /// - Parameters:
  ///   - path: The file. Pairs files that it names are looked for from its folder.
  ///   - overrides: Each `key.path=value` with a value in YAML, or `key.path=@file` with one that a file holds, applied in
  ///     order before anything is checked.
  ///   - checkingSites: Called with each `sites` text; what it throws is reported at that text's place.
  /// - Throws: `SpecError` with every problem of the file and its overrides. Syntax errors hide all others.
  public static func load(
    path: String, overrides: [String] = [], checkingSites: (String) throws -> Void = { _ in }
  ) throws(SpecError) -> ExperimentSpec {
    let text: String
    do { text = try Self.text(of: path, what: "an experiment") } catch {
      throw SpecError(file: path, problems: [SpecProblem(file: path, message: error.problem)])
    }
    return try ExperimentSpec(yaml: text, file: path, overrides: overrides, checkingSites: checkingSites)
  }

  /// Why a file of an experiment, or of a value of one, has no text.
  private struct TextFault: Error { let problem: String }

  /// - Parameter what: the file is, in words.
  private static func text(of path: String, what: String) throws(TextFault) -> String {
    guard !path.isEmpty else { throw TextFault(problem: "no file is named") }
    let data: Data
    do { data = try OpenFile(URL(filePath: path)).data(limit: YAMLLimits.bytes) } catch {
      let problem =
        switch error.reason {
        case .system(ENOENT): "there is no such file"
        case .tooLarge(let bytes, let limit): "\(bytes) bytes; \(what) has at most \(limit)"
        default: "\(error.problem); \(what) is one YAML file"
        }
      throw TextFault(problem: problem)
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw TextFault(problem: "the file is not UTF-8 text")
    }
    return text
  }

  /// Reads the text of an experiment file.
  /// - Parameters:
  ///   - yaml: At most 1 MiB.
  ///   - file: Where the text comes from, for messages and for the folder of pairs files; need not exist.
  ///   - overrides: As in ``load(path:overrides:checkingSites:)``.
  ///   - checkingSites: As in ``load(path:overrides:checkingSites:)``.
  /// - Throws: `SpecError` with every problem of the text and its overrides.
  public init(
    yaml: String, file: String, overrides: [String] = [], checkingSites: (String) throws -> Void = { _ in }
  ) throws(SpecError) {
    guard var root = try readYAML(yaml, file: file), !root.isNull else {
      let message = "the file is empty; the shortest experiment has version, name, model and generate"
      throw SpecError(file: file, problems: [SpecProblem(file: file, message: message)])
    }
    var problems: [SpecProblem] = []
    for text in overrides {
      do throws(SpecError) {
        let override = try Override(text, file: file) { path, option throws(SpecError) in
          do throws(TextFault) { return try Self.text(of: path, what: "a value") } catch {
            let problem = "\(quoted(path)), whose contents are to be the value: \(error.problem)"
            throw SpecError(file: file, problems: [SpecProblem(file: option, message: problem)])
          }
        }
        try root.apply(override, file: file)
      } catch {
        problems += error.problems
      }
    }
    try Self.check(RunCount(root), root, file)
    let decoded = withoutActuallyEscaping(checkingSites) { check in
      let reader = FileReader(file: file, context: FileContext(checkSites: check))
      return (Self.section.read(Field(node: root, path: ""), reader), reader.problems)
    }
    // What is wrong in a sweep's operation would be reported for each of its values.
    problems = inOrder((problems + decoded.1).uniqued)
    guard problems.isEmpty, let spec = decoded.0 else { throw SpecError(file: file, problems: problems) }
    try Self.check(RunCount(spec), root, file)
    // What is kept with the results must be readable again.
    let size = spec.resolvedYAML().utf8.count
    guard size <= YAMLLimits.bytes else {
      let message = "with all pairs and prompts written out \(size) bytes; at most \(YAMLLimits.bytes)"
      throw SpecError(file: file, problems: [SpecProblem(file: file, message: message)])
    }
    self = spec
  }

  /// - Throws: `SpecError` for more runs or interventions than there may be.
  private static func check(_ count: RunCount, _ root: SpecNode, _ file: String) throws(SpecError) {
    guard let problem = count.problem else { return }
    throw SpecError(file: file, problems: [root.place.problem(file: file, path: "", message: problem)])
  }
}

/// Options first, then the file from top to bottom.
private func inOrder(_ problems: [SpecProblem]) -> [SpecProblem] {
  problems.enumerated().sorted {
    ($0.element.line ?? 0, $0.element.column ?? 0, $0.offset)
      < ($1.element.line ?? 0, $1.element.column ?? 0, $1.offset)
  }.map(\.element)
}

extension ExperimentSpec {
  /// The experiment with every default written out and every template and pairs file expanded, as a file that decodes to
  /// an equal spec.
  ///
  /// The same spec gives the same bytes.
  public func resolvedYAML() -> String { Self.section.write(self).document }

  /// The same on one line, as JSON: what a hash of the experiment is taken of.
  ///
  /// It decodes to an equal spec too. The order of keys is fixed; that of lists and interventions is the file's.
  public var canonicalForm: String { Self.section.write(self).json }
}
