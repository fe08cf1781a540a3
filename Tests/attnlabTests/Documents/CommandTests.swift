import Foundation
import GRDB
import TestSupport
import Testing

/// The commands of the pages, run as a reader would: those of one page one after another, in a folder that has the
/// checkout's experiments. Pictures take two steps here, so that all pages together take about a minute.
@Suite struct CommandTests {
  /// The pages whose commands are run in one folder, since the later ones ask about results of the first.
  static let groups = [
    [
      "notebooks-md/first-look.md", "notebooks-md/database.md", "README.md",
      "Sources/AttentionStore/AttentionStore.docc/AttentionStore.md",
      "Sources/ExperimentFiles/ExperimentFiles.docc/ExperimentFile.md",
      "Sources/Pipelines/Pipelines.docc/YourCheckpoint.md", "Experiments/emoji-scenes/README.md",
      "Experiments/README.md", "Sources/attnlab/attnlab.docc/attnlab.md",
    ],
    ["notebooks-md/tokens-and-heat-maps.md"],
    ["notebooks-md/swapping-and-ablating.md"],
    ["notebooks-md/measuring.md"],
    ["notebooks-md/editing.md"],
    ["notebooks-md/probing.md"],
  ]

  /// Commands that no test runs, by how they begin, and why.
  static let notRun = [
    ("make ", "builds or tests everything; .ci/run does it"),
    ("swift ", "builds or tests everything; .ci/run does it"),
    (".ci/", "takes half an hour, or long enough to find something"),
    ("apt-get ", "changes the machine; .ci/setup does it"),
    ("python3 -m venv ", "what follows it needs a download"),
    ("pip install ", "is a download"),
    ("/tmp/venv/bin/", "needs PyTorch"),
    ("cd Experiments/emoji-scenes", "needs PyTorch; smoke.sh runs the whole recipe"),
    ("./", "needs PyTorch; smoke.sh runs the whole recipe"),
    ("rm -f run/", "belongs to the recipe"),
    ("python -m unittest ", "needs PyTorch; smoke.sh runs it"),
    ("python3 Experiments/pandas/", "needs pandas"),
    ("datasette ", "needs Datasette"),
    ("sqlite3 ", "opens a shell; the page's queries are run below"),
    ("ATTNLAB_FUZZ_FOLDER=", "reads a finding that there is not"),
    ("ATTNLAB_PRINT_DIFFERENCES=", "runs tests"),
    ("ATTNLAB_PROBE_", "runs tests"),
    ("attnlab bench probes --places 1024", "takes minutes"),
    ("ATTNLAB_SD15=", "runs tests on 2 GB of weights"),
    ("attnlab run Experiments/model-gates", "makes 1,120 pictures"),
    ("attnlab run Experiments/vital-layers/", "makes 6,000 pictures"),
    ("attnlab run Experiments/probe-bank/", "makes 280 pictures"),
    ("attnlab run Experiments/transfer/", "reads these pictures' maps"),
    ("ATTNLAB_ISA=", "runs an experiment for long; InstructionSetTests pins the program"),
    ("picture() ", "takes minutes to measure what waiting costs"),
    ("rounds", "takes minutes to measure what waiting costs"),
    ("nice ", "takes minutes to measure what waiting costs"),
  ]

  /// The same work with less of it: two steps in place of ten or thirty, and one seed.
  private static let smaller = [
    ("num_inference_steps: 30", "num_inference_steps: 2"),
    ("num_inference_steps: 10", "num_inference_steps: 2"),
    ("num_inference_steps=10", "num_inference_steps=2"),
    ("seeds: [1, 2]\nrecord:", "seeds: [1]\n  num_inference_steps: 2\nrecord:"),
    ("seeds: [1, 2, 3, 4, 5, 6]", "seeds: [1]"),
    ("seeds: [1, 2, 3]", "seeds: [1]"),
    ("seeds: [1, 2]", "seeds: [1]"),
    ("generate.seeds=[901, 902]", "generate.seeds=[901]"),
    ("to: 30, every: 10", "to: 2"),
    ("to: 30, every: 3", "to: 2"),
    ("steps: [0, 5, 9]", "steps: [0, 1]"),
    ("--steps 0-29", "--steps 0-1"),
    ("--steps 0-2 ", "--steps 0 "),
    ("--steps 20-29", "--steps 1"),
    ("--steps 10", "--steps 2"),
    ("attnlab heatmap ", "attnlab heatmap --steps 2 "),
    ("single: 1-16", "single: 14"),
    ("layers: [1-16, 4-14, 3-13]", "layers: [4-14]"),
    ("strength: [0.25, 0.5, 0.75]", "strength: [0.5]"),
    ("seeds: [7, 8]", "seeds: [7]"),
    // Of the first experiment's pairs one with words of its own in source and target is enough.
    ("    - { source: \"a red apple on the beach\", target: \"a red apple in the park\" }\n", ""),
    // Half an hour each, or the same runs once more: that their plans are right can be told at once.
    ("attnlab run Experiments/model-quality/", "attnlab validate Experiments/model-quality/"),
    ("attnlab run Experiments/c4-self/", "attnlab validate Experiments/c4-self/"),
    (
      "attnlab run Experiments/first-look/experiment.yaml --set ",
      "attnlab plan Experiments/first-look/experiment.yaml --set "
    ),
    ("attnlab run blue-car.yaml --set model=", "attnlab plan blue-car.yaml --set model="),
  ]

