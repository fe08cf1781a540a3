import Files
import Formatting
import Foundation
import Measures
import Pipelines
import Schedulers
import StrictYAML

extension ExperimentSpec {
  /// Reads an experiment file.
  /// - Parameters:
  ///   - path: The file. Pairs files that it names are looked for from its folder.
  ///   - overrides: Each `key.path=value` with a value in YAML, applied in order before anything is checked.
  ///   - checkingSites: Called with each `sites` text; what it throws is reported at that text's place.
  /// - Throws: `SpecError` with every problem of the file and its overrides. Syntax errors hide all others.
  public static func load(
    path: String, overrides: [String] = [], checkingSites: (String) throws -> Void = { _ in }
  ) throws(SpecError) -> ExperimentSpec {
    let data: Data
    do { data = try OpenFile(URL(filePath: path)).data(limit: YAMLLimits.bytes) } catch {
      let message =
        switch error.reason {
        case .system(ENOENT): "there is no such file"
        case .tooLarge(let bytes, let limit): "\(bytes) bytes; an experiment file has at most \(limit)"
        default: "\(error.problem); an experiment is one YAML file"
        }
      throw SpecError(file: path, problems: [SpecProblem(file: path, message: message)])
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw SpecError(file: path, problems: [SpecProblem(file: path, message: "the file is not UTF-8 text")])
    }
    return try ExperimentSpec(yaml: text, file: path, overrides: overrides, checkingSites: checkingSites)
  }

