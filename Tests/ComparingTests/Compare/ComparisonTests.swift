import Analysis
import ExperimentSupport
import Foundation
import Measures
import Planning
import Tensors
import TestSupport
import Testing

@testable import Comparing

@Suite struct ComparisonTests {
  /// PSNR 10 for the baseline; the others differ by an amount of their own, and by pair and seed.
  private static func psnr(_ run: MeasuredResults.Run) -> Double {
    let number = run.source.last?.wholeNumberValue.map(Double.init) ?? 0
    let effect: [String: Double] = ["none": 0, "late": 1 + number, "early": -2, "first": 0.25 * Double(run.seed)]
    return 10 + 0.5 * Double(run.seed) + number + (effect[run.intervention] ?? .nan)
  }

  private static func metrics(_ run: MeasuredResults.Run) -> [String: Double]? {
    ["psnr": psnr(run), "ssim": psnr(run) / 100]
  }

  private func compare(
    pairs: Int = 2, seeds: [UInt64] = [1, 2], _ request: ComparisonRequest = ComparisonRequest(resamples: 500),
    metrics: (MeasuredResults.Run) -> [String: Double]? = metrics
  ) throws -> Comparison {
    let folder = try ScratchFolder("Results")
    let results = try MeasuredResults(folder.url, pairs: pairs, seeds: seeds, metrics: metrics)
    return try Comparison([results.comparable()], request)
  }

