import Foundation
import StrictYAML

/// What is set of a method's dials.
public struct MethodSettings: Hashable, Sendable {
  /// As a selector has them, `4-14`; nil: the method's own.
  public var layers: String?
  /// The share of the steps at which its longest window ends, 0...1; nil: the method's own.
  public var until: Double?
  /// 0...1; nil: the method's own.
  public var strength: Double?
  /// The words that name the object; empty: none.
  public var object: [String]

  public init(layers: String? = nil, until: Double? = nil, strength: Double? = nil, object: [String] = []) {
    self.layers = layers
    self.until = until
    self.strength = strength
    self.object = object
  }
}

extension EditingMethod {
  /// Its operations, with its dials set.
  /// - Throws: `SpecError` with every dial that it has not, and every value that cannot be.
  public func intervention(_ settings: MethodSettings = MethodSettings()) throws(SpecError) -> InterventionSpec {
    let place = SpecPlace.line(1, column: 1)
    func scalar(_ text: String, _ kind: ScalarKind) -> SpecNode { SpecNode(content: .scalar(text, kind), place: place) }
    var values: [MethodDial: SpecNode] = [:]
    if let layers = settings.layers { values[.layers] = scalar(layers, .text) }
    if let until = settings.until { values[.until] = scalar("\(until)", .number) }
    if let strength = settings.strength { values[.strength] = scalar("\(strength)", .number) }
    if !settings.object.isEmpty {
      values[.object] = SpecNode(content: .list(settings.object.map { scalar($0, .text) }), place: place)
    }
    var context = FileContext()
    context.assumesPairs()
    let reader = FileReader(file: name, context: context)
    let entries = values.map { SpecEntry(key: $0.key.rawValue, keyPlace: place, value: $0.value) }
    let field = Field(node: SpecNode(content: .mapping(entries), place: place), path: "")
    let made = reader.intervention(named: name, self, field)
    guard reader.problems.isEmpty else { throw SpecError(file: name, problems: reader.problems) }
    return made
  }

  /// The operations with a dial set, as a tree of the file.
  fileprivate func turned(_ dial: MethodDial, to value: SpecNode, _ operations: [SpecNode?]) -> [SpecNode?] {
    let chosen = dials[dial] ?? []
    var operations = operations
    func change(_ body: (inout [SpecEntry], Int) -> Bool) {
      for index in chosen {
        guard let node = operations[index], case .mapping(var entries) = node.content else { continue }
        operations[index] =
          body(&entries, index) ? SpecNode(content: .mapping(entries), place: node.place) : nil
      }
    }
    switch dial {
    case .layers:
      guard case .scalar(let layers, _) = value.content else { return operations }
      change { entries, _ in
        guard case .scalar(let sites, _)? = entries["sites"]?.content, let colon = sites.firstIndex(of: ":") else {
          return true
        }
        entries["sites"] = SpecNode(content: .scalar(sites[...colon] + layers, .text), place: value.place)
        return true
      }
    case .until:
      guard case .scalar(let text, _) = value.content, let until = Double(text) else { return operations }
      let longest = chosen.compactMap { operations[$0]?.window?.to }.max() ?? 1
      change { entries, index in
        guard let window = operations[index]?.window else { return true }
        // Without what binary fractions add to decimal ones, which would end a window a step too early.
        let end = (window.to * until / longest * 1e9).rounded() / 1e9
        guard window.from < end else { return false }
        let bounds = [window.from, end].map { SpecNode(content: .scalar("\($0)", .number), place: value.place) }
        let list = SpecNode(content: .list(bounds), place: value.place)
        entries["steps"] = SpecNode(
          content: .mapping([SpecEntry(key: "fraction", keyPlace: value.place, value: list)]), place: value.place)
        return true
      }
    case .strength, .object:
      change { entries, _ in
        entries[dial.rawValue] = value
        return true
      }
    }
    return operations
  }
}

