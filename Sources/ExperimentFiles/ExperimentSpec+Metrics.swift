import Formatting
import Generation
import Measures
import StrictYAML

/// A metric of the user's, as results keep it: its program need not be there.
struct ProgramEntry: Sendable {
  fileprivate var path = ""
  fileprivate var fields: [String: String] = [:]

  static let section = Section(
    "program", blank: ProgramEntry(),
    keys: [
      Key("program", \.path, .line(), required: true, example: "/home/me/brightness.py", "the program's whole path")
    ]
      + Metric.programFieldNames.map { name in
        let example = ["of": "picture", "digits": "\"1\""][name] ?? "brightness"
        return Key(name, \.fields[name], .ifGiven(.line()), example: example, "as in the program's first comment")
      })
}

extension Form<Metric> {
  /// A metric's name, a program's path, or what a program says of itself.
  static var metric: Form<Metric> {
    Form(
      allowed: Markdown.codes(
        MetricRegistry.all.filter { $0.accuracy.instrument != .secondSceneReader }.map(\.name)),
      read: { $1.metric($0) },
      write: { metric in
        guard let program = metric.program else { return .plain(metric.name) }
        let fields = metric.programFields.map { ($0.name, $0.value) }
        return ProgramEntry.section.write(
          ProgramEntry(path: program.path, fields: Dictionary(fields, uniquingKeysWith: { first, _ in first })))
      })
  }
}

extension FileReader {
  fileprivate func metric(_ field: Field) -> Metric? {
    do throws(InstrumentError) {
      if case .mapping = field.node.content {
        guard let entry = ProgramEntry.section.soundly(field, self) else { return nil }
        return try Metric(program: entry.path, fields: entry.fields)
      }
      guard let name = line(field, allowsEmpty: false) else { return nil }
      if let metric = MetricRegistry.named(name) { return metric }
      if name.contains("/") { return try Metric(program: wholePath(name, field) ?? path(name, field)) }
      let near = nearestName(to: name, in: MetricRegistry.all.map(\.name)).map { "did you mean \(quoted($0))? " } ?? ""
      report(field, "\(quoted(name)) is no metric; \(near)`attnlab metrics` lists them")
    } catch {
      report(field, error.description)
    }
    return nil
  }
}

extension Metric {
  /// The program that takes it, for one of the user's own.
  public var program: MetricProgram? {
    guard case .program(let program) = measure else { return nil }
    return program
  }
}

extension ExperimentSpec {
  /// Adds what a second scene reader says beside each metric of the first one, where the file names such a reader: what is said
  /// of a picture is to hold under both.
  package mutating func addMetricsOfSecondReader() {
    guard instruments.given[.secondSceneReader] != nil else { return }
    // Those of claims, and the one that methods hold, are among them.
    let second = metrics.compactMap { MetricRegistry.named(Metric.nameBySecondReader($0.name)) }
    metrics += second.filter { !metrics.contains($0) }
  }

  /// The same with other names of model and instruments, and other metrics.
  package func renaming(folders name: (String) -> String, metrics changed: (Metric) -> Metric) -> ExperimentSpec {
    var new = self
    new.model = name(model)
    new.instruments = InstrumentFolders(instruments.given.mapValues(name))
    new.metrics = metrics.map(changed)
    return new
  }

  /// The metrics that are programs: to measure them is to run whatever the file names, with the rights of whoever runs it.
  public var programs: [Metric] { metrics.filter { $0.program != nil } }

  /// That metrics look with networks which were not made for the model's pictures; empty where none does.
  public var instrumentRemarks: [String] {
    let blind = metrics.filter { metric in metric.accuracy.instrument.map { !instruments.knows(model, $0) } ?? false }
    guard !blind.isEmpty else { return [] }
    return [
      "metrics: \(listed(blind.map(\.name))) \(blind.count == 1 ? "looks" : "look") with networks that know the drawn world of "
        + "emoji-scenes alone, and can say nothing of other pictures; name your own under instruments"
    ]
  }

  /// What programs a run starts, a line each, with their whole paths: whoever is asked must see what would run.
  public var programRemarks: [String] {
    programs.map { metric in
      "metrics: \(metric.name) is the program \"\(escaped(metric.program?.path ?? ""))\", which `attnlab run` starts with "
        + "your rights, after a yes or with --allow-programs"
    }
  }
}
