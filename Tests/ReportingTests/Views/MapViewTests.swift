import Analysis
import Attention
import AttentionStore
import ExperimentSupport
import Foundation
import Plotting
import Tensors
import TestSupport
import Testing

@testable import ExperimentFiles
@testable import Reporting
@testable import Results

/// Views of maps whose values are known: the synthetic ones, two heads of 2 x 3 cells.
@Suite struct MapViewTests {
  private func with(_ spec: String = SyntheticResults.spec(), _ body: (SyntheticResults, StoredRun) throws -> Void)
    throws
  {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root, spec: spec)
      try body(results, results.store.runs()[0])
    }
  }

  /// `[2, 3, keys]` of a step and head.
  private func values(_ step: Int, _ head: Int, keys: Int = 6) -> [Float] {
    SyntheticResults.values(step: step, head: head, count: 6 * keys)
  }

  /// The record of both heads keeps steps 0 and 2.
  @Test(arguments: [nil, StepSelector.list([2])]) func wordsOfSingleHeads(_ steps: StepSelector?) throws {
    try with { results, run in
      let request = MapViewRequest(run: run.run.hash, record: "heads", steps: steps, words: ["red"])
      let view = try WordView(request, store: results.store)
      let chosen = steps == nil ? [0, 2] : [2]
      let maps = chosen.flatMap { step in (0..<2).map { values(step, $0) } }
      #expect(view.words == ["red"] && view.steps == chosen)
      let expected: [Float] = (0..<6).map { cell in maps.reduce(0) { $0 + $1[cell * 6 + 2] } / 2 }
      #expect(view.maps[0].values == expected)
      #expect(
        view.over
          == "mean over layer 1 and heads, sum over \(steps == nil ? "steps 0, 2" : "step 2"), as recorded")
      #expect(
        String(decoding: view.csv, as: UTF8.self).hasPrefix("run,word,y,x,value\n\(run.run.hash.prefix(16)),red,0,0,"))
    }
  }

  @Test func statisticsOfHeads() throws {
    try with { results, run in
      let view = try StatisticsView(MapViewRequest(run: run.run.hash, record: "heads"), store: results.store)
      var mixture = HeadMixture(rows: 6, keys: 6)
      for head in 0..<2 { try mixture.add(values(2, head)) }
      let grid = GridSize(height: 2, width: 3)
      let ofStep = view.rows.filter { $0.step == 2 && $0.site.kind == .selfAttention }
      #expect(
        ofStep.map(\.statistic) == [.entropy, .relativeEntropy, .headEntropy, .headDivergence, .distance])
      #expect(
        ofStep.map(\.value) == [
          mixture.entropy, mixture.entropy / log(6), mixture.headEntropy, mixture.headDivergence,
          mixture.distance(on: grid),
        ])
      #expect(ofStep.map(\.uniform) == [log(6), 1, log(6), 0, HeadMixture.uniformDistance(on: grid)])
      let red = (0..<6).map { cell in Double(values(2, 0)[cell * 6 + 2] + values(2, 1)[cell * 6 + 2]) / 2 }
      let spread = view.rows.first { $0.step == 2 && $0.word == "red" }
      #expect(spread?.value == MapSpread.of(red, on: grid) && spread?.statistic == .spread)
      #expect(view.missing == [] && view.words == ["a", "red", "car"])
      #expect(
        view.charts(word: "red").map(\.name) == [
          "self-entropy", "self-distance", "self-divergence", "cross-entropy", "cross-spread", "cross-divergence",
        ])
      // Two sites, two steps; self 5, cross 4 and three words.
      #expect(view.rows.count == 2 * (5 + 4 + 3))
      let lines = String(decoding: view.csv, as: UTF8.self).split(separator: "\n").count
      #expect(lines == 1 + view.rows.count)
    }
  }

  @Test func whatWasNotRecordedIsSaid() throws {
    let record = "[{ name: words, sites: \"cross:*\", tokens: words }]"
    try with(SyntheticResults.spec(record: record)) { results, run in
      let view = try StatisticsView(MapViewRequest(run: run.run.hash), store: results.store)
      #expect(Set(view.rows.map(\.statistic)) == [.spread])
      #expect(
        view.missing == [
          "entropy of cross-attention needs all keys, and \"words\" keeps some; record with `tokens: all`",
          "the divergence of heads needs each head, and \"words\" keeps their mean; record with `heads: all`",
        ])
      let request = MapViewRequest(run: run.run.hash)
      let noSelf = ResultsError.nothingRecorded(
        run: run.run.hash, status: "done", record: nil, kinds: ["self-attention"],
        examples: [AttentionKind.selfAttention.recordExample])
      #expect(
        noSelf.problems == [
          "run \(run.run.hash.prefix(16)) has no maps of self-attention in the conditional half of guidance (the run is "
            + "done); an entry of the experiment file's `record` list as this one records them:",
          "  - { name: layout, sites: \"self:*\", steps: { from: 0, to: 30, every: 10 } }",
        ])
      #expect(throws: noSelf) { _ = try ComponentsView(request, store: results.store) }
      #expect(throws: noSelf) {
        _ = try PointView(request, point: QueryPoint(x: 0, y: 0), store: results.store)
      }
      let noKind = ResultsError.kind(sites: "cross:*", kind: "self-attention", all: "self:*")
      #expect(
        noKind.description
          == "sites \"cross:*\" selects no self-attention, which this view is of; select self:* or a part of it")
      #expect(throws: noKind) {
        let both = try SyntheticResults(results.results.url.appending(path: "both"))
        let hash = try both.store.runs()[0].run.hash
        _ = try ComponentsView(
          MapViewRequest(run: hash, record: "heads", sites: SiteSelector("cross:*")), store: both.store)
      }
      #expect(throws: SelectionError.self) {
        _ = try WordView(MapViewRequest(run: run.run.hash, words: ["dog"]), store: results.store)
      }
    }
    let sign = "[{ name: start, sites: \"cross:*\", tokens: [<start>] }]"
    try with(SyntheticResults.spec(record: sign)) { results, run in
      #expect(
        throws: ExperimentError([
          "record \"start\" keeps no word of \"a red car\" whole; an entry of the experiment file's `record` list as this "
            + "one keeps all:", "  - { name: words, sites: \"cross:*\", tokens: words }",
        ])
      ) { _ = try WordView(MapViewRequest(run: run.run.hash), store: results.store) }
      let report = try results.report()
      #expect(report.contains("Nothing to draw: no finished run has recorded cross-attention maps"))
    }
  }

  @Test func componentsOfHeadsSideBySide() throws {
    try with { results, run in
      let view = try ComponentsView(MapViewRequest(run: run.run.hash), store: results.store)
      #expect(view.steps == [0, 2] && view.cells.map(\.step) == [0, 2])
      var components = PrincipalComponents(rows: 6)
      for head in 0..<2 { try components.add(values(2, head)) }
      let expected = try components.components(3)
      #expect(view.cells[1].components == expected)
      let colors = try view.cells[1].colors()
      for (channel, component) in expected.enumerated() {
        let (low, high) = (component.scores.min() ?? 0, component.scores.max() ?? 0)
        let channelValues = (0..<6).map { colors.pixels[$0 * 3 + channel] }
        let expected = component.scores.map { UInt8((($0 - low) / (high - low) * 255).rounded()) }
        #expect(channelValues == expected)
        #expect(channelValues.contains(0) && channelValues.contains(255))
      }
      let enlarged = try colors.enlarged(toAtLeast: 7)
      #expect(enlarged.width == 9 && enlarged.height == 6)
      let (large, small) = (enlarged.pixels, colors.pixels)
      #expect(large.suffix(3) == small.suffix(3))
      #expect(large[9..<12] == small[3..<6])
    }
  }

  @Test func rowsOfPoints() throws {
    try with { results, run in
      let request = MapViewRequest(run: run.run.hash)
      // In the last column of the first row.
      let point = QueryPoint(x: 0.9, y: 0.2)
      let view = try PointView(request, point: point, store: results.store)
      #expect(view.step == 2 && view.maps.count == 1)
      let heads = (0..<2).map { Array(values(2, $0)[12..<18]) }
      #expect(view.maps[0].map.values == zip(heads[0], heads[1]).map { ($0 + $1) / 2 })
      let layer = try #require(view.layers.first)
      #expect(view.layers.count == 1 && layer.row == 0 && layer.column == 2)
      #expect(layer.itself == Double(view.maps[0].map.values[2]))
      #expect(layer.highest == view.maps[0].map.values.max().map(Double.init))
      #expect(try PointView(request, point: point, step: 0, store: results.store).step == 0)
      #expect(throws: ExperimentError("record \"heads\" has no maps of step 1; recorded: 0, 2")) {
        _ = try PointView(request, point: point, step: 1, store: results.store)
      }
      let picture = try SyntheticResults.picture(shade: 0)
      #expect(
        try view.figure(picture: picture)
          == Figures.selfAttention(
            title: "a red car · source · seed 1 · where a point looks · step 2", picture: picture, query: point,
            maps: [LabeledMap("layer 1 · 3x2", view.maps[0].map)], scale: .perMap,
            overPicture: true))
    }
  }

  @Test func summariesAreMeansOverSteps() throws {
    try with { results, run in
      let view = try StatisticsView(MapViewRequest(run: run.run.hash), store: results.store)
      let charts = view.charts(word: view.words.first)
      let summary = view.summary(of: charts)
      #expect(Set(summary.statistics) == Set(charts.map(\.statistic)))
      let row = try #require(summary.rows.first { $0.record == "heads" && $0.site.kind == .selfAttention })
      let distances = view.rows.filter { $0.record == "heads" && $0.site == row.site && $0.statistic == .distance }
      let distance = try #require(summary.statistics.firstIndex(of: .distance))
      #expect(row.steps == 2 && distances.count == 2)
      #expect(row.means[distance] == (distances[0].value + distances[1].value) / 2)
      // Self-attention is of no word.
      let spread = try #require(summary.statistics.firstIndex(of: .spread))
      #expect(row.means[spread] == nil)
    }
  }

  @Test func aRunIsComparedWithTheNextOfItsGroup() throws {
    try with { results, _ in
      let runs = try results.store.runs()
      func other(_ run: Int, _ intervention: String? = nil) throws -> String {
        try DifferenceView.other(runs[run], intervention: intervention, in: results.store).run.hash
      }
      #expect(try other(0) == runs[1].run.hash)
      #expect(try other(runs.count - 1) == runs[0].run.hash)
      #expect(try other(0, runs[runs.count - 1].run.intervention) == runs[runs.count - 1].run.hash)
      let known = Set(runs.dropFirst().map(\.run.intervention)).sorted().joined(separator: ", ")
      #expect(
        throws: ExperimentError(
          "run \(runs[0].run.hash.prefix(16)) has no other done run in its group under \"zero\"; there are \(known); name "
            + "a run with --with")
      ) { _ = try other(0, "zero") }
    }
  }

  @Test func differencesOfWordsAndPoints() throws {
    // Seven tokens against six: the same formula gives other maps.
    try with(SyntheticResults.spec(pairs: "[{ source: a red car, target: a giraffe car }]")) { results, run in
      let runs = try results.store.runs()
      let tokens = try runs.map { try #require(try results.store.tokens($0.run.prompt)) }
      #expect(DifferenceView.words(of: tokens[0], and: tokens[1]) == .word("red", other: "giraffe"))
      let words = try DifferenceView(
        MapViewRequest(run: run.run.hash), second: runs[1].run.hash, subject: .word("red", other: "giraffe"),
        store: results.store)
      #expect(words.record == "words" && words.rows.map(\.step) == [0, 1, 2])
      let (red, giraffe) = (values(1, 0), values(1, 0, keys: 7))
      let a = (0..<6).map { Double(red[$0 * 6 + 2]) }
      let b = (0..<6).map { Double(giraffe[$0 * 7 + 2]) + Double(giraffe[$0 * 7 + 3]) }
      #expect(words.rows[1].map.values == zip(a, b).map { Float($1 - $0) })
      #expect(words.rows[1].distance == MapDistance(a, b))
      let layer = try #require(words.layers.first)
      #expect(words.layers.count == 1 && layer.steps == 3)
      #expect(layer.totalVariation == words.rows.reduce(0) { $0 + $1.distance.totalVariation } / 3)
      #expect(layer.jensenShannon == words.rows.reduce(0) { $0 + $1.distance.jensenShannon } / 3)
      #expect(layer.largestJensenShannon == words.rows.map(\.distance.jensenShannon).max())
      let looks = try DifferenceView(
        MapViewRequest(run: run.run.hash), second: runs[1].run.hash, subject: .point(QueryPoint(x: 0, y: 0)),
        store: results.store)
      // Self-attention does not know the prompt here.
      #expect(looks.rows.allSatisfy { $0.distance.totalVariation == 0 && $0.map.values.allSatisfy { $0 == 0 } })
      #expect(throws: SelectionError.self) {
        _ = try DifferenceView(
          MapViewRequest(run: run.run.hash), second: runs[1].run.hash, subject: .word("red", other: "red"),
          store: results.store)
      }
    }
  }
}
