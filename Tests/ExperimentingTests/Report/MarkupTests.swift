import Testing

@testable import Experimenting

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

  @Test func namesOfFigures() {
    let own = ["side_by_side.png", "side_by_side-2.png", "word_heatmaps-1-source.png", "self_attention-1-step10.png"]
    let others = ["side_by_side-.png", "side_by_side2.png", "side_by_side-a b.png", "side_by_side.jpg", "mine.png"]
    #expect(own.allSatisfy(FigureWriter.isOwn))
    #expect(others.filter(FigureWriter.isOwn) == [])
  }
}
