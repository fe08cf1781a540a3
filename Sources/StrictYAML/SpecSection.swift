import Formatting

/// The keys of one mapping of a file: what reading allows, writing writes and the reference lists.
package struct SpecSection<Owner: Sendable, Context>: Sendable {
  /// As the reference calls it.
  package let name: String
  /// What a mapping without any key comes to: the default of each.
  package let blank: Owner
  /// In the order in which they are read, written and listed.
  package let keys: [SpecKey<Owner, Context>]
  /// Reports what is wrong with several keys together.
  let check: @Sendable (Owner, Fields, SpecReader<Context>) -> Void

  package init(
    _ name: String, blank: Owner, keys: [SpecKey<Owner, Context>],
    check: @escaping @Sendable (Owner, Fields, SpecReader<Context>) -> Void = { _, _, _ in }
  ) {
    self.name = name
    self.blank = blank
    self.keys = keys
    self.check = check
  }

  package var names: [String] { keys.map(\.name) }

  /// The same with fewer keys, in another order.
  package func keeping(_ names: [String]) -> SpecSection {
    SpecSection(name, blank: blank, keys: names.compactMap { name in keys.first { $0.name == name } }, check: check)
  }

  /// - Returns: nil, after a report, for what is no mapping.
  package func read(_ field: Field, _ reader: SpecReader<Context>) -> Owner? {
    let required = keys.filter(\.isRequired).map(\.name)
    guard let fields = reader.fields(field, allowed: names, required: required) else { return nil }
    var owner = blank
    for key in keys { key.read(fields, reader, &owner) }
    check(owner, fields, reader)
    return owner
  }

  /// The same where nothing is wrong; nil after any report.
  package func soundly(_ field: Field, _ reader: SpecReader<Context>) -> Owner? {
    let before = reader.problems.count
    let owner = read(field, reader)
    return reader.problems.count == before ? owner : nil
  }

  package func write(_ owner: Owner) -> YAMLValue {
    .keys(
      keys.compactMap { key in
        guard let value = key.write(owner), !key.isBrief || value.flow != key.write(blank)?.flow else { return nil }
        return (key.name, value)
      })
  }

  package var reference: SectionReference {
    SectionReference(
      section: name,
      keys: keys.map { key in
        let standard = key.standard ?? key.write(blank).map { Markdown.code($0.flow) } ?? ""
        return (key.name, key.meaning, key.isRequired ? "required" : standard, key.example)
      })
  }
}

/// The keys of one mapping of a file, as its reference explains them.
public struct SectionReference: Sendable {
  /// What may stand there, and what is taken without the key, in Markdown; empty where nothing is done without it. The
  /// example is YAML.
  public typealias Key = (name: String, value: String, standard: String, example: String)

  /// `generate`, or `experiment` for the top level.
  public let section: String
  public let keys: [Key]

  package init(section: String, keys: [Key]) {
    self.section = section
    self.keys = keys
  }

  /// The keys as a table in Markdown.
  public var table: String {
    Markdown.table(
      ["key", "value", "default", "example"],
      keys.map { [Markdown.code($0.name), $0.value, $0.standard, Markdown.code($0.example)] })
  }
}
