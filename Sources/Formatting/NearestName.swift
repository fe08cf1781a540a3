/// The allowed name that was most likely meant, or nil if none is near.
///
/// Near is: the same but for capitals, hyphens and spaces; or at most one edit for every three letters (insert, remove,
/// change a letter, swap two neighbours; Damerau and Levenshtein's distance in its restricted form); or, for four letters
/// and more, one being a whole part of the other between underscores, as `guidance` is of `guidance_scale`; or its first
/// three letters or more.
/// The nearest wins, and of equally near ones the first. A name of more than 64 bytes is near to none, and so is each where there are
/// more than 500 to choose from.
public func nearestName(to name: String, in allowed: [String]) -> String? {
  guard name.utf8.count <= 64, allowed.count <= 500 else { return nil }
  let wanted = simplified(name)
  let limit = max(1, wanted.count / 3)
  var best: (name: String, distance: Int)?
  for candidate in allowed where candidate.utf8.count <= 2 * 64 {
    let distance = editDistance(wanted, simplified(candidate))
    // A one-letter name is one edit away from every other: that is no likeness.
    guard distance <= limit, distance < max(wanted.count, 1), distance < best?.distance ?? .max else { continue }
    best = (candidate, distance)
  }
  return best?.name ?? allowed.first { sharesPart(wanted, simplified($0)) }
    ?? allowed.first { wanted.count >= 3 && simplified($0).starts(with: wanted) }
}

private func simplified(_ name: String) -> [Character] {
  name.lowercased().map { $0 == "-" || $0 == " " ? "_" : $0 }
}

private func sharesPart(_ a: [Character], _ b: [Character]) -> Bool {
  let (short, long) = a.count < b.count ? (a, b) : (b, a)
  return short.count >= 4 && long.split(separator: "_").contains { $0.elementsEqual(short) }
}

/// Edits from `a` to `b`, where two neighbours that changed places count as one.
func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var distance = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { distance = min(distance, beforeLast[j - 1] + 1) }
      row.append(distance)
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
