import Testing

@testable import Formatting

@Suite struct MarkupTests {
  @Test func markdownLeavesNothingToBeTakenForMarkup() {
    #expect(
      Markdown.text("a *b* <c> | `d` [e](f) & #g_h\ni") == "a \\*b\\* &lt;c&gt; \\| \\`d\\` \\[e\\](f) &amp; \\#g\\_h i"
    )
    #expect(Markdown.code("plain") == "`plain`")
    #expect(Markdown.code("a`b|c") == "``a`b\\|c``")
    #expect(Markdown.code("`a`") == "`` `a` ``")
    #expect(Markdown.fence("a\n```\nb", "yaml") == "````yaml\na\n```\nb\n````")
    #expect(Markdown.table(["a", "b:"], [["1", "2"]]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |")
  }

  @Test func nothingActsUnseen() {
    // A mark that turns the direction, a space without width, a soft hyphen, and HTML.
    let text = "a\u{202E}b\u{200B}c\u{AD}d <img src=x onerror=alert(1)>`\u{1B}[2J"
    #expect(
      Markdown.text(text)
        == "a\\\\u{202E}b\\\\u{200B}c\\\\u{AD}d &lt;img src=x onerror=alert(1)&gt;\\`\\\\u{1B}\\[2J")
    #expect(Markdown.code("a\u{202E}`\nb") == "``a\\u{202E}` b``")
    #expect(
      Markdown.details("<b>`x` _y_ & \u{2066}", "body").hasPrefix(
        "<details>\n<summary>&lt;b&gt;&#96;x&#96; &#95;y&#95; &amp; &#92;u{2066}</summary>\n\nbody"))
    // The joiner of an emoji of several parts stays; between letters it would hide a difference.
    #expect(printable("\u{1F469}\u{200D}\u{1F680} a\u{200D}b") == "\u{1F469}\u{200D}\u{1F680} a\\u{200D}b")
  }

  @Test(arguments: [
    ("=1+2", "'=1+2"), ("+4a", "'+4a"), ("-2+3", "'-2+3"), ("@SUM(1,2) \"q\"", "\"'@SUM(1,2) \"\"q\"\"\""),
    ("\tx", "'\tx"), ("\rx", "\"'\rx\""), ("＝1", "'＝1"), ("-", "'-"), ("-2.5", "-2.5"), ("+4", "+4"),
    ("-1e-07", "-1e-07"),
    ("-inf", "-inf"), ("a=1", "a=1"), ("", ""),
  ])
  func formulasOfSpreadsheetsAreTexts(_ text: String, _ field: String) {
    #expect(CSVTable.field(text) == field)
    #expect(CSVTable.line([text, "b"]) == "\(field),b\n")
  }

  @Test func wordsOfAShell() {
    #expect(shellLine(["attnlab", "--set", "generate.seeds=[901]"]) == "attnlab --set 'generate.seeds=[901]'")
    #expect(shellLine(["it's", "", "a b", "$x"]) == "'it'\\''s' '' 'a b' '$x'")
    #expect(shellLine(["a\nb'\\\u{202E}é"]) == "$'a\\x0ab\\'\\\\\\xe2\\x80\\xaeé'")
  }

  @Test func csvQuotesWhatNeedsIt() {
    #expect(CSVTable.line(["a", "b,c", "d\"e", "f\r\ng", "", " h "]) == "a,\"b,c\",\"d\"\"e\",\"f\r\ng\",, h \n")
    #expect([nil, .nan, .infinity, 0.1, -2].map { CSVTable.number($0) } == ["", "", "inf", "0.1", "-2.0"])
  }

  @Test func numbersInWords() {
    #expect([0, 1, 2].map { counted($0, "pair") } == ["0 pairs", "1 pair", "2 pairs"])
    #expect([[], ["a"], ["a", "b"], ["a", "b", "c"]].map(listed) == ["", "a", "a and b", "a, b and c"])
    #expect(ranges([]) == "")
    #expect(ranges([4, 1, 2, 3, 9, 7, 9]) == "1-4, 7, 9")
  }
}