  private func row(_ comparison: Comparison, _ intervention: String, _ group: String? = nil) throws -> Comparison.Row {
    try #require(
      comparison.rows.first { $0.metric == .psnr && $0.intervention == intervention && $0.group == group })
  }

  // MARK: - Matching

  /// Values differ more between pairs and seeds than between interventions: only matched differences are exact.
  @Test func differencesAreOfTheSamePairAndSeed() throws {
    let comparison = try compare()
    #expect(comparison.baseline == "none")
    #expect(comparison.interventions == ["late", "early", "first"])
    #expect(comparison.rows.map(\.metric) == [.psnr, .psnr, .psnr, .ssim, .ssim, .ssim])
    #expect(comparison.unmatched.isEmpty && !comparison.isEmpty)
    let late = try row(comparison, "late").result
    #expect(late.differences == [1, 1, 2, 2] && late.difference == 1.5 && late.count == 4)
    #expect(late.baselineMean == 11.25 && late.treatmentMean == 12.75)
    let early = try row(comparison, "early").result
    #expect(early.differences == [-2, -2, -2, -2] && early.interval == -2...(-2))
    #expect(try row(comparison, "first").result.differences == [0.25, 0.5, 0.25, 0.5])
  }

  @Test func seedsAreTheClustersFromFiveOn() throws {
    for (seeds, clustering, clusters) in [
      ([UInt64](1...4), Comparison.Clustering.runs, 12), ([UInt64](1...5), .seeds, 5),
    ] {
      let comparison = try compare(pairs: 3, seeds: seeds)
      let row = try row(comparison, "first")
      #expect(row.clustering == clustering && row.result.clusters == clusters)
      let differences = seeds.map { 0.25 * Double($0) }
      let expected =
        clustering == .seeds
        ? ClusteredSample(differences + differences + differences, clusters: (0..<15).map { $0 % 5 })
        : ClusteredSample(differences + differences + differences)
      #expect(row.result.interval == Bootstrap(resamples: 500).interval(expected))
      // Of one seed there is one cluster a pair.
      let bySeed = try compare(pairs: 3, seeds: seeds, ComparisonRequest(grouping: .seed, resamples: 500))
      #expect(try self.row(bySeed, "late", "1").clustering == .runs)
      #expect(try self.row(bySeed, "late", "1").result.clusters == 3)
    }
  }

  /// The same noise under other settings is no other sample.
  @Test func settingsOfAPairAndSeedAreOneCluster() {
    let keys = ["guidance 3", "guidance 5"].flatMap { settings in
      [1, 2].map { RunKey(source: "a", prompt: "b", seed: Seed($0), intervention: "", settings: settings) }
    }
    let numbers = ClusterNumbers(keys)
    #expect(keys.map { numbers.number(of: $0, .runs) } == [0, 1, 0, 1])
  }

  @Test func largeSeedsKeepTheirValue() throws {
    let seed = UInt64(1) << 63
    let comparison = try compare(seeds: [seed], ComparisonRequest(grouping: .seed, resamples: 500)) { _ in
      ["psnr": 1, "ssim": 1]
    }
    #expect(comparison.rows.map(\.group) == Array(repeating: "9223372036854775808", count: 6))
  }

  @Test func unmatchedRunsAreCountedAndNamed() throws {
    // A group that failed has no run of any intervention; one run lacks a metric.
    let comparison = try compare { run in
      if run.source == "source 1", run.seed == 2 { return nil }
      var values = Self.metrics(run) ?? [:]
      if run.intervention == "early", run.source == "source 0", run.seed == 1 { values["psnr"] = nil }
      if run.intervention == "none", run.source == "source 0", run.seed == 2 { values["ssim"] = nil }
      return values
    }
    #expect(try row(comparison, "late").unmatched == 1)
    #expect(try row(comparison, "late").result.differences == [1, 1, 2])
    #expect(try row(comparison, "early").unmatched == 2)
    func named(_ intervention: String) -> [String] {
      comparison.unmatched.filter { $0.intervention == intervention }
        .map { "\($0.sourcePrompt), \($0.targetPrompt), \($0.seed): \($0.reason)" }
    }
    #expect(
      named("late") == [
        "source 1, target 1, 2: failed", "source 0, target 0, 2: the baseline's run: no ssim was stored",
      ])
    #expect(
      named("early") == [
        "source 0, target 0, 1: no psnr was stored", "source 1, target 1, 2: failed",
        "source 0, target 0, 2: the baseline's run: no ssim was stored",
      ])
  }

  @Test func infiniteValuesAreExcludedAndCounted() throws {
    let comparison = try compare { run in
      var values = Self.metrics(run) ?? [:]
      if run.intervention == "late", run.seed == 1 { values["psnr"] = .infinity }
      if run.intervention == "none", run.source == "source 1", run.seed == 2 { values["psnr"] = .nan }
      return values
    }
    let late = try row(comparison, "late").result
    #expect(late.differences == [1] && late.excluded == 3 && late.interval == nil && late.clusters == 1)
    #expect(late.baselineMean == 11 && late.treatmentMean == 12)
    #expect(try row(comparison, "late").unmatched == 0)
    #expect(try row(comparison, "early").result.excluded == 1)
    #expect(
      String(decoding: comparison.csv, as: UTF8.self).contains("\npsnr,dB,late,none,,,1,1,runs,3,0,11.0,12.0,1.0,,\n"))
  }

  @Test func nothingToDraw() throws {
    let comparison = try compare { _ in ["psnr": .infinity, "ssim": .nan] }
    #expect(!comparison.isEmpty)
    #expect { _ = try comparison.chart() } throws: {
      "\($0)" == "there is no value to draw: no run has a finite difference"
    }
    #expect(try compare { _ in nil }.isEmpty)
  }

  // MARK: - Grouping

  @Test func byLayerAndStep() throws {
    let byLayer = try compare(ComparisonRequest(metrics: [.psnr], grouping: .layer, resamples: 500))
    #expect(byLayer.rows.map(\.intervention) == ["first", "early", "late"])
    #expect(byLayer.rows.map(\.group) == ["cross 1", "self 1; cross 2", "self 2-3"])
    let byStep = try compare(ComparisonRequest(metrics: [.psnr], grouping: .step, resamples: 500))
    #expect(byStep.rows.map(\.intervention) == ["early", "first", "late"])
    #expect(byStep.rows.map(\.group) == ["0-1", "0-2", "2"])
    let noBaseline = try compare(
      ComparisonRequest(interventions: ["none"], baseline: "late", metrics: [.psnr], grouping: .layer, resamples: 500))
    #expect(noBaseline.rows.map(\.group) == ["none"])
    #expect(try row(noBaseline, "none", "none").result.difference == -1.5)
  }

  @Test func bySeedAndPrompt() throws {
    let byPrompt = try compare(
      ComparisonRequest(interventions: ["late"], metrics: [.psnr], grouping: .prompt, resamples: 500))
    #expect(byPrompt.rows.map(\.group) == ["source 0 → target 0", "source 1 → target 1"])
    #expect(byPrompt.rows.map(\.result.difference) == [1, 2])
    let bySeed = try compare(
      ComparisonRequest(interventions: ["first"], metrics: [.psnr], grouping: .seed, resamples: 500))
    #expect(bySeed.rows.map(\.group) == ["1", "2"])
    #expect(bySeed.rows.map(\.result.difference) == [0.25, 0.5])
  }

  // MARK: - Several experiments

  @Test func severalExperiments() throws {
    let folder = try ScratchFolder("Results")
    let one = try MeasuredResults(folder.url, name: "one", seeds: [1, 2], metrics: Self.metrics).comparable()
    let two = try MeasuredResults(folder.url, name: "two", seeds: [2, 3], names: "[psnr]") { run in
      ["psnr": Self.psnr(run) + 100]
    }.comparable()
    let comparison = try Comparison(
      [one, two], ComparisonRequest(interventions: ["late", "two/none"], resamples: 500))
    #expect(comparison.baseline == "one/none")
    #expect(comparison.interventions == ["one/late", "two/late", "two/none"])
    // What one of them did not measure cannot be compared.
    #expect(comparison.metrics == [.psnr])
    #expect(try row(comparison, "two/none").result.differences == [100, 100])
    #expect(try row(comparison, "two/late").result.differences == [101, 102])
    #expect(try row(comparison, "two/late").unmatched == 4)
    let reasons = comparison.unmatched.filter { $0.intervention == "two/late" }.map { "\($0.seed) \($0.reason)" }
    #expect(
      reasons == [
        "1 only the baseline has a run of this pair, seed and settings",
        "1 only the baseline has a run of this pair, seed and settings",
        "3 the baseline has no run of this pair, seed and settings",
        "3 the baseline has no run of this pair, seed and settings",
      ])
    #expect { _ = try Comparison([one, one], ComparisonRequest()) } throws: {
      "\($0)" == "one is named more than once; compare results of different names"
    }
    #expect { _ = try Comparison([one, two], ComparisonRequest(metrics: [.ssim])) } throws: {
      "\($0)" == "--metrics: two did not measure ssim; it has psnr"
    }
  }

  /// Runs of other settings are matched by prompts and seed, and it is said that they are of others.
  @Test func settingsThatDiffer() throws {
    let folder = try ScratchFolder("Results")
    func made(_ name: String, _ settings: String) throws -> ComparableResults {
      try MeasuredResults(folder.url, name: name, settings: settings, metrics: Self.metrics).comparable()
    }
    let (one, two) = (try made("one", "guidance_scale: 5"), try made("two", "guidance_scale: 3, negative_prompt: fog"))
    let comparison = try Comparison([one, two], ComparisonRequest(resamples: 500))
    #expect(
      comparison.unequalSettings == [
        "guidance_scale: 5.0 in one, 3.0 in two", "negative_prompt: \"\" in one, \"fog\" in two",
      ])
    #expect(
      comparison.text.contains(
        "the experiments were not made alike, so that differences may be due to\n  guidance_scale: 5.0 in one, 3.0 in two\n"
      ),
      "\(comparison.text)")
    #expect(try Comparison([one], ComparisonRequest(resamples: 500)).unequalSettings == [])
  }

  // MARK: - Tests beside intervals

  /// The rows of a metric are one family, whose clusters have one sign in all rows.
  @Test func rowsOfAMetricAreTestedTogether() throws {
    func value(_ run: MeasuredResults.Run) -> Double {
      sin(Double(run.seed) * 3.7 + Double(run.source.utf8.last ?? 0) * 1.3 + Double(run.intervention.count))
    }
    let seeds: [UInt64] = [1, 2, 3, 4, 5, 6]
    let comparison = try compare(seeds: seeds, ComparisonRequest(resamples: 500, permutations: 999)) { run in
      // A metric of another pattern would make the other's corrected p larger, were both one family.
      ["psnr": value(run), "ssim": sin(Double(run.seed) * 5.1 + Double(run.intervention.count) * 2.3)]
    }
    let names = ["late", "early", "first"]
    let family = names.map { name in
      (0..<2).flatMap { pair in
        seeds.enumerated().map { place, seed in
          let run = { MeasuredResults.Run(intervention: $0, source: "source \(pair)", target: "", seed: seed) }
          return PairedMeasurement(baseline: value(run("none")), treatment: value(run(name)), cluster: place)
        }
      }
    }
    let expected = PermutationTest(permutations: 999)(family)
    #expect(expected.signs == .all(64) && comparison.signs == ["psnr": .all(64), "ssim": .all(64)])
    for (name, single) in zip(names, expected.comparisons) {
      let found = try #require(try row(comparison, name).permutation)
      #expect(found.p == single.p && found.correctedP == single.correctedP && found.count == 12, "\(name)")
    }
    #expect(Set(expected.comparisons.map(\.p)).count > 1)
    #expect(
      comparison.testText
        == "two-sided, all differences of a cluster turned at once: all 64 signs of clusters; corrected p "
        + "for all rows of a metric by step-down maxima")
    let csv = String(decoding: comparison.csv, as: UTF8.self)
    #expect(csv.hasPrefix("metric,") && csv.split(separator: "\n")[0].hasSuffix(",low,high,p,corrected_p"))
    let plain = try compare(seeds: seeds)
    #expect(plain.testText == nil && plain.rows.allSatisfy { $0.permutation == nil && $0.equivalence == nil })
  }

  /// A run lacks its metric in one row: the others keep the numbers of their clusters.
  @Test func clustersKeepTheirNumbersWhereRunsAreMissing() throws {
    func value(_ run: MeasuredResults.Run) -> Double { run.intervention == "none" ? 0 : Double(run.seed) }
    let comparison = try compare(pairs: 1, seeds: [1, 2, 3], ComparisonRequest(resamples: 500, permutations: 999)) {
      run in
      run.intervention == "late" && run.seed == 1 ? ["ssim": 0] : ["psnr": value(run), "ssim": 0]
    }
    let (late, early) = (try row(comparison, "late").measurements, try row(comparison, "early").measurements)
    #expect(late.map(\.cluster) == Array(early.map(\.cluster).dropFirst()) && late.count == 2)
    // 3 clusters in all: 8 signs.
    #expect(comparison.signs["psnr"] == .all(8))
    #expect(try row(comparison, "late").permutation?.clusters == 2)
  }

  @Test func equivalenceWithinABound() throws {
    let comparison = try compare(
      pairs: 3, seeds: [1, 2, 3, 4, 5], ComparisonRequest(resamples: 500, equivalence: ["psnr": 2]))
    let first = try row(comparison, "first")
    // Clusters are seeds: their differences are 0.25, 0.5 to 1.25.
    let measurements = (1...5).map { PairedMeasurement(baseline: 0, treatment: 0.25 * Double($0), cluster: $0) }
    let expected = EquivalenceTest(measurements, bounds: -2...2)
    #expect(first.equivalence?.isEquivalent == true && first.equivalence?.clusters == 5)
    #expect(abs((first.equivalence?.p ?? 1) - (expected.p ?? 0)) < 1e-12)
    #expect(try row(comparison, "late").equivalence?.isEquivalent == nil, "no spread")
    #expect(comparison.rows.allSatisfy { ($0.equivalence == nil) == ($0.metric == .ssim) })
    let lines = String(decoding: comparison.csv, as: UTF8.self).split(separator: "\n").map(String.init)
    #expect(
      lines[0].hasSuffix(",equivalence_bound,equivalence_low,equivalence_high,equivalence_p,equivalent")
        && lines[1].hasSuffix(",2.0,,,,") && lines[3].hasSuffix(",true") && lines[4].hasSuffix(",,,,,"), "\(lines)")
    #expect(comparison.equivalenceText?.hasPrefix("two one-sided t tests (TOST) at 5 %") == true)
  }

  @Test func metricsAreCorrelatedOverTheRunsOfAnIntervention() throws {
    let comparison = try compare(
      pairs: 2, seeds: [1, 2, 3], ComparisonRequest(resamples: 500, correlation: MetricPair("psnr", "ssim"))
    ) { run in
      let number = Double(run.seed) + (run.source == "source 1" ? 10 : 0)
      if run.intervention == "early", run.seed == 2 { return ["psnr": number] }
      let sign: Double = run.intervention == "late" ? -1 : 1
      let isInfinite = run.intervention == "first" && number == 1
      return ["psnr": isInfinite ? .infinity : number, "ssim": sign * number * number]
    }
    #expect(comparison.correlations.map(\.intervention) == ["none", "late", "early", "first"])
    #expect(comparison.correlations.map(\.spearman.value) == [1, -1, 1, 1])
    #expect(comparison.correlations.map(\.kendall.value) == [1, -1, 1, 1])
    #expect(comparison.correlations.map(\.spearman.count) == [6, 6, 4, 5])
    #expect(comparison.correlations.map(\.missing) == [0, 0, 2, 0])
    #expect(comparison.correlations.map(\.kendall.excluded) == [0, 0, 0, 1])
  }

  @Test func testsOfMetricsThatAreNotThere() throws {
    #expect {
      _ = try compare(
        ComparisonRequest(
          metrics: [.psnr], equivalence: ["ssim": 1, "lpips": 1], correlation: MetricPair("ssim", "lpips")))
    } throws: {
      "\($0)" == """
        --equivalence: lpips is not compared; there are psnr
        --equivalence: ssim is not compared; there are psnr
        --correlate: small did not measure lpips; it has psnr, ssim
        """
    }
  }

  // MARK: - Errors

  @Test func namesThatDoNotFitAreReportedTogether() throws {
    #expect { _ = try compare(ComparisonRequest(interventions: ["lat", "early", "x"], baseline: "non")) } throws: {
      "\($0)" == """
        --baseline: there is no intervention "non"; did you mean "none"? there are none, late, early, first
        --interventions: there is no intervention "lat"; did you mean "late"? there are none, late, early, first
        --interventions: there is no intervention "x"; there are none, late, early, first
        """
    }
    #expect { _ = try compare(ComparisonRequest(interventions: ["late"], baseline: "late")) } throws: {
      "\($0)" == "there is nothing to compare with the baseline \"late\"; name another intervention"
    }
  }

  @Test func experimentsWithoutPairsOrMetrics() throws {
    let folder = try ScratchFolder("Results")
    let unmeasured = try MeasuredResults(folder.url, name: "unmeasured", names: "[]") { _ in [:] }
    #expect { _ = try unmeasured.comparable() } throws: {
      "\($0)" == "unmeasured: nothing was measured; give the experiment `metrics: [psnr, ssim]` and run it again"
    }
    let single = try SyntheticResults(
      folder.url,
      spec: SyntheticResults.spec(
        pairs: "[]", prompts: "[a car]", interventions: "{ none: [] }", metrics: "[]", figures: "[]"), name: "single")
    #expect { _ = try ComparableResults(results: single.results, store: single.store) } throws: {
      "\($0)" == "single: its runs have no metrics: they measure a target against its source, and the experiment has "
        + "no `generate.pairs`"
    }
  }

  // MARK: - Files

  @Test func table() throws {
    let request = ComparisonRequest(interventions: ["early"], metrics: [.psnr], grouping: .layer, resamples: 500)
    let text = String(decoding: try compare(request).csv, as: UTF8.self)
    #expect(
      text == """
        metric,unit,intervention,baseline,grouped_by,group,n,clusters,clustered_by,excluded,unmatched,baseline_mean,mean,\
        difference,low,high
        psnr,dB,early,none,layer,self 1; cross 2,4,4,runs,0,0,11.25,9.25,-2.0,-2.0,-2.0

        """)
  }

  @Test func sameSeedSameTable() throws {
    func csv(_ seed: UInt64) throws -> Data {
      try compare(pairs: 3, seeds: [1, 2, 3], ComparisonRequest(resamples: 500, seed: seed)) { run in
        // Without ties, two resamplings have different quantiles.
        let value = sin(
          Double(run.seed) * 3.7 + Double(run.source.utf8.last ?? 0) * 1.3 + Double(run.intervention.count))
        return ["psnr": value, "ssim": value]
      }.csv
    }
    let first = try csv(3)
    #expect(try csv(3) == first)
    #expect(try csv(4) != first)
  }

  /// A row does not depend on which others are asked for.
  @Test func rowsStandAlone() throws {
    let all = try compare(pairs: 3, seeds: [1, 2, 3])
    let one = try compare(
      pairs: 3, seeds: [1, 2, 3], ComparisonRequest(interventions: ["first"], metrics: [.psnr], resamples: 500))
    #expect(try row(all, "first").result == row(one, "first").result)
  }

  @Test func chartHasAPanelForEachMetric() throws {
    let both = try compare().chart()
    let psnr = try compare(ComparisonRequest(metrics: [.psnr], resamples: 500)).chart()
    let ssim = try compare(ComparisonRequest(metrics: [.ssim], resamples: 500)).chart()
    #expect(both.height == psnr.height + ssim.height && both.width == max(psnr.width, ssim.width))
    func row(_ picture: Picture, _ y: Int, width: Int) -> [UInt8] {
      Array(picture.pixels[(y * picture.width * 3)..<(y * picture.width * 3 + width * 3)])
    }
    #expect((0..<psnr.height).allSatisfy { row(both, $0, width: psnr.width) == row(psnr, $0, width: psnr.width) })
    #expect(
      (0..<ssim.height).allSatisfy {
        row(both, psnr.height + $0, width: ssim.width) == row(ssim, $0, width: ssim.width)
      })
  }
}
