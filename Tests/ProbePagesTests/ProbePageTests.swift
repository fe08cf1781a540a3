import Foundation
import MapProbes
import Plotting
import Testing

@testable import ProbePages

/// What readers see of probes; the numbers are made up.
@Suite struct ProbePageTests {
  private let findings: ProbeFindings
  private let page: ProbePage

  init() throws {
    findings = try Samples().findings()
    page = ProbePage(findings, experiment: "color-probe")
  }

  @Test func threeLinesForEveryReader() {
    #expect(
      page.summary == """
        - **Asked.** Does the map of the color word tell the color? Do self maps tell the color? A *probe* is a small program \
        that sees nothing but attention, learns from some pictures what it looks like, and is asked about others.
        - **Found.** **Shown**: “the word's map tells the color”. **Not testable here**: “it tells more than the mass does”. \
        `word` tells color right in 87.5 % of 48 pictures (cross:9 call 10); guessing gives 25.0 %. `layout` tells color \
        right in 41.7 % of 48 pictures (self:9 call 10); guessing gives 25.0 %.
        - **How sure.** Each probe is asked only about seeds that it never learned from (n = 48 pictures, 4 seeds). At these \
        places, probes that were kept from what is asked about reach: mass of each head alone 58.3 % (`word`, cross:9 call \
        10). At other places they reach more: mass of each head alone 60.4 % (`word`, cross:5 call 10). What a probe tells \
        beyond them at the same place is the finding. The margins of error below are such that each should hold in 95 % of \
        such experiments, with this model and pictures like these.
        """)
  }

  /// However many probes and tests a file has, a reader gets three lines.
  @Test func threeLinesOfManyProbes() throws {
    let sample = try Samples(layers: [5], calls: [10])
    let probes = try (1...6).map { number in
      try sample.probe("p\(number)", says: "Is it \(number)?", controls: [("shuffled", "", 0.25)]) { _, _ in 0.5 }
    }
    let tests = (1...5).map { number in
      ProbeTestResult(
        says: "test \(number)", probe: "p1", over: "chance", measure: "accuracy", cells: "", side: "above",
        threshold: 0,
        estimate: 0.5, interval: 0.4...0.6, seeds: 4, samples: 48, p: 0.1, correctedP: 0.1,
        verdict: number < 4 ? .shown : .undecided, problem: nil)
    }
    let lines = ProbePage(ProbeFindings(probes: probes, tests: tests, missing: []), experiment: "x").summary
      .split(separator: "\n").map(String.init)
    #expect(lines.count == 3)
    #expect(lines[0].contains("Is it 1? Is it 2? And 4 more questions below. A *probe*"))
    #expect(
      lines[1].contains("**Shown**: “test 1”, “test 2” and 1 more. **Undecided**: “test 4” and “test 5”. `p1` tells"))
    #expect(lines[1].contains("`p2` tells") && !lines[1].contains("`p3`"))
    #expect(lines[2].contains("(`p1`, cross:5 call 10), shuffled labels") && !lines[2].contains("`p3`"), "\(lines[2])")
  }

  /// What a control reaches where the probe is best is not all that it reaches.
  @Test func controlsThatReachMoreElsewhere() throws {
    let probe = try Samples().probe("word", says: "", controls: [("mass", "", 0.4)], elsewhere: 0.9) { _, _ in 0.5 }
    let summary = ProbePage(ProbeFindings(probes: [probe], tests: [], missing: []), experiment: "x").summary
    #expect(
      summary.contains(
        "kept from what is asked about reach: mass of each head alone 37.5 % (cross:1 call 10). At other places they reach "
          + "more: mass of each head alone 89.6 % (cross:1 call 0). What a probe"), "\(summary)")
    #expect(!summary.contains("at most"))
  }

  /// Bits and words followed are not compared with a guess.
  @Test func whatIsEstimated() {
    func text(_ measure: String, _ over: String) -> String {
      ProbeText.estimand(
        ProbeTestResult(
          says: "", probe: "p", over: over, measure: measure, cells: "", side: "above", threshold: 0, estimate: nil,
          interval: nil, seeds: 0, samples: 0, p: nil, correctedP: nil, verdict: .undecided, problem: nil))
    }
    #expect(text("accuracy", "chance") == "accuracy over chance, %" && text("accuracy", "nothing") == "accuracy, %")
    #expect(text("bits", "chance") == "bits, % of all bits" && text("bits", "q") == "bits over q, % of all bits")
    #expect(text("follows_word", "chance") == "says the word's label less the picture's, %")
  }

  @Test func everyNumberHasItsN() {
    let lines = page.section([]).split(separator: "\n").map(String.init)
    for row in [
      "| the word's map tells the color | `word`, registered cells | accuracy over chance, % | above +20.0 | +61.0 "
        + "| [+50.0, +72.0] | 48 (4 seeds) | 0.001 | **shown** |",
      "| it tells more than the mass does | `word`, registered cells | bits over mass, % of all bits | above +10.0 | – | – "
        + "| – | – | **not testable here**: the probe has no bits |",
      "cross:9 call 10 is the best of the places that the file names: 87.5 % right, interval [79.8, 95.2], n = 48, "
        + "family-wise p 0.001 over 6 places. Chance is 25.0 %. Told at a family-wise p of at most 0.05: 6 of 6 places.",
      "| mass of each head alone | cross:9 call 10 | 48 | 4 | 87.5 | 58.3 | +29.2 | [+12.0, +46.3] |",
      // Of the one place that the control is of.
      "| null cell | cross:1 call 0 | 48 | 4 | 50.0 | 25.0 | +25.0 | [+14.2, +35.8] |",
      "| `word` | color (red, yellow, green, blue) | `probe-bank` | &lt;label&gt; in words, probabilities as map "
        + "| layers 1, 5, 9 of cross; calls 0, 10; heads together | ridge | 48 | 4, by seed | 999 within 12 of one seed and thing |",
      "**Not done yet**: `article`. `attnlab run` with the experiment's file goes on with them.",
    ] { #expect(lines.contains(row), "\(row)") }
    #expect(lines.last?.hasSuffix("`attnlab probe color-probe` prints them.") == true)
  }

  @Test func nothingStoredYet() {
    let page = ProbePage(ProbeFindings(probes: [], tests: [], missing: ["word"]), experiment: "x")
    #expect(page.summary.contains("- **Found.** Nothing is stored yet."))
    #expect(page.section([]).hasPrefix("## Probes\n\n**Not done yet**: `word`."))
    #expect(page.tables.isEmpty)
  }

  /// Text of a file is no markup on a page.
  @Test func namesOfStrangers() throws {
    let odd = try Samples().probe("a|b`<i>", says: "[x](y) <b>") { _, _ in 0.5 }
    let page = ProbePage(ProbeFindings(probes: [odd], tests: [], missing: []), experiment: "it's")
    let text = page.summary + page.section([])
    #expect(!text.contains("<i>") || text.contains("``a\\|b`<i>``"))
    #expect(!text.contains("<b>") && !text.contains("[x](y)"))
  }

  @Test func tablesOfNumbers() throws {
    #expect(
      page.tables.map(\.name) == [
        "probe_tests.csv", "probe_cells.csv", "probe_controls.csv", "probe_applications.csv",
      ])
    #expect(page.tables.map(\.table.rows.count) == [2, 12, 13, 12])
    let cells = String(decoding: page.tables[1].table.data, as: UTF8.self).split(separator: "\n")
    #expect(
      cells[0]
        == "probe,label,site,layer,kind,call,head,registered,features,n,seeds,mean,low,high,confidence,chance,p,family_wise_p"
    )
    #expect(
      cells[2].hasPrefix("word,color,cross:1,1,cross,10,,1,64,48,4,0.625,0.5484")
        && cells[2].hasSuffix(",0.25,0.001,0.001"))
    let json = try #require(try JSONSerialization.jsonObject(with: page.json()) as? [[String: Any]])
    #expect(json.map { $0["name"] as? String } == ["word", "layout"])
    #expect((json[0]["cells"] as? [Any])?.count == 6)
    #expect(Set(page.tables.map(\.name) + [ProbePage.json]).isSubset(of: ProbePage.fileNames))
  }

  @Test func tablesOfTheTerminal() {
    let lines = ProbeTerminal(findings).text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(
      lines[0...1] == [
        "test                              probe  what                             threshold  estimate        interval   n  seeds"
          + "  p (Holm)  verdict",
        "the word's map tells the color    word   accuracy over chance, %        above +20.0     +61.0  [+50.0, +72.0]  48      4"
          + "     0.001  shown",
      ])
    for line in [
      "word: color of 4 classes, n = 48 pictures, 4 seeds, chance 25.0 %",
      "best: cross:9 call 10, 87.5 % [79.8, 95.2], family-wise p 0.001, ridge, each seed held out in turn",
      "layer  call 0  call 10", "    9   77.1*    87.5*", "    9   22.9     41.7*",
      "null cell                cross:1 call 0   48      4        25.0  +25.0  [+14.2, +35.8]",
      "cross-read, words of another color  cross:9 call 10  48  word        79.2  [62.0, 96.3]",
      "not done yet: article; attnlab run with the file goes on with them",
    ] { #expect(lines.contains(line), "\(line)") }
  }

  @Test func headsHaveTablesOfTheirOwn() throws {
    let probe = try Samples(calls: [10], heads: 2).probe("word", says: "") { _, _ in 0.5 }
    let text = ProbeTerminal(ProbeFindings(probes: [probe], tests: [], missing: [])).text
    #expect(text.contains("cross, call 10, percent right by layer and head\nlayer  head 1  head 2\n"))
  }
}

