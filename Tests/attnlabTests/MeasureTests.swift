import Foundation
import Plotting
import TestSupport
import Testing

/// `measure` and `metrics` by the command line, with a scene reader of random weights.
@Suite struct MeasureTests {
  private static let reader = ["--scene-reader", Fixtures.folder.appending(path: "vision/tiny-scene-reader").path]
  private static let red = Fixtures.folder.appending(path: "pictures/colour-0.png").path
  private static let blue = Fixtures.folder.appending(path: "pictures/colour-1.png").path
  private static let wide = Fixtures.folder.appending(path: "vision/200x130.png").path

  private func reports(_ outcome: Program.Outcome) throws -> [[String: Any]] {
    try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
  }

  @Test func objectsAsTextAndJSON() throws {
    try Program.inFolder { attnlab in
      let text = try attnlab.run(["measure", Self.red, Self.wide] + Self.reader)
      #expect(text.code == 0 && text.errors == "", "\(text.errors)")
      let lines = text.output.split(separator: "\n").map(String.init)
      #expect(lines.contains(Self.red) && lines.contains(Self.wide))
      #expect(lines.contains { $0.contains("object") && $0.contains("color") && $0.contains("box") })
      #expect(lines.count { $0.hasPrefix("background ") && $0.contains(", style ") } == 2)

      let reports = try reports(try attnlab.run(["measure", Self.red, Self.wide, "--json"] + Self.reader))
      #expect(reports.map { $0["picture"] as? String } == [Self.red, Self.wide])
      #expect(reports[1]["width"] as? Int == 200 && reports[1]["height"] as? Int == 130)
      for report in reports {
        #expect(Set(report.keys) == ["picture", "width", "height", "objects", "background", "style"])
        let objects = try #require(report["objects"] as? [[String: Any]])
        #expect(!objects.isEmpty)
        for object in objects {
          #expect(
            Set(object.keys) == [
              "name", "name_confidence", "color", "color_confidence", "facing", "facing_confidence", "box", "area",
              "center",
            ])
          #expect(["car", "dog"].contains(object["name"] as? String))
          // An object in its own colors has none: null, never the word for it.
          #expect(object["color"] is NSNull || ["red", "blue", "white", "black"].contains(object["color"] as? String))
          #expect(["left", "right", "front"].contains(object["facing"] as? String))
          #expect((object["box"] as? [Int])?.count == 4 && (object["area"] as? Int ?? 0) > 0)
          let confidence = try #require(object["name_confidence"] as? Double)
          #expect((0...1).contains(confidence))
        }
        for key in ["background", "style"] {
          let answer = try #require(report[key] as? [String: Any])
          let confidence = try #require(answer["confidence"] as? Double)
          #expect(answer["name"] is String && (0...1).contains(confidence))
        }
      }
      #expect(attnlab.files.isEmpty)
    }
  }

  /// Each of two scene readers says by itself what is right.
  @Test func twoReaders() throws {
    let second = ["--second-scene-reader", Fixtures.folder.appending(path: "vision/tiny-convolution-reader").path]
    try Program.inFolder { attnlab in
      let outcome = try attnlab.run(["measure", Self.red, "--prompt", "a red car", "--json"] + Self.reader + second)
      #expect(outcome.code == 0 && outcome.errors == "", "\(outcome.errors)")
      let metrics = try #require(reports(outcome).first?["metrics"] as? [String: Any])
      #expect(metrics["binding_right"] is Double && metrics["binding_right_second"] is Double)
    }
  }

  @Test func figuresAndMasks() throws {
    try Program.inFolder { attnlab in
      let outcome = try attnlab.run(
        ["measure", Self.red, Self.wide, "--figures", "seen/figures", "--masks", "masks", "--json"] + Self.reader)
      #expect(outcome.code == 0, "\(outcome.errors)")
      #expect(
        attnlab.files == [
          "masks", "masks/200x130.png", "masks/colour-0.png", "seen", "seen/figures", "seen/figures/200x130.png",
          "seen/figures/colour-0.png",
        ])
      let objects = try reports(outcome).map { try #require($0["objects"] as? [[String: Any]]) }
      let mask = try PNG.read(attnlab.folder.appending(path: "masks/200x130.png"))
      #expect(mask.width == 200 && mask.height == 130)
      let reds = stride(from: 0, to: mask.pixels.count, by: 3).map { mask.pixels[$0] }
      // Pixels of an object are those of its box.
      for (index, object) in objects[1].enumerated() {
        let pixels = reds.indices.filter { reds[$0] == UInt8(index + 1) }
        let box = try #require(object["box"] as? [Int])
        let (columns, rows) = (pixels.map { $0 % 200 }, pixels.map { $0 / 200 })
        #expect(
          zip([columns.min(), rows.min(), columns.max(), rows.max()], [box[0], box[1], box[2] - 1, box[3] - 1])
            .allSatisfy { abs(($0 ?? -99) - $1) <= 4 })
      }
      #expect(Int(reds.max() ?? 0) == objects[1].count)
      #expect(try PNG.read(attnlab.folder.appending(path: "seen/figures/colour-0.png")).width > 500)
    }
  }

  @Test func metricsOfAPictureAndOfAnEdit() throws {
    try Program.inFolder { attnlab in
      func metrics(_ more: [String]) throws -> [String: Any] {
        let outcome = try attnlab.run(["measure", Self.blue, "--json"] + Self.reader + more)
        #expect(outcome.code == 0, "\(outcome.errors)")
        return try #require(try reports(outcome).first?["metrics"] as? [String: Any])
      }
      let alone = try metrics(["--prompt", "a blue car"])
      #expect(["object_present", "binding_right", "clip_score"].allSatisfy { alone[$0] is Double })
      #expect(alone["psnr"] == nil && alone["color_gain"] == nil)
      #expect(try metrics(["--prompt", "a poem"])["picture_right"] is NSNull)
      let edit = ["--prompt", "a blue car", "--source", Self.red, "--source-prompt", "a red car"]
      let both = try metrics(edit)
      #expect(both["psnr"] is Double && both["structure_distance"] is Double && both["object_present"] is Double)
      #expect(both["color_gain"] == nil && both["lpips"] == nil && both["expected_tries"] == nil)
      #expect(Set(try metrics(edit + ["--metrics", "psnr, ssim"]).keys) == ["psnr", "ssim"])
      // Of equal pictures the PSNR is infinite, which JSON has no number for.
      let same = ["--prompt", "a", "--source", Self.blue, "--source-prompt", "a", "--metrics", "psnr"]
      #expect(try metrics(same)["psnr"] as? String == "inf")
      let text = try attnlab.run(["measure", Self.blue] + Self.reader + edit + ["--metrics", "psnr,color_present"])
      #expect(text.output.contains("\npsnr ") && text.output.contains(" dB\n"))
      // A program of the user's is told by its file, with its own digits and unit.
      try attnlab.write(UserMetric.text("while read -r line; do echo 2.25; done"), to: "m.sh")
      chmod(attnlab.folder.appending(path: "m.sh").path, 0o755)
      let own = try attnlab.run(
        ["measure", Self.blue, "--prompt", "a", "--metrics", "./m.sh"] + Self.reader)
      #expect(own.output.hasSuffix("\nconstant 2.2 cd\n"), "\(own.output)\(own.errors)")
    }
  }

  @Test func namesByCLIP() throws {
    try Program.inFolder { attnlab in
      let names = ["measure", Self.red, "--names", "red car, blue car,a"] + Self.reader
      let found = try #require(try reports(try attnlab.run(names + ["--json"])).first?["names"] as? [[String: Any]])
      #expect(Set(found.map { $0["name"] as? String }) == ["red car", "blue car", "a"])
      let shares = found.compactMap { $0["probability"] as? Double }
      #expect(shares == shares.sorted(by: >) && abs(shares.reduce(0, +) - 1) < 1e-6)
      let other = try reports(try attnlab.run(names + ["--json", "--template", "a {} at night"]))
      #expect((other.first?["names"] as? [[String: Any]])?.compactMap { $0["probability"] as? Double } != shares)
      let text = try attnlab.run(names)
      #expect(text.code == 0 && text.output.contains("red car ") && text.output.contains(" %\n"))
      let missing = try attnlab.run(names + ["--clip", "nowhere"])
      #expect(missing.code == 1 && missing.errors.contains("nowhere"), "\(missing.errors)")
    }
  }

  @Test(arguments: [
    ("", "error: Missing expected argument '<picture.png> ...'"),
    ("a.png b.png --prompt x", "error: --prompt: goes with one picture"),
    ("a.png --source b.png --prompt x", "error: --source and --source-prompt go together"),
    ("a.png --source b.png --source-prompt x", "error: --source: what is the edit's own --prompt?"),
    ("a.png --metrics ssim", "error: --metrics: give the picture's --prompt"),
    ("a.png --prompt x --metrics ssim", "error: --metrics: ssim is of an edit; give its --source too"),
    (
      "a.png --prompt x --metrics color_gain",
      "error: --metrics: color_gain is of many pictures, those of a set of all edits of an intervention; an "
    ),
    (
      "a.png --prompt x --metrics noun_auc",
      "error: --metrics: noun_auc is of maps that an experiment recorded; the experiment measures it"
    ),
    (
      "a.png --prompt x --metrics ssmi",
      "error: The value 'ssmi' is invalid for '--metrics <names>': \"ssmi\" is not a "
    ),
    ("a.png --names car", "error: --names: give two or more different names, between commas"),
    ("a.png --names car,,dog", "error: --names: give two or more different names, between commas"),
    ("a.png --names car,car", "error: --names: give two or more different names, between commas"),
    ("a.png --template 'a {}'", "error: --template: goes with --names"),
    ("a.png --names a,b --template 'a'", "error: --template: say with {} where the name belongs"),
    (
      "a.png --figures x --masks ./x", "error: --figures and --masks: their files have the same names; give two folders"
    ),
  ])
  func wrongUse(_ line: String, _ message: String) throws {
    try Program.inFolder { attnlab in
      let outcome = try attnlab.shell("\"$attnlab\" measure \(line)")
      #expect(outcome.code == 2 && outcome.output == "" && outcome.errors.hasPrefix(message), "\(outcome.errors)")
      #expect(attnlab.files.isEmpty)
    }
  }

  @Test func whatCannotBeRead() throws {
    try Program.inFolder { attnlab in
      try attnlab.write("no picture", to: "a.png")
      for (arguments, part) in [
        ([Self.red, "--scene-reader", "nowhere"], "nowhere"), ([Self.red, "gone.png"] + Self.reader, "gone.png"),
        ([Self.red, "a.png", "--masks", "m"] + Self.reader, "a.png"),
        ([Self.red, "--masks", "a.png/m"] + Self.reader, "--masks: "),
      ] {
        let outcome = try attnlab.run(["measure"] + arguments)
        #expect(outcome.code == 1 && outcome.output == "" && outcome.errors.contains(part), "\(outcome.errors)")
        #expect(attnlab.files == ["a.png"])
      }
    }
  }

  // MARK: - metrics

  @Test func metricsAreExplained() throws {
    try Program.inFolder { attnlab in
      let all = try attnlab("metrics")
      #expect(all.code == 0)
      for name in ["psnr", "color_gain", "layout_kept", "lpips"] { #expect(all.output.contains("\(name)\n  of ")) }
      let some = try attnlab("metrics", "ssim", "psnr").output
      #expect(some.hasPrefix("ssim\n  of        edit\n  range     -1 to 1; 1 for equal pictures\n"))
      #expect(some.contains("\n\npsnr\n") && some.contains("  accuracy  scikit-image 0.26"))
      let json = try JSONSerialization.jsonObject(with: Data(try attnlab("metrics", "psnr", "--json").output.utf8))
      let entry = try #require((json as? [[String: Any]])?.first)
      #expect(
        entry["name"] as? String == "psnr" && entry["unit"] as? String == "dB" && entry["of"] as? String == "edit")
      let unknown = try attnlab("metrics", "layout_kpet")
      #expect(unknown.code == 2 && unknown.output == "")
      #expect(
        unknown.errors.hasPrefix(
          "error: \"layout_kpet\" is not a metric; did you mean \"layout_kept\"? attnlab metrics "),
        "\(unknown.errors)")
    }
  }
}

