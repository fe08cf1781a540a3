import Generation
import StrictYAML
import Tensors

extension RunCount {
  /// Of a file's tree, before templates, sweeps and lists are written out.
  ///
  /// A pairs file counts as one pair, since only reading it tells. So does a template or sweep that has more combinations
  /// than one may have, and whatever is wrong otherwise: the decoder refuses it, without writing it out.
  init(_ root: SpecNode) {
    guard let generate = root["generate"] else { return }
    let entries = generate["pairs"]?.list ?? []
    ownPairs = saturatingSum(entries.compactMap(Self.ownPairs))
    ownSources = ownPairs
    pairs = saturatingSum(
      entries.filter { Self.ownPairs($0) == nil }.map { Self.combinations(of: $0["lists"]) ?? 1 })
    prompts = saturatingSum((generate["prompts"]?.list ?? []).map { Self.combinations(of: $0["lists"]) ?? 1 })
    sources = pairs == 0 ? 0 : 1
    seeds = generate["seeds"]?.list?.count ?? 1
    settings = generate["settings"]?.list?.count ?? Self.points(of: generate["sweep"])
    interventions =
      root["interventions"]?.entries.map { entries in
        saturatingSum(entries.map { Self.points(of: $0.value["sweep"]) })
      } ?? 1
  }

  /// The pairs of an entry whose pairs have seeds of their own, each as often as it has seeds; nil for any other entry.
  private static func ownPairs(_ entry: SpecNode) -> Int? {
    func number(_ key: String) -> Int? {
      guard case .scalar(let text, .integer)? = entry[key]?.content else { return nil }
      return Int(text)
    }
    if entry["draw"] != nil {
      let count = saturatingProduct(number("draw") ?? 1, number("seeds_each") ?? DrawnPairsEntry.standardSeeds)
      return max(1, count)
    }
    return entry["seeds"]?.list?.count
  }

  /// The combinations of lists by name; nil where there are none.
  private static func combinations(of lists: SpecNode?) -> Int? {
    guard let entries = lists?.entries, !entries.isEmpty else { return nil }
    let count = entries.reduce(1) { saturatingProduct($0, $1.value.list?.count ?? 1) }
    return count > PlanLimits.prompts ? 1 : count
  }

  /// The combinations of a sweep's values; 1 without a sweep.
  private static func points(of sweep: SpecNode?) -> Int {
    let count = (sweep?.entries ?? []).reduce(1) { saturatingProduct($0, values(of: $1.value)) }
    return count > PlanLimits.combinations ? 1 : count
  }

  /// The values of an axis: a list, named values, or a rule, which makes as many as its range has at most.
  private static func values(of axis: SpecNode) -> Int {
    if let list = axis.list { return list.count }
    guard let range = axis["single"] ?? axis["of"], case .scalar(let text, _) = range.content else {
      return axis.entries?.count ?? 1
    }
    let bounds = text.split(separator: "-").compactMap { Int($0) }
    return bounds.count == 2 ? max(1, saturatingSum([bounds[1], 1 - max(0, bounds[0])])) : 1
  }
}

extension SpecNode {
  fileprivate var list: [SpecNode]? { if case .list(let nodes) = content { nodes } else { nil } }

  fileprivate var entries: [SpecEntry]? { if case .mapping(let entries) = content { entries } else { nil } }

  fileprivate subscript(key: String) -> SpecNode? { entries?.first { $0.key == key }?.value }
}
