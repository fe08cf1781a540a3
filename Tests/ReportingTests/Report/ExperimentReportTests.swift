import AttentionStore
import ExperimentSupport
import Foundation
import Measures
import Plotting
import Tensors
import TestSupport
import Testing

@testable import ExperimentFiles
@testable import Reporting
@testable import Results

@Suite struct ExperimentReportTests {
  @Test func saysWhatWasAskedAndDone() throws {
    try Fixtures.withTemporaryFolder { root in
      let report = try SyntheticResults(root).report()
      #expect(
        report.hasPrefix(
          """
          # small

          > **What does \\*attention\\* do?**

          ## What was done

          - The model `emoji-scenes` was asked for 3 pictures: 1 pair of prompts, each with 1 seed. The source and the \
          target of a pair start from the same noise, so that layout can carry over.
          - While each target was drawn, chosen attention of the model was changed in 1 way (`swap`); `none` leaves it alone.
          - 33 attention maps (2.95 KiB) were recorded on the way, and each finished edit was measured: PSNR and \
          SSIM.

          ## Pictures

          ### Side by side

          """), "\(report.prefix(900))")
    }
  }

  /// A run that begins from a noised picture, or sees another prompt, looks at it as the model does.
  @Test func waysThatTouchNoAttentionAreCountedApart() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let results = try MeasuredResults(
        root,
        interventions: """
          { none: [], late: [{ op: replace, sites: "self:2-3", steps: [2] }], again: [{ op: noised_source, strength: 0.5 }], \
          more: [{ op: noised_source, strength: 0.8 }], empty: [{ op: embedding, padding: empty }] }
          """
      ) { _ in ["psnr": 20, "ssim": 0.5] }
      _ = try ExperimentReport.write(results: results.results, store: results.store)
      let report = try String(contentsOf: results.results.report, encoding: .utf8)
      #expect(
        report.contains(
          "- While each target was drawn, chosen attention of the model was changed in 1 way (`late`), the encoded prompt was "
            + "changed in 1 way (`empty`) and the drawing began from the source's picture with noise added in 2 ways (`again` "
            + "and `more`); `none` leaves it alone.\n"), "\(report.prefix(2000))")
    }
  }

  /// What the author of a program says of it is text, wherever a report says it.
  @Test func wordsOfAProgramAreNoMarkup() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let program =
        #"{ program: /gone/odd.py, name: odd, title: "a|b <b>", of: edit, unit: "`u`", range: "[0, 1](x)", "#
        + #"direction: "*up* <i>", reference: none, accuracy: "<img src=x>" }"#
      let reader = Fixtures.folder.appending(path: "vision/tiny-scene-reader").path
      let spec =
        SyntheticResults.spec(metrics: "[psnr, \(program)]", figures: "[]")
        + "\ntables: [object]\ninstruments: { scene_reader: \"\(reader)\" }\n"
      // The experiment file follows, as a block of code.
      let report = try SyntheticResults(root, spec: spec).report().components(separatedBy: "\n## Run it again")[0]
      for piece in [
        #"each finished edit was measured: PSNR and a\|b &lt;b&gt;."#, #"### A\|b &lt;b&gt; by intervention"#,
        #"A\|b &lt;b&gt; in \`u\`, \[0, 1\](x), one value for each edit. \*up\* &lt;i&gt;."#,
        "*How far it can be trusted: &lt;img src=x&gt;.*", #"**a\|b &lt;b&gt;, \`u\`**"#,
        #"| object | n | PSNR | a\|b &lt;b&gt; |"#,
      ] { #expect(report.contains(piece), "\(piece)\n\(report)") }
      for markup in ["<b>", "<i>", "<img"] { #expect(!report.contains(markup), "\(report)") }
    }
  }

  @Test func infinitePSNRIsCountedApart() throws {
    try Fixtures.withTemporaryFolder { root in
      let spec = SyntheticResults.spec(seeds: "[1, 2]", figures: "[]")
      let results = try SyntheticResults(root, spec: spec)
      let report = try results.report()
      #expect(
        report.contains(
          """
          | intervention | n | mean | sd | min | max | inf |
          | --- | ---: | ---: | ---: | ---: | ---: | ---: |
          | none | 0 | inf | – | – | – | 2 |
          | swap | 2 | 12.50 | 0.00 | 12.50 | 12.50 | 0 |

          The column inf counts values that are infinite, such as those of pictures equal to their source. They are in none \
          of the other columns; `inf` as a mean says that there are no other values.
          """))
      #expect(
        try results.table("summary.csv") == """
          intervention,metric,n,infinite,undefined,mean,sd,min,max
          none,psnr,0,2,0,inf,,,
          none,ssim,2,0,0,0.25,0.0,0.25,0.25
          swap,psnr,2,0,0,12.5,0.0,12.5,12.5
          swap,ssim,2,0,0,0.5,0.0,0.5,0.5

          """)
    }
  }

  @Test func undefinedValuesAreCountedApart() {
    let summary = MetricSummary([1, .nan, .infinity, 3])
    #expect(summary.finite.count == 2 && summary.infinite == 1 && summary.undefined == 1 && summary.mean == 2)
    #expect(Metric.psnr.text(.nan) == "–" && Metric.ssim.text(0.5) == "0.5000")
  }

  @Test func tablesHoldEveryRun() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(
        root,
        spec: SyntheticResults.spec(
          prompts: "[\"a cat, sitting\"]", interventions: "{ none: [], swap: [{ op: zero, sites: \"self:*\" }] }",
          figures: "[]"))
      _ = try results.report()
      let runs = try results.store.runs().map { String($0.run.hash.prefix(16)) }
      #expect(
        try results.table("metrics.csv") == """
          source_prompt,target_prompt,seed,intervention,psnr,ssim,run,picture
          a red car,a blue car,1,none,inf,0.25,\(runs[1]),runs/\(runs[1])/picture.png
          a red car,a blue car,1,swap,12.5,0.5,\(runs[2]),runs/\(runs[2])/picture.png

          """)
      let groups = try results.store.runs().map { $0.groupHash.prefix(16) }
      #expect(
        try results.table("runs.csv") == """
          run,group,role,intervention,prompt,source_prompt,negative_prompt,seed,height,width,steps,guidance_scale,scheduler,status,picture,latents
          \(runs[0]),\(groups[0]),source,source,a red car,,,1,16,24,3,5.0,ddim,done,runs/\(runs[0])/picture.png,
          \(runs[1]),\(groups[1]),target,none,a blue car,a red car,,1,16,24,3,5.0,ddim,done,runs/\(runs[1])/picture.png,
          \(runs[2]),\(groups[2]),target,swap,a blue car,a red car,,1,16,24,3,5.0,ddim,done,runs/\(runs[2])/picture.png,
          \(runs[3]),\(groups[3]),source,none,"a cat, sitting",,,1,16,24,3,5.0,ddim,done,runs/\(runs[3])/picture.png,
          \(runs[4]),\(groups[4]),target,swap,"a cat, sitting",,,1,16,24,3,5.0,ddim,done,runs/\(runs[4])/picture.png,

          """)
    }
  }

  @Test func describesTheMethodFromTheFile() throws {
    try Fixtures.withTemporaryFolder { root in
      let spec = SyntheticResults.spec(pairs: "[{ source: a red dog, target: a red giraffe }]", figures: "[]")
      let report = try SyntheticResults(root, spec: spec).report()
      for piece in [
        "| model | `emoji-scenes`, SHA-256 `30de1` |", "| scheduler | ddim, 3 steps |",
        "| guidance | scale 5.0, negative prompt empty |",
        "| pictures | 24 x 16 pixels (width x height), latents of 3 x 2 cells |",
        "| start noise | seed 1, as torch's CPU generator draws it |", "| numbers | computed in fp32 on an engine |",
        "| none | nothing is changed |",
        "| swap | **replace** of probabilities (the source's in place of the target's own), at `self:*`: "
          + "self-attention of layer 1, steps 0-1 (fraction 0.0 to 0.7 of 3), in the conditional half of guidance |",
        "| words | `cross:*`: cross-attention of layer 1 | all 3 steps | mean over heads | every token | conditional "
          + "| each site's own grid | fp32 |",
        "| 1 | self | `down_blocks.0.attentions.0.transformer_blocks.0.attn1` | 3 x 2 | 2 | swap, record heads |",
        "- \"giraffe\" is split into `gir` + `affe`; their maps are summed.",
        "sqlite3 -readonly small.sqlite 'SELECT spec FROM experiment' > again.yaml\nattnlab run again.yaml",
        "  num_inference_steps: 3\n",
      ] { #expect(report.contains(piece), "\(piece)") }
      #expect(!report.contains(root.path))
    }
  }

  @Test func sameResultsGiveTheSameBytes() throws {
    try Fixtures.withTemporaryFolder { root in
      let spec = SyntheticResults.spec(
        prompts: "[a cat]", seeds: "[2, 1]", interventions: "{ none: [], swap: [{ op: zero, sites: \"self:*\" }] }")
      let first = try SyntheticResults(root, spec: spec)
      _ = try first.report()
      let before = try first.committed()
      _ = try first.report()
      #expect(try first.committed() == before)
      // In another folder, from a database of its own.
      let other = try SyntheticResults(root.appending(path: "elsewhere"), spec: spec)
      _ = try other.report()
      let after = try other.committed()
      #expect(after == before)
      #expect(before.count == 4 + 11, "\(before.keys.sorted())")
    }
  }

  @Test func whereRowsAreTooManyEveryPairIsShownWithItsFirstSeed() {
    let rows = [["a 1", "a 2", "a 3"], ["b 1", "b 2", "b 3"]]
    #expect(SideBySideFigures.ordered(rows, most: 6) == ["a 1", "a 2", "a 3", "b 1", "b 2", "b 3"])
    #expect(SideBySideFigures.ordered(rows, most: 5) == ["a 1", "b 1", "a 2", "b 2", "a 3", "b 3"])
    #expect(SideBySideFigures.ordered([[String]](), most: 5).isEmpty)
  }

  @Test func failedRunsAreListedPlainly() throws {
    try Fixtures.withTemporaryFolder { root in
      let spec = SyntheticResults.spec(
        pairs: "[{ source: a red car, target: a blue car }, { source: a dog, target: a cat }]",
        figures: "[side_by_side]")
      let results = try SyntheticResults(root, spec: spec, finishing: { $0 == "a red car" })
      let report = try results.report()
      #expect(
        report.contains(
          """
          ### Unfinished

          **This report is not whole.** 3 of 6 runs are not done. Pictures and tables hold what there is. 3 runs \
          failed, which is final: `attnlab gc small --failed` removes them, and only then are they tried again.

          - a dog, seed 1, source: failed, no room left in small/small.sqlite
          - a dog → a cat, seed 1, none: failed, no room left in small/small.sqlite
          - a dog → a cat, seed 1, swap: failed, no room left in small/small.sqlite

          """))
      #expect(report.contains("| a dog → a cat | – | – |"))
      #expect(try !results.table("metrics.csv").contains("a dog"))
    }
  }

  @Test func lostPicturesAreSaid() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root, spec: SyntheticResults.spec(figures: "[side_by_side]"))
      let hash = String(try results.store.runs()[0].run.hash.prefix(16))
      try FileManager.default.removeItem(at: results.results.runs.appending(path: hash))
      let report = try results.report()
      #expect(report.contains("- the picture of run `\(hash)` is missing from the results folder\n"))
    }
  }

  @Test func promptsAloneHaveNoNumbers() throws {
    try Fixtures.withTemporaryFolder { root in
      let spec = SyntheticResults.spec(
        pairs: "[]", prompts: "[a cat, a dog]", interventions: "{ none: [] }", record: "[]")
      let results = try SyntheticResults(root, spec: spec)
      let report = try results.report()
      #expect(!report.contains("## Numbers") && !report.contains("tables/metrics.csv"))
      #expect(report.contains("- No attention was changed: the pictures are what the model makes of their prompts.\n"))
      #expect(report.contains("- No attention maps were recorded.\n"))
      #expect(report.contains("![small: single prompts](figures/side_by_side-prompts.png)"))
      #expect(report.contains("Nothing to draw: no finished run has recorded cross-attention maps"))
      #expect(try results.committed().keys.sorted() == ["report.md", "runs.csv", "side_by_side-prompts.png"])
    }
  }

  @Test func aFileWithoutFiguresAndMetrics() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root, spec: SyntheticResults.spec(metrics: "[]", figures: "[]"))
      let report = try results.report()
      #expect(!report.contains("## Pictures") && !report.contains("## Numbers"))
      #expect(!FileManager.default.fileExists(atPath: results.results.figures.path))
    }
  }

  @Test func earlierFiguresAreRemovedAndOtherFilesKept() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root, spec: SyntheticResults.spec(metrics: "[]", figures: "[side_by_side]"))
      for name in [
        "figures/word_heatmaps-7-target.png", "figures/side_by_side-draft 2.png", "figures/notes.txt",
        "tables/summary.csv",
      ] {
        try results.results.openForWriting().write(Data(), to: name, making: true)
      }
      _ = try results.report()
      #expect(
        try results.committed().keys.sorted() == [
          "notes.txt", "report.md", "runs.csv", "side_by_side-draft 2.png", "side_by_side.png",
        ])
    }
  }

  @Test func aHundredPairsFillAFewPages() throws {
    try Fixtures.withTemporaryFolder { root in
      let pairs = (0..<100).map { "{ source: car \($0), target: bus \($0) }" }.joined(separator: ", ")
      let spec = SyntheticResults.spec(
        pairs: "[\(pairs)]", record: "[{ name: words, sites: \"cross:*\", steps: [0] }]",
        figures: "[side_by_side, word_heatmaps]")
      let results = try SyntheticResults(root, spec: spec)
      let report = try results.report()
      let figures = try results.committed().keys.filter { $0.hasSuffix(".png") }.sorted()
      #expect(
        figures == (1...4).map { "side_by_side-\($0).png" }
          + (1...6).flatMap { ["word_heatmaps-\($0)-source.png", "word_heatmaps-\($0)-target.png"] })
      #expect(
        report.contains("*The first 32 of 100 rows are drawn; the pictures of all runs are in the folder `runs`.*"))
      #expect(report.contains("*Drawn for the first 6 of 100 pairs. `attnlab export` writes the maps of every run.*"))
      #expect(report.contains("<summary>Rows 9 to 16 of 100</summary>"))
      #expect(report.contains("<summary>100 pairs</summary>"))
    }
  }

  @Test func figuresCarryWhatMadeThem() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root)
      _ = try results.report()
      let source = try results.store.runs()[0]
      let table = try PNG.texts(results.results.figures.appending(path: "side_by_side.png"))
      #expect(
        table == [
          .init("Title", "small: source and edits"), .init("Prompt", "a red car → a blue car"), .init("Seed", "1"),
          .init("Content-Hash", source.groupHash), .init("Software", "attnlab \(attnlabVersion)"),
        ])
      let grid = try PNG.texts(results.results.figures.appending(path: "layer_step_grid-1.png"))
      #expect(
        grid == [
          .init("Title", "\"red\" in \"a red car\" · seed 1 · layers by steps"), .init("Prompt", "a red car"),
          .init("Seed", "1"), .init("Content-Hash", source.run.hash), .init("Software", "attnlab \(attnlabVersion)"),
        ])
    }
  }

  @Test func anEmptyDatabaseHasNoReport() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = ResultsFolder(root)
      let store = try AttentionStore.open(results.database, mode: .create)
      let error = ResultsError.noExperiment(database: store.path)
      #expect("\(error)" == "\(store.path): the database holds no experiment yet; `attnlab run` begins one")
      #expect(throws: error) { try ExperimentReport.write(results: results, store: store) }
    }
  }

  @Test func theWordThatDiffers() {
    let word = DrawnChoice.word
    #expect(word(["a", "red", "car"], ["a", "blue", "car"]) == 1)
    #expect(word(["a", "red", "car"], ["a"]) == 1)
    #expect(word(["a", "car"], ["a", "car", "here"]) == 1)
    #expect(word(["a", "car"], nil) == 1)
    #expect(word([], nil) == nil)
  }

  @Test func stepsAreThinnedEvenly() {
    #expect(DrawnChoice.steps([3], atMost: 15) == [3])
    #expect(DrawnChoice.steps(Array(0..<15), atMost: 15) == Array(0..<15))
    for count in 16...60 {
      let steps = DrawnChoice.steps(Array(0..<count), atMost: 15)
      let gaps = zip(steps, steps.dropFirst()).map { $1 - $0 }
      #expect(steps.count == 15 && steps.first == 0 && steps.last == count - 1)
      #expect((gaps.max() ?? 0) - (gaps.min() ?? 0) <= 1)
    }
  }
}