/// A metric of the user's own, from the experiment file to the comparison.
@Suite struct UserMetricTests {
  private func install(_ attnlab: Program, _ body: String, name: String = "constant", of: String = "picture") throws {
    try attnlab.write(UserMetric.text(body, name: name, of: of), to: "\(name).sh")
    chmod(attnlab.folder.appending(path: "\(name).sh").path, 0o755)
  }

  private func measured(_ attnlab: Program, _ name: String) throws -> [String: Any] {
    let runs = try #require(try attnlab("show", "small", "--json").json()["runs"] as? [[String: Any]])
    // Of several seeds the last one's.
    return Dictionary(
      try runs.map { run in
        (try #require(run["intervention"] as? String), (run["metrics"] as? [String: Any])?[name] ?? "absent")
      }, uniquingKeysWith: { $1 })
  }

  /// A picture's is its file's size, an edit's the length of both prompts; results are read when the programs are gone.
  @Test func twoProgramsMeasureAndTheirResultsStay() throws {
    try Program.inFolder { attnlab in
      let size = #"""
        while read -r line; do
          echo x >> asked
          file=$(printf '%s' "$line" | sed 's/.*"picture":"\([^"]*\)".*/\1/')
          wc -c < "$file"
        done
        """#
      try install(attnlab, size, name: "file_size")
      let prompts = #"""
        while read -r line; do printf '%s\n' "$line" | awk '{ match($0, /"prompt":"[^"]*"/); a = RLENGTH - 11
          match($0, /"source_prompt":"[^"]*"/); print a * 100 + RLENGTH - 18 }'; done
        """#
      try install(attnlab, prompts, name: "prompt_lengths", of: "edit")
      let text =
        experiment("seeds: [1]", with: "seeds: [1, 2]") + "metrics: [./file_size.sh, ./prompt_lengths.sh, psnr]\n"
      try attnlab.write(text, to: "small.yaml")
      let outcome = try attnlab("run", "small.yaml", "--allow-programs")
      #expect(outcome.code == 0, "\(outcome.errors)")
      let lengths = try measured(attnlab, "prompt_lengths")
      #expect(lengths["none"] as? Double == 1009 && lengths["source"] as? String == "absent", "\(lengths)")
      let runs = attnlab.files.filter { $0.hasSuffix("/picture.png") }
      let sizes = try runs.map {
        try #require(
          try FileManager.default.attributesOfItem(atPath: attnlab.folder.appending(path: $0).path)[.size] as? Int)
      }
      let shown = try #require(try attnlab("show", "small", "--json").json()["runs"] as? [[String: Any]])
      let told = shown.compactMap { ($0["metrics"] as? [String: Any])?["file_size"] as? Double }
      #expect(told.sorted() == sizes.map(Double.init).sorted() && told.count == 6)

      // Nothing is asked twice; a changed program is asked again.
      let asked = attnlab.folder.appending(path: "asked")
      #expect(try String(contentsOf: asked, encoding: .utf8).count == 12)
      #expect(try attnlab("run", "small.yaml", "--allow-programs").code == 0)
      #expect(try String(contentsOf: asked, encoding: .utf8).count == 12)
      try install(attnlab, size.replacingOccurrences(of: "wc -c <", with: "echo 5 #"), name: "file_size")
      #expect(try attnlab("run", "small.yaml", "--allow-programs").code == 0)
      #expect(try String(contentsOf: asked, encoding: .utf8).count == 24)
      #expect(try measured(attnlab, "file_size")["swap"] as? Double == 5)

      // Without the programs: what they said, and what they were.
      for name in ["file_size.sh", "prompt_lengths.sh"] {
        try FileManager.default.removeItem(at: attnlab.folder.appending(path: name))
      }
      #expect(try measured(attnlab, "file_size")["swap"] as? Double == 5)
      #expect(try attnlab("figures", "small").code == 0)
      let report = try String(contentsOf: attnlab.folder.appending(path: "Results/small/report.md"), encoding: .utf8)
      #expect(report.contains("### A number by intervention") && report.contains("*How far it can be trusted: exact.*"))
      let compared = try attnlab("compare", "small", "--metrics", "file_size,psnr", "--samples", "100")
      #expect(
        compared.code == 0 && compared.output.contains("a number in cd; up is up"),
        "\(compared.output)\(compared.errors)")
      let gone = try attnlab("run", "small.yaml", "--allow-programs")
      #expect(gone.code == 1 || gone.code == 2)
      #expect(gone.errors.contains("file_size.sh: there is no such program"), "\(gone.errors)")
    }
  }

  /// Nothing that a program says of itself acts on a terminal.
  @Test func wordsOfAProgramArePrinted() throws {
    try Program.inFolder { attnlab in
      func explained(_ direction: String) throws -> Program.Outcome {
        let text = UserMetric.text("cat").replacingOccurrences(of: "up is up", with: direction)
        try attnlab.write(text, to: "odd.sh")
        chmod(attnlab.folder.appending(path: "odd.sh").path, 0o755)
        return try attnlab("metrics", "./odd.sh")
      }
      let turned = try explained("up \u{202E}is | <b> `up`")
      #expect(turned.code == 0 && turned.output.contains("  says      up \\u{202E}is | <b> `up`\n"), "\(turned.output)")
      let tab = try explained("up\tis up")
      #expect(
        tab.code == 2
          && tab.errors.contains("direction is one line of text, which holds no control character, found U+0009"),
        "\(tab.errors)")
    }
  }

  @Test func aProgramThatFailsStopsTheMeasuringAndItGoesOn() throws {
    try Program.inFolder { attnlab in
      // It ends at the second question; what the first was answered stays.
      let body =
        "while read -r line; do echo x >> asked; [ -e broken ] && [ $(wc -l < asked) -gt 1 ] && exit 3; echo 1; done"
      try install(attnlab, body)
      try attnlab.write("", to: "broken")
      try attnlab.write(experiment() + "metrics: [./constant.sh]\n", to: "small.yaml")
      let outcome = try attnlab("run", "small.yaml", "--allow-programs")
      #expect(
        outcome.code == 1 && outcome.errors.contains("constant.sh: ended without an answer about "), "\(outcome.errors)"
      )
      try FileManager.default.removeItem(at: attnlab.folder.appending(path: "broken"))
      #expect(try attnlab("run", "small.yaml", "--allow-programs").code == 0)
      // Three runs: one and a failure, then the other two.
      #expect(try String(contentsOf: attnlab.folder.appending(path: "asked"), encoding: .utf8) == "x\nx\nx\nx\n")
      #expect(try measured(attnlab, "constant").values.allSatisfy { $0 as? Double == 1 })
    }
  }

  @Test func twoProgramsOfOneName() throws {
    try Program.inFolder { attnlab in
      try install(attnlab, "cat")
      try FileManager.default.copyItem(
        at: attnlab.folder.appending(path: "constant.sh"), to: attnlab.folder.appending(path: "b.sh"))
      try attnlab.write(experiment() + "metrics: [./constant.sh, ./b.sh, psnr]\n", to: "small.yaml")
      let outcome = try attnlab("validate", "small.yaml")
      #expect(
        outcome.code != 0 && outcome.errors.contains("small.yaml:13:26: metrics.1: the same as metrics.0"),
        "\(outcome.errors)")
    }
  }
}

enum UserMetric {
  static func text(_ body: String, name: String = "constant", of: String = "picture") -> String {
    """
    #!/bin/sh
    # attnlab metric
    # name: \(name)
    # title: a number
    # of: \(of)
    # unit: cd
    # digits: 1
    # range: any
    # direction: up is up
    # reference: none
    # accuracy: exact
    \(body)

    """
  }
}
