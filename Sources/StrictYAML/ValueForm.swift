import Formatting

/// How a value stands in a file: how it is read and written, and what is allowed.
package struct ValueForm<Value: Sendable, Context>: Sendable {
  /// What may stand there, in Markdown, `1 to 1000`; empty where a key's meaning says it.
  package let allowed: String
  /// Reads the value, and reports what is wrong with it; nil where nothing can be made of it.
  package let read: @Sendable (Field, SpecReader<Context>) -> Value?
  /// nil: nothing is written.
  package let write: @Sendable (Value) -> YAMLValue?

  package init(
    allowed: String = "", read: @escaping @Sendable (Field, SpecReader<Context>) -> Value?,
    write: @escaping @Sendable (Value) -> YAMLValue?
  ) {
    self.allowed = allowed
    self.read = read
    self.write = write
  }

  /// The same with more that is asked of a value.
  /// - Parameter check: The value, or another in its place; nil after a report.
  package func checked(
    allowed: String? = nil, _ check: @escaping @Sendable (Value, Field, SpecReader<Context>) -> Value?
  ) -> ValueForm {
    ValueForm(
      allowed: allowed ?? self.allowed,
      read: { field, reader in read(field, reader).flatMap { check($0, field, reader) } }, write: write)
  }
}

// MARK: Scalars

extension ValueForm where Value == String {
  package static func text(allowsEmpty: Bool = true) -> ValueForm {
    ValueForm(read: { $1.text($0, allowsEmpty: allowsEmpty) }, write: { .text($0) })
  }

  /// Text without line breaks and other control characters.
  package static func line(allowsEmpty: Bool = true) -> ValueForm {
    ValueForm(read: { $1.line($0, allowsEmpty: allowsEmpty) }, write: { .text($0) })
  }
}

extension ValueForm where Value: FixedWidthInteger {
  package static func whole(_ range: ClosedRange<Value>) -> ValueForm {
    ValueForm(
      allowed: "\(range.lowerBound) to \(range.upperBound)", read: { $1.integer($0, in: range) },
      write: { .plain("\($0)") })
  }
}

extension ValueForm where Value == Double {
  package static func number(_ range: ClosedRange<Double>) -> ValueForm {
    ValueForm(
      allowed: "\(brief(range.lowerBound)) to \(brief(range.upperBound))", read: { $1.number($0, in: range) },
      write: { .plain("\($0)") })
  }
}

extension ValueForm where Value == Bool {
  package static var truth: ValueForm { ValueForm(read: { $1.bool($0) }, write: { .plain("\($0)") }) }
}

extension ValueForm where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the names of an enumeration.
  package static var choice: ValueForm {
    ValueForm(
      allowed: Markdown.codes(Value.allCases.map(\.rawValue)), read: { $1.choice($0, Value.self) },
      write: { .plain($0.rawValue) })
  }
}

// MARK: Values of values

extension ValueForm {
  /// The same, or `null` for nil.
  package static func orNull<Wrapped>(_ form: ValueForm<Wrapped, Context>) -> ValueForm where Value == Wrapped? {
    ValueForm(
      allowed: form.allowed, read: { $0.node.isNull ? .some(nil) : form.read($0, $1).map(Optional.some) },
      write: { value in if let value { form.write(value) } else { .null } })
  }

  /// The same, or `all` for nil.
  package static func orAll<Wrapped>(_ form: ValueForm<Wrapped, Context>) -> ValueForm where Value == Wrapped? {
    ValueForm(
      allowed: form.allowed, read: { $0.node.isAll ? .some(nil) : form.read($0, $1).map(Optional.some) },
      write: { value in if let value { form.write(value) } else { .plain("all") } })
  }

  /// The same, where the key's absence is nil.
  package static func ifGiven<Wrapped>(_ form: ValueForm<Wrapped, Context>) -> ValueForm where Value == Wrapped? {
    ValueForm(
      allowed: form.allowed, read: { form.read($0, $1).map(Optional.some) }, write: { $0.flatMap(form.write) })
  }

  /// A list whose entries differ in their names alone.
  /// - Parameters:
  ///   - what: What a message calls the entries.
  ///   - ifEmpty: What to do about a list without any; nil: it may be empty.
  package static func list<Entry>(of what: String, _ form: ValueForm<Entry, Context>, ifEmpty: String? = nil)
    -> ValueForm
  where Value == [Entry] {
    list(of: what, form, ifEmpty) { entries, reader in
      reader.withNames { entries.compactMap { form.read($0, reader) } }
    }
  }

  /// A list in which nothing stands twice.
  package static func distinct<Entry: Hashable>(
    of what: String, _ form: ValueForm<Entry, Context>, ifEmpty: String? = nil
  ) -> ValueForm where Value == [Entry] {
    list(of: what, form, ifEmpty) { entries, reader in reader.distinct(entries) { form.read($0, reader) } }
  }

  private static func list<Entry>(
    of what: String, _ form: ValueForm<Entry, Context>, _ ifEmpty: String?,
    _ read: @escaping @Sendable ([Field], SpecReader<Context>) -> [Entry]
  ) -> ValueForm where Value == [Entry] {
    ValueForm(
      allowed: form.allowed,
      read: { field, reader in
        guard let entries = reader.list(field, of: what) else { return nil }
        if let ifEmpty, entries.isEmpty { reader.report(field, "the list is empty; \(ifEmpty)") }
        return read(entries, reader)
      }, write: { .list($0.compactMap(form.write)) })
  }

  /// A mapping with the keys of a section.
  package static func keys(_ section: SpecSection<Value, Context>) -> ValueForm {
    ValueForm(
      allowed: Markdown.codes(section.names), read: { section.read($0, $1) }, write: { section.write($0) })
  }
}