  private static func smaller(_ text: String) -> String {
    smaller.reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
  }

  /// A block without the commands that are not run, and the lines that continue these.
  private static func runnable(_ block: String) -> String {
    var isLeftOut = false
    return block.components(separatedBy: "\n").filter { line in
      let goesOn = isLeftOut && line.hasPrefix(" ")
      isLeftOut = goesOn || notRun.contains { line.hasPrefix($0.0) }
      return !isLeftOut
    }.joined(separator: "\n")
  }

  @Test(arguments: groups)
  func commandsOf(pages: [String]) throws {
    try Program.inFolder { (attnlab) throws -> Void in
      try prepare(attnlab)
      for page in try pages.map(MarkdownPage.init) {
        for block in page.blocks where block.language == "yaml" {
          // A whole experiment file is saved under its name, as the page says.
          if let name = block.text.prefixMatch(of: /version: 1\nname: (\S+)/)?.1 {
            try attnlab.write(Self.smaller(block.text), to: "\(name).yaml")
          }
        }
        for block in page.blocks where block.language == "sh" {
          let script = Self.smaller(Self.runnable(block.text))
          let outcome = try attnlab.shell("set -euo pipefail\nattnlab() { command \"$attnlab\" \"$@\"; }\n\(script)")
          #expect(outcome.code == 0, "\(page.path): \(script)\n\(outcome.errors)")
        }
        if page.path.hasPrefix("notebooks-md/") { try askQueries(of: page, attnlab.folder) }
      }
      // What a page shows of its own pictures must be made by it.
      #expect(!attnlab.files.filter { $0.hasSuffix(".png") }.isEmpty)
    }
  }

  /// The checkout's experiments, and two folders that pages call the reader's own checkpoint.
  private func prepare(_ attnlab: Program) throws {
    for name in ["c4-self", "first-look", "model-quality"] {
      let path = "Experiments/\(name)/experiment.yaml"
      let text = try String(contentsOf: Fixtures.repository.appending(path: path), encoding: .utf8)
      try FileManager.default.createDirectory(
        at: attnlab.folder.appending(path: "Experiments/\(name)"), withIntermediateDirectories: true)
      try attnlab.write(Self.smaller(text), to: path)
    }
    try FileManager.default.createDirectory(
      at: attnlab.folder.appending(path: "path/to"), withIntermediateDirectories: true)
    for name in ["my-model", "path/to/model"] {
      try FileManager.default.createSymbolicLink(
        at: attnlab.folder.appending(path: name),
        withDestinationURL: Fixtures.repository.appending(path: "Sources/Pipelines/Models/emoji-scenes"))
    }
  }

  /// Each query of a notebook about first-look has an answer.
  private func askQueries(of page: MarkdownPage, _ folder: URL) throws {
    for block in page.blocks where block.language == "sql" {
      let database = try DatabaseQueue(path: folder.appending(path: "Results/first-look/first-look.sqlite").path)
      let rows = try database.read { try Row.fetchAll($0, sql: block.text) }
      #expect(!rows.isEmpty, "\(page.path): \(block.text)")
    }
  }

  /// Commands stand in blocks of `sh`, and every page that has some is run or has none that can be.
  @Test func everyPageWithCommandsIsRun() throws {
    let run = Set(Self.groups.joined())
    var begun: Set<String> = []
    for page in try MarkdownPage.all() where !page.path.hasPrefix("Results/") {
      for block in page.blocks where block.language == "sh" {
        for line in block.text.components(separatedBy: "\n") {
          begun.formUnion(Self.notRun.map(\.0).filter { line.hasPrefix($0) })
        }
        let left = Self.runnable(block.text).split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(left.isEmpty || run.contains(page.path), "\(page.path): no test runs \(left)")
      }
    }
    for (beginning, _) in Self.notRun { #expect(begun.contains(beginning), "no page has \(beginning)") }
  }
}