extension FileReader {
  /// The intervention of a method, whose dials are the keys of a mapping.
  func intervention(named name: String, _ method: EditingMethod, _ field: Field) -> InterventionSpec {
    let dials = method.dialNames.map(\.rawValue)
    let before = problems.count
    guard let fields = fields(field, allowed: dials + ["method"]),
      case .list(let nodes) = method.operations.placed(at: field.node.place).content
    else { return InterventionSpec(name: name, operations: []) }
    var operations = nodes.map { Optional($0) }
    for dial in method.dialNames {
      guard let value = fields[dial.rawValue] else { continue }
      guard isSound(value, dial) else { continue }
      operations = method.turned(dial, to: value.node, operations)
    }
    if let missing = method.dials[.object], !missing.isEmpty, fields[MethodDial.object.rawValue] == nil {
      report(field, "\(method.name) needs object: \(MethodDial.object.meaning)")
    }
    guard problems.count == before else { return InterventionSpec(name: name, operations: []) }
    let list = Field(
      node: SpecNode(content: .list(operations.compactMap { $0 }), place: field.node.place), path: field.path)
    return InterventionSpec(
      name: name, operations: Form<[OperationSpec]>.list(of: "operations", .change).read(list, self) ?? [])
  }

  /// Interventions of a method: one, or one for each combination of a sweep's values.
  func methodInterventions(named name: String, at namePlace: SpecPlace, _ field: Field) -> [InterventionSpec] {
    guard case .mapping(let entries) = field.node.content, let method = method(field) else { return [] }
    guard let sweep = entries.first(where: { $0.key == "sweep" }) else {
      return [intervention(named: name, method, field)]
    }
    let dials = method.dialNames.map(\.rawValue)
    let others = entries.filter { $0.key != "sweep" }
    let axes = sweepAxes(Field(node: sweep.value, path: keyPath(field.path, "sweep"))) { key in
      if others.contains(where: { $0.key == key }) { return "stands beside the sweep too; leave it out there" }
      return dials.contains(key)
        ? nil : "\(method.name) has no dial of this name; it has \(dials.joined(separator: ", "))"
    }
    return sweepPoints(axes ?? []).map { point in
      let full = "\(name) \(point.label)"
      _ = checkName(full, at: namePlace, path: field.path)
      let chosen = point.choices.map { SpecEntry(key: $0.axis.key, keyPlace: $0.axis.place, value: $0.value.node) }
      let node = SpecNode(content: .mapping(others + chosen), place: field.node.place)
      return intervention(named: full, method, Field(node: node, path: field.path))
    }
  }

  private func method(_ field: Field) -> EditingMethod? {
    guard case .mapping(let entries) = field.node.content, let entry = entries.first(where: { $0.key == "method" })
    else { return nil }
    let here = Field(node: entry.value, path: keyPath(field.path, "method"))
    guard let name = line(here) else { return nil }
    if let method = EditingMethods.named(name) { return method }
    report(here, EditingMethods.unknown(name))
    return nil
  }

  /// Whether the value of a dial can be put into operations; what an operation does not allow is reported there.
  private func isSound(_ value: Field, _ dial: MethodDial) -> Bool {
    switch dial {
    case .layers:
      guard case .scalar(let text, let kind) = value.node.content, kind == .text || kind == .integer,
        text.first?.isNumber == true
      else {
        report(value, "layers are numbers and ranges, as 7, 4-14 or \"2,3,5\"")
        return false
      }
      return true
    case .until, .strength: return number(value, in: 0...1) != nil
    case .object: return list(value, of: "words") != nil
    }
  }
}

extension SpecNode {
  /// The same tree, all of it at another place: that of the value which stands for it.
  fileprivate func placed(at place: SpecPlace) -> SpecNode {
    switch content {
    case .scalar: SpecNode(content: content, place: place)
    case .list(let nodes): SpecNode(content: .list(nodes.map { $0.placed(at: place) }), place: place)
    case .mapping(let entries):
      SpecNode(
        content: .mapping(
          entries.map { SpecEntry(key: $0.key, keyPlace: place, value: $0.value.placed(at: place)) }), place: place)
    }
  }

  /// The share of the steps at which an operation acts.
  fileprivate var window: (from: Double, to: Double)? {
    guard case .mapping(let entries) = content, case .mapping(let steps)? = entries["steps"]?.content,
      case .list(let bounds)? = steps["fraction"]?.content
    else { return nil }
    let numbers = bounds.compactMap { bound in
      if case .scalar(let text, _) = bound.content { Double(text) } else { nil }
    }
    return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
  }
}

extension [SpecEntry] {
  fileprivate subscript(key: String) -> SpecNode? {
    get { first { $0.key == key }?.value }
    set {
      let index = firstIndex { $0.key == key }
      switch (index, newValue) {
      case (let index?, let value?): self[index].value = value
      case (nil, let value?): append(SpecEntry(key: key, keyPlace: value.place, value: value))
      case (let index?, nil): remove(at: index)
      case (nil, nil): break
      }
    }
  }
}
