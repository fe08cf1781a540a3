import Formatting
import Generation
import Measures
import StrictYAML

/// What the report breaks metrics of untouched pictures down by.
public enum ReportFactor: Hashable, Sendable {
  /// Something that prompts name.
  case named(FactorName)
  /// How many of a prompt's objects are of a group, and how many are not.
  case group(ObjectGroup)

  /// The name of a table of a group, whatever the group is called.
  package static let groupName = "group"
  /// What the table of a group calls objects outside it.
  static let outside = "other"

  /// As files of tables are named, `held_out`.
  package var name: String {
    switch self {
    case .named(let factor): factor.rawValue
    case .group: Self.groupName
    }
  }
}

/// Objects that belong together.
public struct ObjectGroup: Codable, Hashable, Sendable {
  /// What tables call it, `core`.
  public internal(set) var group: String
  /// Their names, as prompts have them.
  public internal(set) var objects: [String]

  public init(group: String, objects: [String]) {
    self.group = group
    self.objects = objects
  }
}

extension ReportFactor: Codable {
  /// A name, or a group.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let name = try? container.decode(FactorName.self) {
      self = .named(name)
    } else {
      self = .group(try container.decode(ObjectGroup.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .named(let name): try container.encode(name)
    case .group(let group): try container.encode(group)
    }
  }
}

extension ReportFactor {
  /// Where a prompt belongs; nil for one of which the factor says nothing.
  package func level(of scene: PromptScene, _ words: SceneVocabulary) -> String? {
    switch self {
    case .named(let factor): return factor.level(of: scene, words)
    case .group(let group):
      let inside = scene.things.count { group.objects.contains($0.name) }
      let counts = [(inside, group.group), (scene.things.count - inside, Self.outside)].filter { $0.0 > 0 }
      return counts.map { "\($0.0) \($0.1)" }.joined(separator: " and ")
    }
  }
}

extension FactorName {
  /// Objects and colors are of prompts with one thing.
  fileprivate func level(of scene: PromptScene, _ words: SceneVocabulary) -> String? {
    let only = scene.things.count == 1 ? scene.things[0] : nil
    switch self {
    case .object: return only?.name
    case .color: return only?.color
    case .heldOut:
      guard let only, only.color != nil else { return nil }
      return words.isHeldOut(only.name, only.color) ? "never drawn" : "drawn"
    case .count: return "\(scene.things.count)"
    case .background: return scene.background
    case .style: return scene.style
    }
  }
}

extension ObjectGroup {
  static let section = Section(
    "group", blank: ObjectGroup(group: "", objects: []),
    keys: [
      Key(
        "group", \.group, .groupName, required: true, example: "core", "what the table calls the group"),
      Key(
        "objects", \.objects, .distinct(of: "objects", .line(allowsEmpty: false), ifEmpty: "name one object or more"),
        required: true, example: "[dog, car]", "a list of the objects in it, as prompts name them"),
    ])
}

extension Form<String> {
  /// What a table may call a group beside what it calls the rest.
  fileprivate static var groupName: Form<String> {
    line(allowsEmpty: false).checked { name, field, reader in
      if name == ReportFactor.outside {
        reader.report(field, "the table calls objects outside the group \"\(name)\"; choose another name")
      }
      return name
    }
  }
}

extension Form<[ReportFactor]> {
  /// Different names, and at most one group.
  static var factors: Form<[ReportFactor]> {
    let name = Form<FactorName>.choice
    let factor = Form<ReportFactor>(
      allowed: name.allowed,
      read: { field, reader in
        if case .mapping = field.node.content { return ObjectGroup.section.soundly(field, reader).map { .group($0) } }
        return name.read(field, reader).map { .named($0) }
      },
      write: { factor in
        switch factor {
        case .named(let factor): name.write(factor)
        case .group(let group): ObjectGroup.section.write(group)
        }
      })
    return Form.distinct(of: "tables", factor).checked { factors, field, reader in
      if factors.count(where: { $0.name == ReportFactor.groupName }) > 1 {
        reader.report(field, "there are several groups, and a report has a table of one; leave the others out")
      }
      return factors
    }
  }
}