@Suite struct ProbeFigureTests {
  @Test func figuresOfAPage() throws {
    let findings = try Samples(heads: 2).findings()
    let figures = ProbeFigures(findings).all
    #expect(
      figures.map(\.file) == [
        "probes-layers-1.png", "probes-1-layers.png", "probes-1-calls.png", "probes-1-confusion.png",
        "probes-1-curve.png", "probes-1-heads-cross.png", "probes-1-applied-1.png", "probes-2-layers.png",
        "probes-2-calls.png", "probes-2-confusion.png", "probes-2-curve.png", "probes-2-heads-self.png",
      ])
    #expect(figures.map(\.probe) == [nil, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    #expect(figures[0].seeds == [2001, 2002, 2003, 2004])
    for figure in figures {
      let picture = try figure.draw()
      #expect((420...1300).contains(picture.width), "\(figure.file): \(picture.width)")
    }
    #expect(try PNG.encode(figures[1].draw()) == PNG.encode(figures[1].draw()))
    let section = ProbePage(findings, experiment: "x").section(figures)
    for figure in figures { #expect(section.contains("(figures/\(figure.file))"), "\(figure.file)") }
  }

  /// A bank may have fewer pictures than the probe that is held against it.
  @Test func controlsOfOtherPicturesHaveTheirOwnN() throws {
    func note(_ bank: Samples?) throws -> String {
      let probe = try Samples().probe("word", says: "", controls: [("random UNet", "", 0.3)], of: bank) { _, _ in 0.5 }
      return LayerChart([probe]).note(hasControls: true, size: probe.size)
    }
    let rest = ". Bars: 95 % intervals over seeds. Open marks: family-wise p above 0.05 (999 permutations)."
    #expect(try note(Samples(seeds: 2)) == "n = 48 pictures, 4 seeds; n = 24 pictures, 2 seeds of random UNet" + rest)
    #expect(try note(nil) == "n = 48 pictures, 4 seeds" + rest)
  }

  /// A probe of one place has nothing to compare by layer.
  @Test func onePlace() throws {
    let probe = try Samples(layers: [5], calls: [10]).probe("word", says: "") { _, _ in 0.5 }
    let figures = ProbeFigures(ProbeFindings(probes: [probe], tests: [], missing: [])).all
    #expect(figures.map(\.file) == ["probes-1-confusion.png", "probes-1-curve.png"])
  }
}
