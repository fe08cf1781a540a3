import Formatting
import MapProbes
import Probing

/// How probes were trained and tested, and what of it differs from the paper.
struct ProbeMethods {
  private let findings: ProbeFindings

  init(_ findings: ProbeFindings) { self.findings = findings }

  private var probes: [ProbeResult] { findings.probes }

  var text: String { [table, how, paper].joined(separator: "\n\n") }

  private var table: String {
    let rows = probes.map { probe in
      [
        Markdown.code(probe.name), Markdown.text("\(probe.label) (\(probe.classes.joined(separator: ", ")))"),
        Markdown.code(probe.from), Markdown.text(ProbeText.features(probe.features)), Markdown.text(places(probe)),
        probe.classifier, "\(probe.samples)" + (probe.tested.map { ", tested on \($0) others" } ?? ""),
        "\(probe.folds), by \(ProbeText.held(probe.grouping))",
        "\(probe.permuted) within \(probe.strata) of one \(Markdown.text(probe.strataOf))",
      ]
    }
    return Markdown.table(
      ["probe", "tells", "maps of", "sees", "places", "classifier", "n:", "folds", "permutations"], rows)
  }

  /// `layers 1-16 of cross, calls 0, 5, 10, heads together`.
  private func places(_ probe: ProbeResult) -> String {
    let kinds = probe.cells.map(\.kind).uniqued.joined(separator: " and ")
    let calls = probe.cells.map(\.call).uniqued
    let heads = probe.cells.compactMap(\.head).uniqued
    let together = probe.cells.contains { $0.head == nil }
    let parts = [together ? "heads together" : "", heads.isEmpty ? "" : "each of \(counted(heads.count, "head"))"]
    return "layers \(ranges(probe.cells.map(\.layer))) of \(kinds); \(calls.count == 1 ? "call" : "calls") "
      + "\(calls.sorted().map(String.init).joined(separator: ", ")); "
      + parts.filter { !$0.isEmpty }.joined(separator: " and ")
  }

  private var how: String {
    let kept =
      probes.allSatisfy(\.isRefitted)
      ? ""
      : " Where the table says that answers are kept, the probe is not trained anew: the labels that its answers are judged by are "
        + "permuted. Folds share what they were trained on, so such a p is too small, and holds no level: it describes, and "
        + "decides nothing."
    return """
      Each probe is trained on all folds but one and asked about that one, in turn, so that every picture is asked about once, by \
      a probe that has seen none of its fold. Intervals are by Student's t over seeds, since pictures of one seed share their noise; \
      where all seeds agree they are by pictures, after Clopper and Pearson, with a correction for few seeds (Korn and Graubard). \
      A place's p value is the share of permutations of the labels under which the best of all places does as well. So the \
      chance that one or more places are found wrongly is held to the level.\(kept) A gain is the probe's accuracy less the control's on the \
      same pictures.
      """
  }

  private var paper: String {
    """
    *What differs from the paper* (Liu et al., CVPR 2024). It publishes neither samples, nor split, nor controls. Here pictures of \
    a seed never stand on both sides, labels are permuted, and each control is reported apart. Ridge regression reads all places; \
    the paper's network (dropout, tanh, one layer of 2048) is used only where a classifier is called `network`. The model, its \
    grids and its lists of classes are this experiment's.
    """
  }
}
