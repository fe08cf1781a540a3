import Attention
import Formatting
import StrictYAML

extension FileReader {
  /// An intervention for each combination of a sweep's values, or the one of a plain list.
  ///
  /// A swept value is put into the file's tree before the operations are read, so that it is checked like one that stands
  /// there, and what is wrong with it is reported at its place.
  func interventions(named name: String, at namePlace: SpecPlace, _ field: Field) -> [InterventionSpec] {
    let operations = Form<[OperationSpec]>.list(
      of: "operations, [] to change nothing, { method } or { sweep, operations }", .change)
    if case .mapping(let keys) = field.node.content, keys.contains(where: { $0.key == "method" }) {
      return methodInterventions(named: name, at: namePlace, field)
    }
    guard case .mapping(let keys) = field.node.content,
      keys.contains(where: { ["sweep", "operations"].contains($0.key) })
    else {
      return [InterventionSpec(name: name, operations: operations.read(field, self) ?? [])]
    }
    guard let fields = fields(field, allowed: ["sweep", "operations"], required: ["sweep", "operations"]),
      let list = fields["operations"], let sweep = fields["sweep"],
      let entries = self.list(list, of: "operations"),
      let axes = sweepAxes(sweep, problem: { sweepProblem($0, operations: entries.count) })
    else { return [] }
    return sweepPoints(axes).compactMap { point in
      let full = "\(name) \(point.label)"
      let before = problems.count
      _ = checkName(full, at: namePlace, path: field.path)
      let nodes = entries.enumerated().map { substituted(point, index: $0, $1) }
      guard problems.count == before else { return nil }
      let swept = Field(node: SpecNode(content: .list(nodes), place: list.node.place), path: list.path)
      return InterventionSpec(name: full, operations: operations.read(swept, self) ?? [])
    }
  }

  /// Why a key cannot be swept; nil if it can, as far as the key alone tells.
  private func sweepProblem(_ key: String, operations: Int) -> String? {
    let parts = key.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2 else { return "a key is a name, or the number of an operation and a name, as 1.strength" }
    // `01` and `+1` are numbers too, but no operation is named so.
    if parts.count == 2, Int(parts[0]).map({ (0..<operations).contains($0) && String($0) == parts[0] }) != true {
      return "\(quoted(String(parts[0]))) is no operation; there are \(operations), numbered from 0"
    }
    let name = String(parts[parts.count - 1])
    let known = ["layers"] + OperationSpec.section.names + OperationRegistry.all.flatMap(\.keys).map(\.name).uniqued
    guard !known.contains(name) else { return nil }
    let nearest = nearestName(to: name, in: known).map { "did you mean \(quoted($0))? " } ?? ""
    return "an operation has no key \(quoted(name)); \(nearest)allowed: \(known.joined(separator: ", "))"
  }

  /// An operation with the values of a point in it.
  private func substituted(_ point: SweepPoint, index: Int, _ field: Field) -> SpecNode {
    guard case .mapping(var entries) = field.node.content else { return field.node }
    for (axis, value) in point.choices {
      let parts = axis.key.split(separator: ".")
      if parts.count == 2, parts[0] != "\(index)" { continue }
      if axis.shortKey == "layers" {
        setLayers(value.node, of: field, in: &entries)
      } else if entries.contains(where: { $0.key == axis.shortKey }) {
        report(field, "\(axis.shortKey) is swept, and stands in the operation too; leave it out there")
      } else {
        entries.append(SpecEntry(key: axis.shortKey, keyPlace: axis.place, value: value.node))
      }
    }
    return SpecNode(content: .mapping(entries), place: field.node.place)
  }

  /// Puts layers in place of the `*` of `self:*`.
  private func setLayers(_ layers: SpecNode, of field: Field, in entries: inout [SpecEntry]) {
    guard case .scalar(let text, let kind) = layers.content, kind == .text || kind == .integer,
      text.first?.isNumber == true
    else {
      report(Field(node: layers, path: field.path), "layers are numbers and ranges, as 7, 4-14 or \"2,3,5\"")
      return
    }
    guard let index = entries.firstIndex(where: { $0.key == "sites" }),
      case .scalar(let sites, .text) = entries[index].value.content, sites.hasSuffix(":*")
    else {
      report(
        field, "layers are swept, and take the place of * in sites: write sites: \"self:*\", \"cross:*\" or \"*:*\"")
      return
    }
    entries[index].value = SpecNode(content: .scalar(sites.dropLast() + text, .text), place: layers.place)
  }
}
