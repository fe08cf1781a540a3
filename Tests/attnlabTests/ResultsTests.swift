import Attention
import AttentionStore
import Foundation
import Results
import TestSupport
import Testing

/// `list` and `show` on a database made by hand.
@Suite struct ResultsTests {
  private static let hashes = ["3f9a" + String(repeating: "0", count: 60), "3fbb" + String(repeating: "1", count: 60)]

  /// A source and a target with one map each; the target has a metric.
  private func makeResults(_ folder: URL) throws {
    let results = ResultsFolder(folder.appending(path: "Results/small"))
    try FileManager.default.createDirectory(at: results.url, withIntermediateDirectories: true)
    let store = try AttentionStore.open(results.database, mode: .create)
    try store.beginExperiment(
      StoredExperiment(
        name: "small", question: "What is this?", spec: "version: 1\n", specHash: "5bec", model: "emoji-scenes",
        modelHash: "30de130de130de130de1", toolVersion: "0.1.0", engine: "OpenBLAS",
        createdAt: Date(timeIntervalSince1970: 1_700_000_000)))
    let prompts = try store.register(prompts: [prompt("red"), prompt("blue")])
    let site = AttentionSite(
      index: 0, path: "mid_block.attentions.0.transformer_blocks.0.attn2", kind: .cross, layer: 1, height: 2, width: 2,
      heads: 4, latentHeight: 2, latentWidth: 2)
    let sites = try store.register(sites: [site])
    let keys = ["red", "blue"].map { [TokenKey(label: $0, positions: [1])] }
    let record = try store.register(
      record: RecordDescription(name: "words", spec: "sites: cross:*"),
      keys: Dictionary(uniqueKeysWithValues: zip(prompts, keys)))
    let runs = prompts.indices.map { index in
      RunDescription(
        hash: Self.hashes[index], role: index == 0 ? .source : .target, intervention: index == 0 ? "source" : "swap",
        prompt: prompts[index], sourceHash: index == 0 ? nil : Self.hashes[0], seed: 7,
        setting: SettingDescription(
          numInferenceSteps: 1, guidanceScale: 5, scheduler: "ddim", height: 16, width: 16))
    }
    let group = try store.beginGroup(hash: "g", runs: runs)
    let maps = group.runs.map { run in
      MapRow(
        run: run.id, record: record, site: sites[0], branch: .conditional, height: 2, width: 2, keys: 1,
        type: .float32, data: MapType.float32.encode([1, 2, 3, 4]))
    }
    try store.commitStep(groupHash: "g", step: 0, timestep: 1, state: Data("s".utf8), maps: maps)
    let done = group.runs.enumerated().map { RunResult(run: $1.id, metrics: $0 == 0 ? [:] : ["psnr": 21.5]) }
    try store.finishGroup(hash: "g", results: done)
    try store.close()
  }

  private func prompt(_ word: String) -> PromptTokens {
    PromptTokens(
      prompt: word,
      tokens: [
        .init(id: 0, piece: "<s>", role: .start), .init(id: 1, piece: word + "</w>", role: .word, word: 0),
        .init(id: 2, piece: "<e>", role: .end),
      ], words: [word], truncatedWords: [])
  }

  @Test func list() throws {
    try Program.inFolder { attnlab in
      #expect(try attnlab("list").output == "no results in Results\n")
      #expect(try attnlab("list", "--json").output == "[\n\n]\n")
      try makeResults(attnlab.folder)
      let outcome = try attnlab("list")
      #expect(
        outcome.output == """
          name   runs done  others  maps  bytes  model         question
          small        2/2             2   32 B  emoji-scenes  What is this?

          """)
      #expect(outcome.code == 0)
    }
  }

  @Test func damagedDatabasesAreNamedAndTheRestIsListed() throws {
    try Program.inFolder { attnlab in
      try makeResults(attnlab.folder)
      let broken = attnlab.folder.appending(path: "Results/broken")
      try FileManager.default.createDirectory(at: broken, withIntermediateDirectories: true)
      try Data("no database".utf8).write(to: broken.appending(path: "broken.sqlite"))
      let outcome = try attnlab("list")
      #expect(outcome.output.contains("small         2/2             2   32 B"))
      #expect(outcome.errors.hasPrefix("error: \(broken.path)/broken.sqlite: is not a SQLite database"))
      #expect(outcome.code == 1)
    }
  }

  @Test(arguments: ["small", "Results/small", "./Results/small/"]) func show(_ name: String) throws {
    try Program.inFolder { attnlab in
      try makeResults(attnlab.folder)
      let outcome = try attnlab("show", name)
      #expect(
        outcome.output == """
          experiment  small
          question    What is this?
          folder      \(attnlab.folder.path)/Results/small
          model       emoji-scenes, 30de130de130de13
          made with   attnlab 0.1.0, OpenBLAS
          begun       2023-11-14T22:13:20Z
          records     words
          maps        2, 32 B

          run               status  intervention  seed  psnr  prompt
          3f9a000000000000  done    source           7        red
          3fbb111111111111  done    swap             7  21.5  red -> blue

          """)
      #expect(outcome.code == 0)
    }
  }

  @Test func showOneRun() throws {
    try Program.inFolder { attnlab in
      try makeResults(attnlab.folder)
      let outcome = try attnlab("show", "small", "--run", "3FB")
      #expect(
        outcome.output == """
          run        \(Self.hashes[1])
          status     done
          role       target, intervention "swap"
          prompt     blue
          source     red, 3f9a000000000000
          picture    16 x 16 pixels, seed 7
          denoising  1 ddim steps, guidance 5.0
          psnr       21.5
          record     words, 1 maps, 16 B: blue

          """)
      let json = try attnlab("show", "small", "--run", "3f9a", "--json").json()
      #expect(json["hash"] as? String == Self.hashes[0])
    }
  }

  @Test(arguments: [
    ("3f", "2 runs begin with \"3f\": 3f9a000000000000, 3fbb111111111111; give more digits"),
    ("a", "no run begins with \"a\"; the runs begin with 3f9a000000000000, 3fbb111111111111"),
  ])
  func unclearRuns(_ digits: String, _ message: String) throws {
    try Program.inFolder { attnlab in
      try makeResults(attnlab.folder)
      for command in ["show", "export"] {
        let outcome = try attnlab(command, "small", "--run", digits)
        #expect(outcome.errors == "error: --run: \(message)\n  See 'attnlab \(command) --help' for more information.\n")
        #expect(outcome.code == 2)
      }
    }
  }

  @Test(arguments: [["--sites", "cross:17"], ["--words", "car"], ["--steps", "5"], ["--heads", "0"]])
  func exportChecksItsSelectors(_ options: [String]) throws {
    try Program.inFolder { attnlab in
      try makeResults(attnlab.folder)
      let outcome = try attnlab("export", "small", "--run", "3f9a", options[0], options[1])
      #expect(outcome.errors.hasPrefix("error: "))
      #expect(outcome.code == 2)
      #expect(outcome.output == "")
      #expect(!attnlab.files.contains("export"))
    }
  }
}
