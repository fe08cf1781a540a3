import Foundation
import Plotting
import Testing

/// `maps`: every view of a run of the bundled model.
@Suite struct MapsTests {
  private static let record = "- { name: words, sites: \"cross:*\" }"
  private static let both =
    record + "\n  - { name: layout, sites: \"self:grid<=1/2\", heads: all, steps: [1] }"

  private func withResults(_ body: (Program) throws -> Void) throws {
    try Program.inFolder { attnlab in
      try attnlab.write(experiment(Self.record, with: Self.both), to: "e.yaml")
      #expect(try attnlab("run", "e.yaml").code == 0)
      try body(attnlab)
    }
  }

  @Test func viewsOfOneRunAndOfTwo() throws {
    try withResults { attnlab in
      for (arguments, pictures, header) in [
        (["daam", "small", "--words", "car"], ["daam.png"], "run,word,y,x,value"),
        (
          ["stats", "small", "--seed", "1", "--word", "car"],
          [
            "stats-cross-entropy.png", "stats-cross-spread.png", "stats-self-entropy.png", "stats-self-distance.png",
            "stats-self-divergence.png",
          ], "run,record,kind,layer,site,step,statistic,word,value,uniform"
        ),
        (
          ["pca", "small", "--prompt", "a blue car"], ["components.png"],
          "run,layer,site,step,y,x,component,score,share"
        ),
        (
          ["point", "small", "--point", "0,127", "--intervention", "swap"], ["point.png"],
          "run,layer,site,step,query_y,query_x,y,x,value"
        ),
        (
          ["diff", "small"], ["difference.png"],
          "first,second,record,kind,layer,site,step,word,other_word,total_variation,jensen_shannon"
        ),
      ] {
        let outcome = try attnlab.run(["maps"] + arguments + ["--csv", "numbers.csv", "--out", "views"])
        #expect(outcome.code == 0 && outcome.errors == "", "\(arguments): \(outcome.errors)")
        let folder = attnlab.folder.path
        let written = (pictures.map { "views/\($0)" } + ["numbers.csv"]).map { "wrote \(folder)/\($0)\n" }.joined()
        #expect(outcome.output.hasSuffix(written), "\(outcome.output)")
        let table = try String(contentsOf: attnlab.folder.appending(path: "numbers.csv"), encoding: .utf8)
        #expect(table.hasPrefix(header + "\n"))
        for name in pictures {
          let png = attnlab.folder.appending(path: "views/\(name)")
          #expect(try PNG.texts(png).contains { $0.key == "Content-Hash" } && PNG.read(png).width > 300)
        }
        let json = try attnlab.run(["maps"] + arguments + ["--json"]).json()
        #expect((json["result"] as? [Any])?.isEmpty == false && (json["files"] as? [String])?.count == pictures.count)
      }
    }
  }

  /// A swap of cross-attention leaves the swapped run with its source's maps: the difference is zero.
  @Test func wordsOfASwapAreTheSources() throws {
    try withResults { (attnlab) throws -> Void in
      func distances(_ intervention: String) throws -> [Double] {
        let outcome = try attnlab(
          "maps", "diff", "small", "--with-intervention", intervention, "--word", "car", "--json")
        let rows = try #require(try outcome.json()["result"] as? [[String: Any]])
        return rows.compactMap { $0["total_variation"] as? Double }
      }
      let (swapped, untouched) = (try distances("swap"), try distances("none"))
      #expect(swapped.count == 32 && swapped.allSatisfy { $0 == 0 })
      #expect(untouched.contains { $0 > 1e-3 })
    }
  }

  /// `heatmap` and `maps daam` of the same picture draw the same maps; only their titles differ.
  @Test func heatmapDrawsTheSame() throws {
    try Program.inFolder { attnlab in
      try attnlab.write(
        """
        version: 1
        name: one
        model: emoji-scenes
        generate: { prompts: [a red car], seeds: [3], num_inference_steps: 2 }
        record: [{ name: words, sites: "cross:*", heads: all, tokens: all }]

        """, to: "one.yaml")
      #expect(try attnlab("run", "one.yaml").code == 0)
      #expect(try attnlab("maps", "daam", "one", "--out", ".").code == 0)
      #expect(try attnlab("heatmap", "a red car", "--seed", "3", "--steps", "2", "--out", ".").code == 0)
      let below = try ["daam.png", "words.png"].map { name in
        let picture = try PNG.read(attnlab.folder.appending(path: name))
        // The titles take one line or two.
        return Array(picture.pixels.suffix(400 * picture.width * 3))
      }
      #expect(below[0] == below[1] && Set(below[0]).count > 100)
    }
  }

  @Test func whatIsNotThereIsNamed() throws {
    try Program.inFolder { attnlab in
      try attnlab.write(experiment(), to: "e.yaml")
      #expect(try attnlab("run", "e.yaml").code == 0)
      for (arguments, message) in [
        (["pca", "small"], "has no maps of self-attention in the conditional half of guidance (the run is done)"),
        (["point", "small", "--point", "128,0"], "--point: 128,0 lies outside the picture of 128 x 128 pixels"),
        (["daam", "small", "--prompt", "a dog"], "no run that is done fits all that is asked for; there are"),
        (["daam", "small", "--words", "dog"], "\"dog\" is not in the prompt \"a red car\""),
        (["stats", "small", "--word", "dog"], "--word: \"dog\" was not recorded; there are a, red, car"),
        (["stats", "small", "--steps", "7"], "steps: 7 is not a step; the run has 2, numbered 0 to 1"),
        (
          ["diff", "small", "--with-intervention", "x"],
          "has no other done run in its group under \"x\"; there are none"
        ),
        (["diff", "small", "--point", "1,1", "--word", "car"], "--point is of self-attention, which has no words"),
        (["point", "small", "--point", "middle"], "'middle' is invalid for '--point <x,y>'"),
      ] {
        let outcome = try attnlab.run(["maps"] + arguments)
        #expect(outcome.errors.contains(message), "\(arguments): \(outcome.errors)")
        #expect(outcome.code == 2 && outcome.output == "")
      }
      #expect(!attnlab.files.contains("maps"))
      #expect(
        try attnlab("maps", "pca", "small").errors.hasSuffix("See 'attnlab maps pca --help' for more information.\n"))
    }
  }
}
