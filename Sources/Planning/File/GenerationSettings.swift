import Formatting
import Schedulers
import StrictYAML

/// Settings of the denoising that a sweep may vary: one combination of them.
public struct GenerationSettings: Codable, Hashable, Sendable {
  /// Denoising steps, 1...1000.
  public let numInferenceSteps: Int
  /// The weight of classifier-free guidance, 0...100.
  public let guidanceScale: Double
  /// The scheduler's name, or nil for the one of the model's folder.
  public let scheduler: String?
  /// Keys of the scheduler's configuration that take other values than the folder's.
  public let schedulerSettings: SchedulerSettings
  /// What results call it, as `guidance_scale=3, scheduler=ddim`; empty where there is but one.
  public let label: String

  public init(
    numInferenceSteps: Int = GenerateSpec.defaultNumInferenceSteps,
    guidanceScale: Double = GenerateSpec.defaultGuidanceScale, scheduler: String? = nil,
    schedulerSettings: SchedulerSettings = SchedulerSettings(), label: String = ""
  ) {
    self.numInferenceSteps = numInferenceSteps
    self.guidanceScale = guidanceScale
    self.scheduler = scheduler
    self.schedulerSettings = schedulerSettings
    self.label = label
  }

  /// The keys of `generate` that a sweep may vary.
  package static let keys = SpecReference.settings.map(\.name)
}

extension SpecDecoder {
  /// The settings of a `generate`, one for each combination of its sweep's values.
  ///
  /// As with interventions, a swept value is put into the tree before the settings are read. A resolved file has them
  /// written out, as a list with names.
  package func settings(_ field: Field, _ fields: Fields) -> [GenerationSettings] {
    if let list = fields["settings"] { return listedSettings(list, fields) }
    guard let sweep = fields["sweep"] else { return [settings(fields, label: "")] }
    let axes = sweepAxes(sweep) { key in
      guard !GenerationSettings.keys.contains(key) else { return nil }
      let nearest = nearestName(to: key, in: GenerationSettings.keys).map { "did you mean \(quoted($0))? " } ?? ""
      return "generate has no sweep over \(quoted(key)); \(nearest)allowed: "
        + GenerationSettings.keys.joined(separator: ", ")
    }
    guard let axes, case .mapping(let entries) = field.node.content else { return [] }
    for axis in axes where fields[axis.key] != nil {
      reader.report(fields[axis.key] ?? field, "is swept too; leave it out here")
    }
    return sweepPoints(axes).map { point in
      _ = checkName(point.label, at: sweep.node.place, path: sweep.path)
      let swept = point.choices.map { SpecEntry(key: $0.axis.key, keyPlace: $0.axis.place, value: $0.value.node) }
      let own = entries.filter { entry in GenerationSettings.keys.contains(entry.key) }
      let node = SpecNode(content: .mapping(own + swept), place: field.node.place)
      let known = reader.fields(Field(node: node, path: field.path), allowed: GenerationSettings.keys)
      return known.map { settings($0, label: point.label) } ?? GenerationSettings()
    }
  }

  private func listedSettings(_ list: Field, _ fields: Fields) -> [GenerationSettings] {
    for key in GenerationSettings.keys + ["sweep"] {
      if let field = fields[key] { reader.report(field, "stands beside settings, each of which has its own") }
    }
    let entries = reader.list(list, of: "settings, each with a name") ?? []
    if entries.isEmpty { reader.report(list, "the list is empty; leave the key out for one setting") }
    var labels: [String: String] = [:]
    return entries.compactMap { entry in
      guard let known = reader.fields(entry, allowed: ["name"] + GenerationSettings.keys, required: ["name"]),
        let field = known["name"]
      else { return nil }
      return settings(known, label: distinctName(field, &labels))
    }
  }

  private func settings(_ fields: Fields, label: String) -> GenerationSettings {
    GenerationSettings(
      numInferenceSteps: fields["num_inference_steps"].flatMap { reader.integer($0, in: 1...1000) }
        ?? GenerateSpec.defaultNumInferenceSteps,
      guidanceScale: fields["guidance_scale"].flatMap { reader.number($0, in: 0...100) }
        ?? GenerateSpec.defaultGuidanceScale,
      scheduler: given(fields["scheduler"]).flatMap(scheduler),
      schedulerSettings: fields["scheduler_settings"].map(schedulerSettings) ?? SchedulerSettings(), label: label)
  }

  private func scheduler(_ field: Field) -> String? {
    guard let name = reader.line(field, allowsEmpty: false) else { return nil }
    do { return try SchedulerKind(named: name).rawValue } catch {
      // The message begins with `scheduler: `, which stands at the end of the path.
      reader.report(at: field.node.place, path: field.path, field.path + error.description.drop { $0 != ":" })
      return nil
    }
  }

  private func schedulerSettings(_ field: Field) -> SchedulerSettings {
    guard let fields = reader.fields(field, allowed: SchedulerSettings.keys) else { return SchedulerSettings() }
    var values: [String: SchedulerSettings.Value] = [:]
    for key in SchedulerSettings.keys {
      guard let entry = fields[key] else { continue }
      switch entry.node.content {
      case .scalar(_, .truth): values[key] = reader.bool(entry).map { .truth($0) }
      case .scalar(_, .integer): values[key] = reader.integer(entry, in: -1_000_000...1_000_000).map { .integer($0) }
      case .scalar(_, .number): values[key] = reader.number(entry, in: -1e6...1e6).map { .number($0) }
      case .scalar(_, .text): values[key] = reader.line(entry, allowsEmpty: false).map { .text($0) }
      default: reader.report(entry, "expected a text, a number, true or false, found \(entry.node.described)")
      }
    }
    return SchedulerSettings(values)
  }
}
