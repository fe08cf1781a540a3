import Formatting
import Testing

/// Quantities and tables as they stand on a terminal.
@Suite struct ReadableTests {
  @Test(arguments: [
    (0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (1 << 20, "1.00 MiB"), (1_048_575, "1.00 MiB"),
    (12_600_000, "12.0 MiB"), (2 << 30, "2.00 GiB"), (Int.max, "8192 PiB"),
  ])
  func bytes(_ count: Int, _ text: String) { #expect(Readable.bytes(count) == text) }

  @Test(arguments: [
    (0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3599.4, "59 min 59 s"),
    (3600, "1 h 00 min"), (7500, "2 h 05 min"), (-1, "?"), (Double.nan, "?"), (Double.infinity, "?"),
  ])
  func durations(_ seconds: Double, _ text: String) { #expect(Readable.duration(seconds) == text) }

  @Test(arguments: [(0.0, "0.00"), (9.996, "10.0"), (37.46, "37.5"), (99.96, "100"), (480.4, "480")])
  func threeDigits(_ value: Double, _ text: String) { #expect(Readable.digits(value) == text) }

  @Test(arguments: [(0, "0"), (99_999, "99999"), (12_460_000, "12.5 million"), (1_070_000_000, "1.07 billion")])
  func counts(_ value: Int, _ text: String) { #expect(Readable.count(value) == text) }

  @Test(arguments: [([], "0"), ([48], "48"), ([52, 48, 50], "48 to 52"), ([7, 7], "7")] as [([Int], String)])
  func extents(_ numbers: [Int], _ text: String) { #expect(extent(of: numbers) == text) }

  @Test(
    arguments: [
      ("", nil), ("a|b <b> `c` 日 \u{200D}", nil), ("a\tb", "U+0009"), ("a\u{1B}", "U+001B"), ("\u{2028}\n", "U+2028"),
      ("\u{FEFF}a", "U+FEFF"),
    ] as [(String, String?)])
  func controls(_ text: String, _ found: String?) { #expect(firstControl(in: text) == found) }

  @Test func factsAlign() {
    #expect(TextTable.facts([("name", "a\nb"), ("of", "c")]) == "name  a\\u{A}b\nof    c\n")
  }

  @Test func tablesAlign() {
    var table = TextTable(["name", "runs", "note"], right: [1])
    table.add(["first-look", "12", ""])
    table.add(["x", "3", "a\u{1B}[2Jb"])
    #expect(
      table.text == """
        name        runs  note
        first-look    12
        x              3  a\\u{1B}[2Jb

        """)
  }

  /// Among thousands nobody looks for the nearest: each unknown name would take seconds.
  @Test func noSuggestionFromThousands() {
    let names = (0..<501).map { "layer \($0)" }
    #expect(
      nearestName(to: "layr 7", in: names) == nil
        && nearestName(to: "layr 7", in: Array(names.prefix(500))) == "layer 7")
  }
}
