import Formatting
import Measures
import StrictYAML
import Tensors

/// What claims may name: what the rest of the file makes and measures. nil where a problem keeps it from being known.
package struct ClaimableNames {
  /// The interventions, and `source` where there are pairs.
  package var columns: [String]?
  package var metrics: [Metric]?
  package var seeds: [Seed]?
  /// Names of the settings of `generate`; none where there is but one.
  package var settings: [String]?
  /// Methods that are compared along their dials.
  package var curves: [String] = []
  /// Means over interventions that the claims themselves name.
  package var averages: [String] = []

  /// Everything that has a metric of each run.
  package var named: [String]? { columns.map { $0 + averages } }
}

extension FileReader {
  /// Keeps what claims may name.
  package func note(interventions: [InterventionSpec], metrics: [Metric]) {
    func isSound(_ paths: String...) -> Bool { !paths.contains { hasProblem(below: $0) } }
    let columns = interventions.map(\.name) + (context.hasPairs ? [InterventionSpec.sourceName] : [])
    let generate = context.generate
    context.claimable = ClaimableNames(
      columns: generate != nil && isSound("interventions", "generate.pairs") ? columns : nil,
      metrics: isSound("metrics") ? metrics : nil,
      seeds: isSound("generate.seeds", "generate.pairs") ? generate?.allSeeds : nil,
      settings: isSound("generate.settings", "generate.sweep")
        ? generate?.settings.map(\.label).filter { !$0.isEmpty } : nil,
      curves: context.claimable.curves)
  }

  /// Reports a metric that is no share.
  package func checkShare(_ name: String, _ field: Field, _ why: String) {
    guard let metric = context.claimable.metrics?.first(where: { $0.name == name }), !metric.isShare else { return }
    report(field, "\(why), and \(name) is \(metric.range)")
  }

  /// Reports a metric that sources do not have.
  package func checkOfPictures(_ name: String, _ field: Field) {
    guard let metric = context.claimable.metrics?.first(where: { $0.name == name }), metric.measure.isOfEdits else {
      return
    }
    report(field, "\(name) is of an edit, and a source has none; name a metric of pictures, as picture_right")
  }

  /// Reports sources that the file does not have.
  package func checkSources(_ field: Field) {
    if let columns = context.claimable.columns, !columns.contains(InterventionSpec.sourceName) {
      report(field, "the file has no pairs, and so no sources")
    }
  }

  /// Reports columns that are compared with themselves.
  package func checkDifferent(_ columns: [(key: String, name: String?)], _ fields: Fields) {
    for (index, column) in columns.enumerated() {
      guard let name = column.name, !name.isEmpty, let first = columns[..<index].first(where: { $0.name == name }),
        let field = fields[column.key]
      else { continue }
      report(field, "\(quoted(name)) is \(first.key) already; a difference to itself says nothing")
    }
  }

  /// A name that stands in another part of the file; nil after a report.
  fileprivate func known(_ name: String, _ field: Field, _ what: String, in known: [String]?) -> String? {
    guard let known, !known.contains(name) else { return name }
    let nearest = nearestName(to: name, in: known).map { "did you mean \(quoted($0))? " } ?? ""
    let there = known.isEmpty ? "\(what)s is empty" : "there are \(clippedList(known))"
    report(field, "the file has no \(what) \(quoted(name)); \(nearest)\(there)")
    return nil
  }
}

extension Form<String> {
  /// An intervention, an average of some, the source, or a method's curve.
  package static var columnOrCurve: Form<String> {
    text(allowsEmpty: false).checked { name, field, reader in
      let (columns, curves) = (reader.context.claimable.named, reader.context.claimable.curves)
      return reader.known(name, field, "intervention", in: columns.map { ($0 + curves).uniqued })
    }
  }

  /// An intervention, an average of some, or the source.
  package static var column: Form<String> {
    text(allowsEmpty: false).checked { $2.known($0, $1, "intervention", in: $2.context.claimable.named) }
  }

  /// An intervention, and no source.
  package static var intervention: Form<String> {
    text(allowsEmpty: false).checked { name, field, reader in
      let interventions = reader.context.claimable.columns?.filter { $0 != InterventionSpec.sourceName }
      return reader.known(name, field, "intervention", in: interventions)
    }
  }

  /// Settings of `generate` that have a name.
  package static var settings: Form<String> {
    text(allowsEmpty: false).checked { $2.known($0, $1, "setting", in: $2.context.claimable.settings) }
  }

  /// A metric that each run has for itself, so that seeds and edits can be left out.
  package static var metric: Form<String> {
    text(allowsEmpty: false).checked { name, field, reader in
      let metrics = reader.context.claimable.metrics
      guard let known = reader.known(name, field, "metric", in: metrics?.map(\.name)) else { return nil }
      guard let metric = metrics?.first(where: { $0.name == known }), metric.measure.isOfSets else { return known }
      let advice = metric.ofEachEdit.map { "; name \($0)" } ?? ""
      reader.report(
        field,
        "\(known) has one value for a \(metric.measure.subject), of which no seed or edit can be left out\(advice)")
      return nil
    }
  }
}

extension Form<[Seed]> {
  package static var heldOutSeeds: Form<[Seed]> {
    let seed = Form<Seed>.seed.checked { seed, field, reader in
      if let seeds = reader.context.claimable.seeds, !seeds.contains(seed) {
        reader.report(field, "the file makes no seed \(seed); generate.seeds: \(clippedList(seeds.map(String.init)))")
      }
      return seed
    }
    return distinct(of: "seeds", seed, ifEmpty: "give at least one of the seeds")
  }
}

extension Metric {
  /// What tells of each edit what this one tells of a set; nil where nothing does.
  fileprivate var ofEachEdit: String? { ["expected_tries": "accepted", "color_gain": "color_gain_each"][name] }
}

/// The first names of a list that may be long.
private func clippedList(_ names: [String]) -> String {
  let shown = 20
  let more = names.count > shown ? " and \(names.count - shown) more" : ""
  return names.prefix(shown).joined(separator: ", ") + more
}
