// What an edit did, as the scene reader sees it: whether what was asked for is there, and what else was kept.

extension Metric {
  static let attributeReflected = judged(
    "attribute_reflected", "attribute reflected",
    "1: all that differs between the prompts (object, color, background, style) is in the edit as the target says; no value "
      + "where nothing differs or a color cannot be told", ["object", "color", "background", "style"]
  ) { edit, _ in edit.reflectsTarget().map(number) }

  static let colorReflected = reflected(.color, "color", "a color")
  static let objectReflected = reflected(.object, "object", "an object")
  static let backgroundReflected = reflected(.background, "background", "the background")
  static let styleReflected = reflected(.style, "style", "the style")

  /// `attributeReflected` of one kind of attribute.
  private static func reflected(_ kind: JudgedEdit.Kind, _ name: String, _ what: String) -> Metric {
    judged(
      "\(name)_reflected", "\(name) reflected",
      "1: where the prompts differ in \(what), the edit has the target's; no value where they do not"
        + (kind == .color ? ", or where it cannot be told" : ""), [name]
    ) { edit, _ in edit.reflectsTarget(in: [kind]).map(number) }
  }

  static let colorOfSource = ofSource(.color, "color", "a color")
  static let objectOfSource = ofSource(.object, "object", "an object")
  static let backgroundOfSource = ofSource(.background, "background", "the background")

  /// Whether what the edit was to change is there as the source has it: by it one tells an edit that was taken back from one
  /// that broke.
  private static func ofSource(_ kind: JudgedEdit.Kind, _ name: String, _ what: String) -> Metric {
    judged(
      "\(name)_of_source", "\(name) of the source",
      "1: where the prompts differ in \(what), the edit has the source's; no value where they do not"
        + (kind == .color ? ", or where it cannot be told" : ""), [name]
    ) { edit, _ in edit.reflectsSource(in: [kind]).map(number) }
  }

  /// The second: in an edit that failed another object stands for the one that was asked for. At first its layout was lost.
  private static let standInRevision = 2

  static let centerShift = judged(
    "center_shift", "center shift", unit: "picture widths", range: "0 to 1.41",
    "higher: the objects stand further from where they stood in the source; the mean over the prompt's objects",
    ["center"], revision: standInRevision
  ) { edit, _ in mean(of: edit) { $0.shift } }

  static let sizeChange = judged(
    "size_change", "size change", unit: "log2", range: "0 or more; 1: twice or half as large",
    "higher: the objects' boxes are of another size than in the source; the mean over the prompt's objects",
    ["size"], revision: standInRevision
  ) { edit, _ in mean(of: edit) { abs($0.growth) } }

  static let centerKept = judged(
    "center_kept", "center kept", "1: every object's middle moved by at most \(Layout.mostShift) picture widths",
    ["center"], revision: standInRevision
  ) { edit, _ in all(of: edit) { $0.isCenterKept } }

  static let sizeKept = judged(
    "size_kept", "size kept", "1: every object's box grew or shrank by at most a fifth of its side",
    ["size"], revision: standInRevision
  ) { edit, _ in all(of: edit) { $0.isSizeKept } }

  static let facingKept = judged(
    "facing_kept", "facing kept", "1: every object faces the way it did; no value where one has no left and right",
    ["facing"], revision: standInRevision
  ) { edit, _ in all(of: edit) { $0.isFacingKept } }

  static let layoutKept = judged(
    "layout_kept", "layout kept",
    "1: middle, size and (where it can be told) facing of every object are kept, whatever it became",
    ["center", "size", "facing"], revision: standInRevision
  ) { edit, _ in isLayoutKept(edit) }

  static let outsideDifference = judged(
    "outside_difference", "change outside", unit: "CIEDE2000", range: "0 to about 100",
    "higher: what lies outside of the objects changed more; no value where the prompts differ in background or style",
    ["mask"]
  ) { edit, _ in try edit.outsideDifference() }

  static let outsideKept = judged(
    "outside_kept", "outside kept",
    "1: what lies outside of the objects changed by at most \(mostOutside) CIEDE2000 in the mean",
    ["mask"]
  ) { edit, _ in try edit.outsideDifference().map { number($0 <= mostOutside) } }

  static let accepted = judged(
    "accepted", "accepted",
    "1: every object and the attribute are there, the layout is kept, and so is the outside where it should; the mean is the "
      + "share of edits that a person would take, and 1 / mean the tries to expect until one comes (expected_tries)",
    ["object", "color", "center", "size", "facing"], revision: standInRevision
  ) { edit, _ in try isAccepted(edit).map(number) }

  static let expectedTries = Metric(
    name: "expected_tries", title: "expected tries", digits: 2, range: "1 or more; inf where no edit was accepted",
    direction: "higher: more seeds have to be tried until an edit is accepted",
    reference: "this project: of a pair, the seeds that were tried by those whose edit is `accepted`",
    accuracy: .instrument(.sceneReader, ["object", "color", "center", "size", "facing"]), revision: standInRevision,
    measure: .set(.seedsOfPair) { edits, instruments in
      let answers = try edits.compactMap { try JudgedEdit($0, instruments).flatMap(isAccepted) }
      return answers.isEmpty ? nil : Double(answers.count) / Double(answers.count { $0 })
    })

  static func isAccepted(_ edit: JudgedEdit) throws -> Bool? {
    guard let isReflected = edit.reflectsTarget(), let isKept = isLayoutKept(edit) else { return nil }
    let outside = try edit.outsideDifference().map { $0 <= mostOutside } ?? true
    return isReflected && edit.hasEveryThing && isKept == 1 && outside
  }

  /// CIEDE2000 that the outside may change by: a difference that is seen beside one another, not from memory.
  static let mostOutside = 5.0

  static func isLayoutKept(_ edit: JudgedEdit) -> Double? {
    all(of: edit) { $0.isCenterKept && $0.isSizeKept && $0.isFacingKept != false }
  }

  private static func layouts(_ edit: JudgedEdit) -> [Layout?]? {
    edit.matches?.map { match in match.after.map { edit.layout(match.before, $0) } }
  }

  /// Over the objects that are in both pictures; nil if there are none.
  private static func mean(of edit: JudgedEdit, _ value: (Layout) -> Double) -> Double? {
    let values = (layouts(edit) ?? []).compactMap { $0.map(value) }
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// 0 if nothing stands for an object of the source; nil if one cannot be told.
  private static func all(of edit: JudgedEdit, _ isKept: (Layout) -> Bool?) -> Double? {
    guard let layouts = layouts(edit) else { return nil }
    let answers = layouts.map { layout in layout.map(isKept) ?? false }
    return answers.contains { $0 == nil } ? nil : number(answers.allSatisfy { $0 == true })
  }

  private static func number(_ isTrue: Bool) -> Double { isTrue ? 1 : 0 }

  private static func judged(
    _ name: String, _ title: String, unit: String? = nil, range: String = "0 or 1", _ direction: String,
    _ accuracies: [String], revision: Int = 1,
    _ value: @escaping @Sendable (JudgedEdit, Instruments) throws -> Double?
  ) -> Metric {
    Metric(
      name: name, title: title, unit: unit, range: range, direction: direction, reference: "this project",
      accuracy: .instrument(.sceneReader, accuracies), revision: revision,
      measure: .edit { pair, instruments in try JudgedEdit(pair, instruments).flatMap { try value($0, instruments) } })
  }
}
