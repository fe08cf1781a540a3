import Foundation
import Plotting
import Testing

/// A whole experiment by the command line.
@Suite struct RunTests {
  @Test func runsOnceAndThenComputesNothing() throws {
    try Program.inFolder { attnlab in
      try attnlab.write(experiment(), to: "small.yaml")
      let first = try attnlab("run", "small.yaml", "--json")
      #expect(first.code == 0, "\(first.errors)")
      #expect(try first.json()["runs_made"] as? Int == 3)
      let files = attnlab.files
      #expect(files.contains("Results/small/report.md"))
      #expect(files.contains("Results/small/small.sqlite"))
      #expect(files.filter { $0.hasSuffix("/picture.png") }.count == 3)

      let second = try attnlab("run", "small.yaml")
      #expect(second.code == 0)
      #expect(second.output.hasPrefix("nothing to compute; 3 runs were stored already\nreport: "))
      #expect(attnlab.files == files)
    }
  }

  /// A picture of the command line is the one that an experiment makes, bit for bit, and has its content hash.
  @Test func generateEqualsAnExperiment() throws {
    try Program.inFolder { attnlab in
      let one = experiment("pairs: [{ source: a red car, target: a blue car }]", with: "prompts: [a red car]")
        .replacingOccurrences(of: "  swap: [{ op: replace, sites: \"cross:*\" }]\n", with: "")
        .replacingOccurrences(of: "record:\n  - { name: words, sites: \"cross:*\" }\n", with: "")
      try attnlab.write(one, to: "one.yaml")
      #expect(try attnlab("run", "one.yaml").code == 0)
      #expect(try attnlab("generate", "--prompt", "a red car", "--seed", "1", "--steps", "2").code == 0)
      let run = try #require(attnlab.files.first { $0.hasSuffix("/picture.png") })
      let pngs = [run, "picture.png"].map { attnlab.folder.appending(path: $0) }
      #expect(try PNG.read(pngs[0]) == PNG.read(pngs[1]))
      let hashes = try pngs.map { png in try PNG.texts(png).first { $0.key == "Content-Hash" }?.value }
      #expect(hashes[0] == hashes[1])
      #expect(hashes[0] != nil)
    }
  }

  @Test func exports() throws {
    try Program.inFolder { attnlab in
      try attnlab.write(experiment(), to: "small.yaml")
      #expect(try attnlab("run", "small.yaml").code == 0)
      let runs = try #require(try attnlab("show", "small", "--json").json()["runs"] as? [[String: Any]])
      let hash = try #require(runs.first?["hash"] as? String)
      // Beside arrays stands a table of what their keys are.
      for (format, kinds) in [("png", [".png"]), ("npy", [".npy", ".csv"]), ("csv", [".csv"])] {
        let outcome = try attnlab(
          "export", "small", "--run", String(hash.prefix(12)), "--sites", "cross:13", "--words", "car", "--steps", "1",
          "--format", format, "--out", format, "--json")
        #expect(outcome.code == 0, "\(outcome.errors)")
        let files = try #require(try outcome.json()["files"] as? [String])
        #expect(files.contains { $0.hasSuffix(".\(format)") })
        for file in files {
          #expect(kinds.contains { file.hasSuffix($0) }, "\(file)")
          #expect(FileManager.default.fileExists(atPath: file))
        }
      }
    }
  }

  @Test func exportsEitherHalf() throws {
    try Program.inFolder { attnlab in
      let words = #"{ name: words, sites: "cross:13", branch: both }"#
      try attnlab.write(
        experiment(
          #"- { name: words, sites: "cross:*" }"#, with: "- \(words)\n  - { name: layout, sites: \"self:13\" }"
        ).replacingOccurrences(
          of: "generate:", with: "generate:\n  negative_prompt: a green house"), to: "small.yaml")
      #expect(try attnlab("run", "small.yaml").code == 0)
      let runs = try #require(try attnlab("show", "small", "--json").json()["runs"] as? [[String: Any]])
      let hash = try #require(runs.first?["hash"] as? String)
      func export(_ options: String...) throws -> Program.Outcome {
        try attnlab.run(["export", "small", "--run", hash, "--steps", "1", "--out", "maps"] + options)
      }
      let unconditional = try export("--words", "house", "--format", "csv", "--branch", "unconditional")
      #expect(unconditional.output == "wrote \(attnlab.folder.path)/maps/maps_words_unconditional.csv\n")
      let table = attnlab.folder.appending(path: "maps/maps_words_unconditional.csv")
      let lines = try String(contentsOf: table, encoding: .utf8).split(separator: "\n").dropFirst()
      #expect(!lines.isEmpty && lines.allSatisfy { $0.contains(",unconditional,") && $0.contains(",house,") })
      let conditional = try export("--words", "house", "--format", "csv")
      #expect(conditional.code == 2 && conditional.errors.contains("house"), "\(conditional.errors)")
      // The pictures of self-attention are of the point that was named, and of the middle otherwise.
      let pointed = try export("--sites", "self:*", "--point", "0,127")
      #expect(pointed.output.contains("_x0-y") && pointed.code == 0, "\(pointed.errors)")
      #expect(pointed.output != (try export("--sites", "self:*").output))
      let outside = try export("--sites", "self:*", "--point", "0,128")
      #expect(outside.code == 2)
      #expect(outside.errors.contains("--point: 0,128 lies outside the picture of 128 x 128 pixels"))
    }
  }
}
