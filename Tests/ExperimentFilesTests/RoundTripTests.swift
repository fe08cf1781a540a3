import Attention
import ExperimentFiles
import Formatting
import Generation
import Measures
import Schedulers
import Tensors
import TestSupport
import Testing

/// Any spec that a file can hold.
private struct RandomSpecs {
  var random: SeededGenerator

  private mutating func some<T>(_ values: [T]) -> T { values.randomElement(using: &random) ?? values[0] }
  private mutating func count(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &random) }

  /// Text that YAML could take for something else, or mangle.
  private mutating func text(_ sizes: ClosedRange<Int> = 0...6) -> String {
    let pieces = [
      "a", "red", "car", " ", "  ", ": ", " #", "\"", "'", "\\", "\\n", "{", "}", "[", "]", ",", "&a", "*a", "!", "%",
      "@", "`",
      "|", ">", "-", "- ", "?", "~", "null", "yes", "1e3", "0x1", "1_0", ".nan", "<<", "=", "é", "e\u{301}", "語",
      "\u{1F600}",
      "\u{1F468}\u{200D}\u{1F469}", "\u{A0}", "\u{FFFF}", "\u{FFFD}", "\u{E000}", "\u{10FFFF}",
    ]
    return (0..<count(sizes)).map { _ in some(pieces) }.joined()
  }

  private mutating func distinct<T: Hashable>(_ sizes: ClosedRange<Int>, _ make: (inout Self) -> T) -> [T] {
    var seen: Set<T> = []
    return (0..<count(sizes)).map { _ in make(&self) }.filter { seen.insert($0).inserted }
  }

  private mutating func name() -> String {
    some(["a", "7", "words", "null", "yes", "1e3", "2024-01-01", "é", "語"])
      + some(["", " b", "-1", ".5", ",=+%()", "_"])
  }

  private mutating func steps(of total: Int) -> StepSelector {
    switch count(0...3) {
    case 0: return .all
    case 1: return .list([0] + distinct(0...3) { $0.count(0...(total - 1)) }.filter { $0 != 0 })
    case 2:
      let from = count(0...(total - 1))
      return .range(from: from, to: count((from + 1)...total), every: count(1...5))
    default:
      // At least one whole step.
      return .fraction(from: 0, to: min(1, Double.random(in: (1.001 / Double(total))...2, using: &random)))
    }
  }

  private mutating func tokens() -> TokenSelector {
    switch count(0...2) {
    case 0: .all
    case 1: .words
    default:
      .names(
        [.position(76)]
          + distinct(0...4) {
            $0.some([
              .position($0.count(0...75)), .word("car", occurrence: 2), .end, .word("7", occurrence: 1),
              .word("no", occurrence: 1), .word("#", occurrence: 1), .word("red car", occurrence: 2),
            ])
          })
    }
  }

  private mutating func operation(of total: Int) -> OperationSpec {
    let op = some(OperationRegistry.all)
    let place = op.places.isEmpty ? .probabilities : some(op.places)
    var values: [String: OperationValue] = [:]
    for key in op.keys where (key.place ?? place) == place && (key.isRequired || count(0...2) > 0) {
      values[key.name] = value(key.kind)
    }
    // A source has one noise.
    if values["source_seed"] != nil || values["source_seed_added"] == .seed(Seed(0)) {
      values["source_seed_added"] = nil
    }
    if op.changesWords { return OperationSpec(op: op, values: values, sites: "", words: [.position(2)]) }
    if op.onlyObserves {
      return OperationSpec(
        op: op, values: values, sites: "s" + text(), steps: steps(of: total), branch: some(BranchChoice.allCases))
    }
    if op.changesStart { return OperationSpec(op: op, values: values, sites: "") }
    if op.changesPrompt { return OperationSpec(op: op, values: values, sites: "", branch: some(BranchChoice.allCases)) }
    let takesHeads = place != .output && count(0...1) == 1
    let takesWords = ![.queries, .output].contains(place) && count(0...1) == 1
    return OperationSpec(
      op: op, values: values, place: place, sites: "s" + text(), steps: steps(of: total),
      branch: some(BranchChoice.allCases), heads: takesHeads ? [3, 0] : nil,
      words: takesWords ? [.word("car", occurrence: 2), .after("x", occurrence: 1), .end, .position(5)] : nil,
      renormalize: place == .probabilities && count(0...1) == 1)
  }

  private mutating func value(_ kind: OperationKey.Kind) -> OperationValue {
    switch kind {
    case .number(let range): .number(some([Float(range.lowerBound), 0.25, Float(range.upperBound)]))
    case .seed: .seed(some([0, 7, .max]))
    case .name(let names): .name(some(names))
    case .words: .texts(["car", "red car#2"])
    case .prompts: .texts([text(), "x" + text(9...9)])
    case .seeds: .seeds([4, .max])
    }
  }

  /// One without a name, or several with names.
  private mutating func settings(of total: Int) -> [GenerationSettings] {
    let labels = count(0...1) == 0 ? [""] : distinct(1...3) { $0.name() }
    return labels.map { label in
      let values: [String: SchedulerSettings.Value] =
        count(0...1) == 0
        ? [:]
        : [
          "timestep_spacing": .text("t" + text()), "steps_offset": .integer(count(0...9)),
          "beta_start": .number(some([0.1, 1e-5])), "use_karras_sigmas": .truth(count(0...1) == 0),
        ]
      return GenerationSettings(
        numInferenceSteps: total, guidanceScale: some([0, 7.5, 0.1, 100, 1e-5, .random(in: 0...100, using: &random)]),
        scheduler: count(0...1) == 0 ? nil : some(["ddim", "pndm", "euler", "dpm++"]),
        schedulerSettings: SchedulerSettings(values), label: label)
    }
  }

  /// - Parameters:
  ///   - columns, metrics: What the file has, metrics of single runs; without metrics there are no claims.
  private mutating func claims(_ columns: [String], _ metrics: [String], _ seeds: [Seed]) -> ClaimsSpec? {
    guard count(0...1) == 1, let metric = metrics.first, columns.count > 2 else { return nil }
    let chosen = columns.shuffled(using: &random)
    let interventions = columns.filter { $0 != InterventionSpec.sourceName }
    let bound = { (self: inout Self) in
      self.some([0, 0.1, -1e-5, 1e6, .random(in: -1e6...1e6, using: &self.random)])
    }
    let gates = (0..<count(0...3)).map { _ -> GateSpec in
      let condition: GateSpec.Condition =
        switch count(0...2) {
        case 0: .mean(metric: metric, of: chosen[0], atLeast: bound(&self))
        case 1: .difference(metric: metric, of: chosen[0], against: chosen[1])
        default: .instrument("i" + text(), atLeast: some([0, 0.95, 1]))
        }
      return GateSpec(says: "s" + text(), condition: condition)
    }
    let claims = (distinct(1...3) { $0.name() }).map { name in
      let tests = (0..<count(1...3)).map { _ in
        ClaimTestSpec(
          says: "t" + text(), metric: metric, of: chosen[0], against: some([nil, chosen[1]]),
          threshold: some([.above(bound(&self)), .below(bound(&self))]), placebo: some([nil, chosen[2]]))
      }
      let picture = metrics.first { MetricRegistry.named($0)?.measure.isOfEdits == false }
      let isShare = MetricRegistry.named(metric)?.isShare == true
      return ClaimSpec(
        name: name, statement: "x" + text(), exclusions: text(),
        sources: count(0...1) == 0 ? nil : picture.map { SourceRule(metric: $0, atLeast: 1) },
        gate: isShare ? some([nil, RemovalGate(removed: chosen[0], against: chosen[1])]) : nil, tests: tests)
    }
    return ClaimsSpec(
      heldOutSeeds: some([nil, Array(seeds.reversed())]), confidence: some([0.5, 0.95, 0.9999]),
      averages: some([nil, [AverageSpec(name: "mean", interventions: Array(interventions.prefix(2)))]]), gates: gates,
      claims: claims)
  }

  mutating func next() -> ExperimentSpec {
    let total = some([2, 30, 1000])
    let maybe = { (value: Int, self: inout Self) in self.count(0...1) == 0 ? nil : value }
    let generate = GenerateSpec(
      pairs: [PromptPair(source: "", target: "x")]
        + distinct(0...3) { PromptPair(source: $0.text(), target: $0.text(7...9)) }
        + [PromptPair(source: "own", target: "own seeds", seeds: [count(0...6)].map { Seed(UInt64($0)) })],
      prompts: distinct(0...3) { $0.text() },
      seeds: [7] + distinct(0...3) { Seed(.random(in: 8 ... .max, using: &$0.random)) },
      settings: settings(of: total), negativePrompt: text(), height: maybe(8 * count(1...1024), &self),
      width: maybe(8 * count(1...1024), &self), batch: count(2...1024))
    let record = distinct(0...3) { $0.name() }.map { name in
      RecordSpec(
        name: name, of: some([.probabilities, .scores]), sites: "s" + text(), heads: some(HeadChoice.allCases),
        steps: steps(of: total), tokens: tokens(),
        branch: some(BranchChoice.allCases), pool: maybe(count(1...1024), &self), dtype: some(MapType.allCases))
    }
    let interventions = distinct(1...4) { $0.name() }.map { name in
      InterventionSpec(
        name: name,
        operations: (0..<count(0...3)).map { _ in
          operation(of: total)
        })
    }
    func tables() -> [ReportFactor] {
      let group = ObjectGroup(group: text(1...6), objects: distinct(1...3) { $0.text(1...6) })
      return distinct(0...3) { .named($0.some(FactorName.allCases)) }
        + (Bool.random(using: &random) ? [.group(group)] : [])
    }
    func instruments() -> InstrumentFolders {
      InstrumentFolders(
        Dictionary(
          distinct(0...2) { $0.some(Instrument.allCases) }.map { ($0, "f" + text()) }, uniquingKeysWith: { a, _ in a }))
    }
    // Metrics of maps need maps.
    let known = MetricRegistry.all.filter { metric in
      record.contains { $0.of == .probabilities } || !metric.measure.isOfMaps
    }
    let metrics = distinct(0...2) { $0.some(known) }
    var spec = ExperimentSpec(
      name: some(["a", "first-look", "1e3", "null", "x.y_z-1"]), question: text(), model: "m" + text(),
      generate: generate,
      record: record, predictedClean: count(0...1) == 0 ? nil : steps(of: total), interventions: interventions,
      metrics: metrics, instruments: instruments(), tables: tables(),
      figures: distinct(0...4) { $0.some(FigureName.allCases) },
      claims: claims(
        interventions.map(\.name) + ["source"], metrics.filter { !$0.measure.isOfSets }.map(\.name), generate.seeds),
      budget: BudgetSpec(
        disk: ByteSize(some([1, 1 << 53, 1 << 30, 1_500_000, .random(in: 1...(1 << 53), using: &random)]))))
    // As reading does.
    spec.addMetricsOfSecondReader()
    return spec
  }
}

