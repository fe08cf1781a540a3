import Formatting
import StrictYAML

extension FileReader {
  /// The settings of a `generate`, one for each combination of its sweep's values.
  ///
  /// As with interventions, a swept value is put into the tree before the settings are read. A resolved file has them
  /// written out, as a list with names.
  /// - Parameter fields: Those of `generate`.
  /// - Returns: None after a report.
  func settings(of sweep: Field, _ fields: Fields) -> [GenerationSettings] {
    let section = GenerationSettings.section
    let axes = sweepAxes(sweep) { key in
      guard !section.names.contains(key) else { return nil }
      let nearest = nearestName(to: key, in: section.names).map { "did you mean \(quoted($0))? " } ?? ""
      return "generate has no sweep over \(quoted(key)); \(nearest)allowed: " + section.names.joined(separator: ", ")
    }
    guard let axes else { return [] }
    for axis in axes {
      if let field = fields[axis.key] { report(field, "is swept too; leave it out here") }
    }
    let own = section.names.compactMap { name in
      fields[name].map { SpecEntry(key: name, keyPlace: fields.place, value: $0.node) }
    }
    return sweepPoints(axes).map { point in
      _ = checkName(point.label, at: sweep.node.place, path: sweep.path)
      let swept = point.choices.map { SpecEntry(key: $0.axis.key, keyPlace: $0.axis.place, value: $0.value.node) }
      let node = SpecNode(content: .mapping(own + swept), place: fields.place)
      var settings = section.read(Field(node: node, path: fields.path), self) ?? section.blank
      settings.label = point.label
      return settings
    }
  }
}
