import Foundation
import Testing

/// `figures` after a run, and files of every format that `export` writes.
@Suite struct FiguresTests {
  @Test func figuresComeFromTheResultsAlone() throws {
    try Program.inFolder { attnlab in
      try attnlab.write(experiment() + "figures: [side_by_side]\n", to: "e.yaml")
      #expect(try attnlab("run", "e.yaml").code == 0)
      let folder = attnlab.folder.appending(path: "Results/small")
      let names = ["report.md", "figures/side_by_side.png", "tables/runs.csv"]
      let before = try names.map { try Data(contentsOf: folder.appending(path: $0)) }
      for name in names { try FileManager.default.removeItem(at: folder.appending(path: name)) }

      let one = try attnlab("figures", "small", "--only", "side_by_side")
      #expect(one.output == "wrote \(folder.path)/figures/side_by_side.png\n")
      #expect(one.code == 0)
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "report.md").path))

      let all = try attnlab("figures", "Results/small", "--json")
      let files = try #require(try all.json()["files"] as? [String])
      #expect(files.first == "\(folder.path)/report.md")
      #expect(try names.map { try Data(contentsOf: folder.appending(path: $0)) } == before)

      let none = try attnlab("figures", "small", "--only", "self_attention")
      #expect(
        none.errors.hasPrefix(
          "note: no self_attention can be drawn from what is stored\nnote: Where a point looks: Nothing to draw: "),
        "\(none.errors)")
      #expect(none.output == "" && none.code == 0)

      let hash = try #require(try attnlab("show", "small", "--json").json()["runs"] as? [[String: Any]])[0]["hash"]
      for format in ["npz", "safetensors", "csv", "json"] {
        let run = try #require(hash as? String)
        let outcome = try attnlab("export", "small", "--run", run, "--format", format, "--out", "maps")
        #expect(outcome.output == "wrote \(attnlab.folder.path)/maps/maps_words.\(format)\n")
      }
    }
  }

  @Test func unknownFiguresAreNamed() throws {
    try Program.inFolder { attnlab in
      let outcome = try attnlab("figures", "small", "--only", "side_by_side,maps")
      #expect(outcome.errors.contains("there is no figure \"maps\"; there are side_by_side, word_heatmaps,"))
      #expect(outcome.code == 2)
      #expect(try attnlab("figures", "small").errors.hasPrefix("error: no results of \"small\": Results holds none;"))
    }
  }
}