  /// Reads the text of an experiment file.
  /// - Parameters:
  ///   - yaml: At most 1 MiB.
  ///   - file: Where the text comes from, for messages and for the folder of pairs files; need not exist.
  ///   - overrides: As in ``load(path:overrides:checkingSites:)``.
  ///   - isStored: Whether a database keeps it. Prompts and what programs say are written out there, so that it names no
  ///     file; one that does is refused before the file is looked at.
  ///   - checkingSites: As in ``load(path:overrides:checkingSites:)``.
  /// - Throws: `SpecError` with every problem of the text and its overrides.
  public init(
    yaml: String, file: String, overrides: [String] = [], isStored: Bool = false,
    checkingSites: (String) throws -> Void = { _ in }
  ) throws(SpecError) {
    guard var root = try readYAML(yaml, file: file), !root.isNull else {
      let message = "the file is empty; the shortest experiment has version, name, model and generate"
      throw SpecError(file: file, problems: [SpecProblem(file: file, message: message)])
    }
    var problems: [SpecProblem] = []
    for text in overrides {
      do {
        try root.apply(Override(text, file: file), file: file)
      } catch {
        problems += error.problems
      }
    }
    try Self.check(RunCount(root), root, file)
    let decoded = withoutActuallyEscaping(checkingSites) { check in
      let decoder = SpecDecoder(reader: SpecReader(file: file), isStored: isStored, checkSites: check)
      return (decoder.experiment(Field(node: root, path: "")), decoder.reader.problems)
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

/// Makes specs of trees. Each function reads one level of the file and returns nil where nothing can be made of it,
/// after a report; values that failed are stood in for by defaults, since their reports keep the spec from being used.
package struct SpecDecoder {
  package let reader: SpecReader
  /// Whether the text is a database's, which names no file.
  package let isStored: Bool
  package let checkSites: (String) throws -> Void

  package func experiment(_ field: Field) -> ExperimentSpec? {
    let keys = SpecReference.experiment.names
    guard let fields = reader.fields(field, allowed: keys, required: ["version", "name", "model", "generate"])
    else { return nil }
    let generate = fields["generate"].flatMap(self.generate)
    // What cannot be known after a problem is not checked: a report of a consequence would only hide its cause.
    let areStepsKnown = !["num_inference_steps", "sweep", "settings"].contains {
      reader.hasProblem(below: "generate.\($0)")
    }
    let steps = areStepsKnown ? generate.flatMap(callCounts) : nil
    let hasPairs = generate?.pairs.isEmpty == false || reader.hasProblem(below: "generate.pairs")
    let interventions =
      fields["interventions"].map { self.interventions($0, count: steps, hasPairs: hasPairs) } ?? [.none]
    let metrics: [Metric] = fields["metrics"].map(self.metrics) ?? []
    let names = claimableNames(
      generate, hasPairs: hasPairs, interventions: interventions, metrics: metrics.map(\.name))
    return ExperimentSpec(
      version: fields["version"].flatMap(version) ?? ExperimentSpec.currentVersion,
      name: fields["name"].flatMap(folderName) ?? "",
      question: fields["question"].flatMap { reader.line($0) } ?? "",
      model: fields["model"].flatMap { field in reader.line(field, allowsEmpty: false).map { folder($0, field) } }
        ?? "",
      generate: generate ?? GenerateSpec(seeds: []),
      record: fields["record"].map { record($0, count: steps) } ?? [],
      predictedClean: given(fields["predicted_clean"]).flatMap { self.steps($0, count: steps) },
      interventions: interventions, metrics: metrics,
      instruments: fields["instruments"].map(instruments) ?? InstrumentFolders(),
      tables: fields["tables"].map { choices($0, of: "tables") } ?? [],
      figures: fields["figures"].map { choices($0, of: "figures") } ?? [],
      claims: given(fields["claims"]).flatMap { claims($0, names) },
      budget: fields["budget"].flatMap(budget) ?? BudgetSpec())
  }

  /// Calls of the model, which are what steps count, of the settings with the fewest of them: at least, and at most. They
  /// differ where the scheduler may be PNDM, since its configuration decides, which only the plan knows.
  private func callCounts(_ generate: GenerateSpec) -> ClosedRange<Int>? {
    let counts = generate.settings.map { settings in
      let steps = settings.numInferenceSteps
      let most =
        switch settings.scheduler.flatMap({ SchedulerKind(rawValue: $0) }) {
        case nil: SchedulerKind.pndm.mostCalls(steps: steps)
        case .some(.pndm): Self.mostCalls
        case .some: steps
        }
      return (fewest: steps, most: most)
    }
    guard let fewest = counts.map(\.fewest).min(), let most = counts.map(\.most).min() else { return nil }
    return fewest...most
  }

  private func version(_ field: Field) -> Int? {
    guard let version = reader.integer(field, in: 0...Int.max) else { return nil }
    guard version == ExperimentSpec.currentVersion else {
      reader.report(field, "\(version) is not known; this tool reads version \(ExperimentSpec.currentVersion)")
      return nil
    }
    return version
  }

  private func budget(_ field: Field) -> BudgetSpec? {
    guard let fields = reader.fields(field, allowed: ["disk"]) else { return nil }
    return fields["disk"].flatMap(byteSize).map { BudgetSpec(disk: $0) }
  }

  private func byteSize(_ field: Field) -> ByteSize? {
    if case .scalar(_, .integer) = field.node.content {
      return reader.integer(field, in: 1...(1 << 53)).map { ByteSize($0) }
    }
    guard case .scalar(let text, .text) = field.node.content, let size = ByteSize(text), size.bytes > 0 else {
      let units = ByteSize.units.map(\.name).joined(separator: ", ")
      reader.report(
        field,
        "expected a size, found \(field.node.described); write bytes, or a number and a unit as 2 GiB; units: \(units)")
      return nil
    }
    return size
  }

  private func metrics(_ field: Field) -> [Metric] {
    reader.distinct(reader.list(field, of: "metrics") ?? []) { field in
      if case .mapping = field.node.content { return program(field) }
      guard let name = reader.line(field, allowsEmpty: false) else { return nil }
      if let metric = MetricRegistry.named(name) { return metric }
      if name.contains("/"), isStored {
        reader.report(field, "\(quoted(name)) names a file, and a stored experiment has what its program says instead")
        return nil
      }
      if name.contains("/") {
        return attempt(field) { () throws(InstrumentError) in try Metric(program: program(named: name, field)) }
      }
      let names = MetricRegistry.all.map(\.name)
      let near = nearestName(to: name, in: names).map { "did you mean \(quoted($0))? " } ?? ""
      reader.report(field, "\(quoted(name)) is no metric; \(near)`attnlab metrics` lists them")
      return nil
    }
  }

  /// A metric of the user's, as results keep it: its program need not be there.
  private func program(_ field: Field) -> Metric? {
    let keys = ["program"] + Metric.programFieldNames
    guard let fields = reader.fields(field, allowed: keys, required: ["program"]) else { return nil }
    var given: [String: String] = [:]
    for key in keys { given[key] = fields[key].flatMap { reader.line($0) } }
    guard let path = given.removeValue(forKey: "program") else { return nil }
    return attempt(field) { () throws(InstrumentError) in try Metric(program: path, fields: given) }
  }

  private func attempt(_ field: Field, _ make: () throws(InstrumentError) -> Metric) -> Metric? {
    do { return try make() } catch {
      reader.report(field, error.description)
      return nil
    }
  }

  /// The whole path of a file or folder that is there, so that what is kept of the experiment runs from any folder; nil
  /// where nothing is. A relative path begins at the experiment file's folder, that of an option at the working folder.
  private func wholePath(_ name: String, _ field: Field) -> String? {
    let here = URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
    let isOption = if case .option = field.node.place { true } else { false }
    let base = isOption ? here : URL(filePath: reader.file, relativeTo: here).deletingLastPathComponent()
    let path = URL(filePath: name, relativeTo: base).standardizedFileURL.path
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  /// A bundled model's name as it is, and the whole path of any other folder; what is neither stays, for the message.
  private func folder(_ name: String, _ field: Field) -> String {
    BundledModels.url(of: name) == nil ? wholePath(name, field) ?? name : name
  }

  private func program(named name: String, _ field: Field) -> String {
    let folder = (reader.file as NSString).deletingLastPathComponent
    return wholePath(name, field) ?? (name.hasPrefix("/") ? name : (folder as NSString).appendingPathComponent(name))
  }

  private func instruments(_ field: Field) -> InstrumentFolders {
    let names = Instrument.allCases
    guard let fields = reader.fields(field, allowed: names.map(\.rawValue)) else { return InstrumentFolders() }
    let given = names.compactMap { name in
      fields[name.rawValue].flatMap { field in
        reader.line(field, allowsEmpty: false).map { (name, folder($0, field)) }
      }
    }
    return InstrumentFolders(Dictionary(uniqueKeysWithValues: given))
  }

  private func choices<Value: RawRepresentable & CaseIterable & Hashable>(_ field: Field, of what: String) -> [Value]
  where Value.RawValue == String {
    reader.distinct(reader.list(field, of: what) ?? []) { reader.choice($0, Value.self) }
  }

  // MARK: Names

  /// A name that is safe as a folder's on every system.
  private func folderName(_ field: Field) -> String? {
    guard let name = reader.text(field) else { return nil }
    let isSafe = name.utf8.allSatisfy { byte in
      let scalar = Unicode.Scalar(byte)
      return scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789-_.".unicodeScalars.contains(scalar))
    }
    guard isSafe, (1...64).contains(name.utf8.count), let first = name.first, first != ".", first != "-" else {
      reader.report(
        field,
        "\(quoted(name)) cannot name the results folder; 1 to 64 of a-z A-Z 0-9 - _ . and no - or . at the start")
      return nil
    }
    return name
  }

  /// Reports a name that cannot stand in tables and file names.
  /// - Returns: Whether it can.
  package func checkName(_ name: String, at place: SpecPlace, path: String) -> Bool {
    guard isUsualName(name) else {
      reader.report(
        at: place, path: path,
        "\(path): \(quoted(name)) cannot be a name; 1 to 64 letters, digits, spaces and - _ . , + = % ( ), "
          + "no dot at the start, no space at either end")
      return false
    }
    return true
  }

  package func isUsualName(_ name: String) -> Bool {
    let isUsual = name.allSatisfy { $0.isLetter || $0.isNumber || " -_.,+=%()".contains($0) }
    return isUsual && (1...64).contains(name.count) && name.first != "." && name.first != " " && name.last != " "
  }
}
