import Attention
import Formatting
import StrictYAML

extension SpecDecoder {
  /// - Parameter count: The run's steps, or nil where they are not known.
  package func record(_ field: Field, count: ClosedRange<Int>?) -> [RecordSpec] {
    var names: [String: String] = [:]
    return (reader.list(field, of: "records") ?? []).compactMap { entry in
      guard let fields = reader.fields(entry, allowed: SpecReference.record.names, required: ["name", "sites"]) else {
        return nil
      }
      return RecordSpec(
        name: fields["name"].map { distinctName($0, &names) } ?? "",
        sites: fields["sites"].flatMap(sites) ?? "",
        heads: fields["heads"].flatMap { reader.choice($0, HeadChoice.self) } ?? .mean,
        steps: fields["steps"].flatMap { self.steps($0, count: count) } ?? .all,
        tokens: fields["tokens"].flatMap(tokens) ?? .all,
        branch: fields["branch"].flatMap { reader.choice($0, BranchChoice.self) } ?? .conditional,
        pool: given(fields["pool"]).flatMap { reader.integer($0, in: 1...1024) },
        dtype: fields["dtype"].flatMap { reader.choice($0, MapType.self) } ?? .float32)
    }
  }

  /// A name that no earlier one of `names` (with their paths) equals; empty after a report.
  package func distinctName(_ field: Field, _ names: inout [String: String]) -> String {
    guard let name = reader.text(field), checkName(name, at: field.node.place, path: field.path) else { return "" }
    if let first = names[name] {
      reader.report(field, "\(quoted(name)) is the name at \(first) already; names differ")
    } else {
      names[name] = field.path
    }
    return name
  }

  package func sites(_ field: Field) -> String? {
    guard let text = reader.line(field, allowsEmpty: false) else { return nil }
    do {
      try checkSites(text)
    } catch {
      reader.report(field, "\(error)")
    }
    return text
  }

  package func tokens(_ field: Field) -> TokenSelector? {
    if case .scalar(let text, let kind) = field.node.content {
      switch (text, kind) {
      case ("all", .text): return .all
      case ("words", .text): return .words
      default:
        reader.report(
          field, "expected all, words or a list, found \(field.node.described); one word is written [\(text)]")
        return nil
      }
    }
    guard let entries = reader.list(field, of: "words and positions") else { return nil }
    if entries.isEmpty { reader.report(field, "the list is empty; write all or words, or leave the key out") }
    return .names(reader.distinct(entries, token))
  }

  private func token(_ field: Field) -> TokenName? {
    if case .scalar(_, .integer) = field.node.content {
      return reader.integer(field, in: 0...Int(Int32.max)).map { .position($0) }
    }
    guard let word = reader.line(field, allowsEmpty: false) else { return nil }
    if word.hasPrefix("<"), !word.hasPrefix("<after "), !TokenName.roleNames.contains(word) {
      let nearest = nearestName(to: word, in: TokenName.roleNames).map { "did you mean \($0)? " } ?? ""
      let allowed = TokenName.roleNames.joined(separator: ", ")
      reader.report(field, "unknown name \(quoted(word)); \(nearest)allowed: \(allowed), words and positions")
      return nil
    }
    do { return try TokenName(word) } catch {
      reader.report(field, "\(quoted(word)): after # stands which of the word's occurrences is meant, from 1, as car#2")
      return nil
    }
  }
}