@Suite struct RoundTripTests {
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func whatIsWrittenDecodesToTheSame(seed: UInt64) throws {
    var specs = RandomSpecs(random: SeededGenerator(seed: seed))
    for index in 0..<25 {
      let spec = specs.next()
      let yaml = spec.resolvedYAML()
      let place: Comment = "seed \(seed), spec \(index)\n\(yaml)"
      // Swift's == takes é in one code point and in two for equal; their bytes must agree as well.
      #expect(problems(yaml) == "", place)
      guard let decoded = try? decode(yaml) else { continue }
      #expect(decoded.resolvedYAML() == yaml, place)
      #expect(decoded == spec && decoded.resolvedYAML().utf8.elementsEqual(yaml.utf8), place)
      let fromJSON = try #require(try? decode(spec.canonicalForm), place)
      #expect(fromJSON == spec && fromJSON.canonicalForm.utf8.elementsEqual(spec.canonicalForm.utf8), place)
    }
  }

  @Test func canonicalFormIsOneLineOfJSON() {
    let spec = ExperimentSpec(
      name: "a", question: "é \"q\"", model: "m",
      generate: GenerateSpec(
        prompts: ["x"], seeds: [.max], settings: [GenerationSettings(guidanceScale: 5)]),
      record: [RecordSpec(name: "r", sites: "s", tokens: .names([.word("7", occurrence: 1), .position(7)]))])
    #expect(
      spec.canonicalForm == #"{"version":1,"name":"a","question":"é \"q\"","model":"m","generate":{"pairs":[],"#
        + #""prompts":["x"],"seeds":[18446744073709551615],"num_inference_steps":30,"guidance_scale":5.0,"#
        + #""scheduler":null,"negative_prompt":"","height":null,"width":null,"precision":"fp32","batch":24},"#
        + #""record":[{"name":"r","sites":"s","heads":"mean","steps":"all","tokens":["7",7],"branch":"conditional","#
        + #""pool":null,"dtype":"fp32"}],"predicted_clean":null,"interventions":{"none":[]},"metrics":[],"instruments":{},"#
        + #""tables":[],"figures":[],"budget":{"disk":"10 GiB"}}"#)
  }

  /// Numbers that a Float cannot hold: -1e-50 was written as -0.0 once, and then as 0.0.
  @Test(arguments: ["-1.0e-50", "1.0e-50", "1.0e-45", "0.1", "999.9999999"]) func smallFactors(factor: String) throws {
    let operation = "{ op: scale, sites: \"self:4\", factor: \(factor) }"
    let resolved = try decode(minimal("interventions: { a: [\(operation)] }")).resolvedYAML()
    #expect(try decode(resolved).resolvedYAML() == resolved)
    #expect(!resolved.contains("-0"))
  }

  @Test func commentsOrderOfKeysAndSpellingDoNotReachTheCanonicalForm() throws {
    let one = try decode(minimal("metrics: [psnr]\nbudget: { disk: 1024 MiB }"))
    let other = try decode(
      """
      # The same.
      budget: {disk: 1 GiB}
      metrics:
        - "psnr"
      generate:
        seeds: [ 1 ]
        guidance_scale: 7.50
        prompts: ['a red car']
      model: 'emoji-scenes'
      name: small
      version: 1
      """)
    #expect(one.canonicalForm == other.canonicalForm)
    #expect(one.resolvedYAML() == other.resolvedYAML())
  }
}
