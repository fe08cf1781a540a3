/// A key of a file: the one description by which it is read, written and explained.
package struct SpecKey<Owner: Sendable, Context>: Sendable {
  package let name: String
  /// Whether a section without it is refused.
  let isRequired: Bool
  /// Whether it is left out of what is written where it has its default.
  package let isBrief: Bool
  /// A value, in YAML, that is not the default.
  package let example: String
  /// What it means, in a sentence of Markdown, with what its form allows.
  let meaning: String
  /// The default in Markdown; nil: as the section's blank writes it.
  let standard: String?
  /// Puts the value into the owner, which keeps its default where the key is absent, and after a report.
  let read: @Sendable (Fields, SpecReader<Context>, inout Owner) -> Void
  /// nil: the key is not written.
  let write: @Sendable (Owner) -> YAMLValue?

  /// A key that is one property.
  /// - Parameters:
  ///   - path: The property; its default is the value of the section's blank.
  ///   - form: How the value is read and written, and its limits.
  ///   - meaning: In which `{allowed}` stands for what the form allows.
  package init<Value>(
    _ name: String, _ path: WritableKeyPath<Owner, Value> & Sendable, _ form: ValueForm<Value, Context>,
    required isRequired: Bool = false, brief isBrief: Bool = false, standard: String? = nil, example: String,
    _ meaning: String
  ) {
    self.init(
      name, required: isRequired, brief: isBrief, standard: standard, example: example,
      meaning.replacing("{allowed}", with: form.allowed),
      read: { fields, reader, owner in
        if let field = fields[name], let value = form.read(field, reader) { owner[keyPath: path] = value }
      },
      write: { form.write($0[keyPath: path]) })
  }

  /// A key whose value is more than one property, or depends on other keys.
  package init(
    _ name: String, required isRequired: Bool = false, brief isBrief: Bool = false, standard: String? = nil,
    example: String, _ meaning: String,
    read: @escaping @Sendable (Fields, SpecReader<Context>, inout Owner) -> Void,
    write: @escaping @Sendable (Owner) -> YAMLValue?
  ) {
    self.name = name
    self.isRequired = isRequired
    self.isBrief = isBrief
    self.example = example
    self.meaning = meaning
    self.standard = standard
    self.read = read
    self.write = write
  }

  /// The same key in a mapping that holds those of another section beside its own.
  /// - Parameter path: nil where the outer mapping has not the inner one's keys: they are neither read nor written.
  package func lifted<Outer>(_ path: WritableKeyPath<Outer, Owner?> & Sendable) -> SpecKey<Outer, Context> {
    SpecKey<Outer, Context>(
      name, required: isRequired, brief: isBrief, standard: standard, example: example, meaning,
      read: { fields, reader, outer in
        guard var inner = outer[keyPath: path] else { return }
        read(fields, reader, &inner)
        outer[keyPath: path] = inner
      }, write: { $0[keyPath: path].flatMap(write) })
  }
}
