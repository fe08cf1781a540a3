import Foundation
import Testing

@testable import ExperimentFiles
@testable import Formatting
@testable import StrictYAML

@Suite struct SpecReadingTests {
  // MARK: Files

  @Test func filesThatCannotBeRead() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("spec-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let latin = folder.appendingPathComponent("latin.yaml")
    try Data([0x61, 0xE9, 0x0A]).write(to: latin)
    let pipe = folder.appendingPathComponent("pipe.yaml")
    try #require(mkfifo(pipe.path, 0o600) == 0)
    let large = folder.appendingPathComponent("large.yaml")
    try Data(count: YAMLLimits.bytes + 1).write(to: large)
    for (path, message) in [
      (folder.path + "/none.yaml", "there is no such file"),
      (folder.path, "expected a file, found a folder; an experiment is one YAML file"),
      (pipe.path, "expected a file, found a device or a pipe; an experiment is one YAML file"),
      ("/dev/zero", "expected a file, found a device or a pipe; an experiment is one YAML file"),
      (large.path, "1048577 bytes; an experiment has at most 1048576"),
      (latin.path, "the file is not UTF-8 text"),
    ] {
      #expect(throws: SpecError(file: path, problems: [SpecProblem(file: path, message: message)])) {
        try ExperimentSpec.load(path: path)
      }
    }
  }

  /// What the first reader says of a picture the second one says too, whether or not there are claims.
  @Test func metricsOfASecondReader() throws {
    func metrics(_ list: String, _ more: String = "") throws -> [String] {
      try decode(minimal("metrics: [\(list)]\n\(more)")).metrics.map(\.name)
    }
    let second = "instruments: { second_scene_reader: emoji-scenes }\n"
    let both = ["clip_score", "picture_right", "picture_right_second"]
    #expect(try metrics("clip_score, picture_right", second) == both)
    // Named already, it is there once; without a second reader it is not there.
    #expect(try metrics("clip_score, picture_right, picture_right_second", second) == both)
    #expect(try metrics("clip_score, picture_right") == ["clip_score", "picture_right"])
  }

  /// Networks of the drawn world can say nothing of other pictures: which metrics look with them is said before a run.
  @Test func metricsThatCannotKnowThePictures() throws {
    let yaml = minimal("metrics: [ssim, clip_score, picture_right]\n")
    func remarks(_ overrides: String...) throws -> [String] { try decode(yaml, set: overrides).instrumentRemarks }
    let rest =
      "with networks that know the drawn world of emoji-scenes alone, and can say nothing of other pictures; "
      + "name your own under instruments"
    #expect(try remarks("model=emoji-scenes") == [])
    #expect(try remarks("model=/models/sd15") == ["metrics: clip_score and picture_right look \(rest)"])
    #expect(
      try remarks("model=/models/sd15", "instruments={ clip: /models/clip }") == [
        "metrics: picture_right looks \(rest)"
      ])
    #expect(try remarks("model=/models/sd15", "metrics=[ssim]") == [])
  }

  /// A device would be read without end.
  @Test func devicesThatAFileNames() {
    #expect(
      problems(minimal("metrics: [psnr, /dev/zero]\n", generate: "pairs: [{ file: /dev/zero }], seeds: [1]")) == """
        e.yaml:4:29: generate.pairs.0.file: /dev/zero: expected a file, found a device or a pipe
        e.yaml:5:17: metrics.1: /dev/zero: expected a file, found a device or a pipe
        """)
  }

  @Test func byteOrderMarkAndWindowsLinesAreTaken() throws {
    let yaml = minimal()
    let plain = try decode(yaml)
    #expect(try decode("\u{FEFF}" + yaml) == plain)
    #expect(try decode(yaml.replacingOccurrences(of: "\n", with: "\r\n")) == plain)
    #expect(try decode("---\n" + yaml + "...\n") == plain)
  }

  @Test func columnsCountCodePoints() {
    #expect(
      problems(minimal("metrics: [psnr] # é\nfigures: [\"\u{1F600}é\", x]")).split(separator: "\n").map {
        $0.prefix { $0 != " " }
      } == ["e.yaml:6:11:", "e.yaml:6:17:"])
  }

  // MARK: Limits

  @Test func sizeIsLimited() {
    let full = minimal() + "#" + String(repeating: "x", count: YAMLLimits.bytes - minimal().utf8.count - 1)
    #expect(problems(full) == "")
    #expect(problems(full + "x") == "e.yaml: 1048577 bytes; an experiment has at most 1048576")
  }

  @Test func depthIsLimited() {
    let nested = { (depth: Int) in
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    // The document itself and the value of the key are two levels.
    #expect(problems("a: " + nested(32)).contains("unknown key \"a\""))
    #expect(problems("a: " + nested(33)) == "e.yaml:1:36: more than 32 lists and mappings inside one another")
    #expect(problems("a: " + nested(100_000)).contains("Maximum nesting level"))
  }

  @Test func countIsLimited() {
    let many = "a: [" + String(repeating: "x,", count: YAMLLimits.values) + "]"
    #expect(problems(many) == "e.yaml:1:400001: more than 200000 values")
  }

  @Test func aliasesOfAliasesCostNothing() {
    let levels = (1..<26).map { level in
      let aliases = Array(repeating: "*a\(level - 1)", count: 10)
      return "a\(level): &a\(level) [\(aliases.joined(separator: ", "))]"
    }
    let bomb = "a0: &a0 x\n" + levels.joined(separator: "\n") + "\n? *a25\n: x\n"
    #expect(
      problems(bomb)
        == "e.yaml:2:10: &a0 and *a0: anchors and aliases are not allowed; write the value out where it is used")
  }

  @Test func signsOfAliasesInTextAreTextUnlessTheyPair() throws {
    let spec = try decode(minimal(generate: "prompts: [\"R&B and *big*\", 'a * b & c', R&B], seeds: [1]"))
    #expect(spec.generate.prompts == ["R&B and *big*", "a * b & c", "R&B"])
  }

  @Test func whatIsKeptMustBeReadable() {
    let long = String(repeating: "w", count: 600)
    let values = (0..<2000).map { "v\($0)" }.joined(separator: ", ")
    let yaml = minimal(generate: "prompts: [{ template: \"\(long) {v}\", lists: { v: [\(values)] } }], seeds: [1]")
    #expect(problems(yaml).hasPrefix("e.yaml: with all pairs and prompts written out 12"))
    #expect(problems(yaml).hasSuffix("bytes; at most 1048576"))
  }

  // MARK: Near names

  @Test(
    arguments: [
      ("seed", ["seeds", "scheduler"], "seeds"), ("PSNR", ["psnr", "ssim"], "psnr"),
      ("ssmi", ["psnr", "ssim"], "ssim"),
      ("guidance-scale", ["guidance_scale"], "guidance_scale"),
      ("guidance", ["height", "guidance_scale"], "guidance_scale"),
      ("scale", ["height", "guidance_scale"], "guidance_scale"),
      ("cond", ["unconditional", "conditional"], "conditional"),
      ("numInferenceSteps", ["num_inference_steps"], "num_inference_steps"), ("x", ["y", "xy"], nil), ("", ["a"], nil),
      ("banana", ["seeds", "pairs"], nil), ("op", [], nil), ("hieght", ["weight", "height"], "height"),
      ("wxyz", ["wxyy", "wxya"], "wxyy"), (String(repeating: "a", count: 65), [String(repeating: "a", count: 65)], nil),
    ] as [(String, [String], String?)])
  func nearNames(name: String, allowed: [String], expected: String?) {
    #expect(nearestName(to: name, in: allowed) == expected)
  }

  @Test(arguments: [
    ("", "", 0), ("a", "", 1), ("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "cab", 2),
    ("ca", "abc", 3),
    ("kitten", "sitting", 3),
  ])
  func editDistances(a: String, b: String, distance: Int) {
    #expect(editDistance(Array(a), Array(b)) == distance)
    #expect(editDistance(Array(b), Array(a)) == distance)
  }

  // MARK: Sizes

  @Test(arguments: [
    "", " GiB", "2", "2 gib", "2  GB ", ".5 GB", "5. GB", "1..5 GB", "-1 GB", "+1 GB", "1e3 B", "٣ GB", "9 TTB",
  ])
  func textsThatAreNoSize(text: String) {
    #expect(ByteSize(text) == nil)
  }

  @Test(
    arguments: [
      (0, "0 B"), (1, "1 B"), (999, "999 B"), (1000, "1 kB"), (1024, "1 KiB"), (1_000_000, "1 MB"),
      (1_048_576, "1 MiB"),
      (1_024_000, "1000 KiB"), (2_147_483_648, "2 GiB"), (1_234_567, "1234567 B"),
    ] as [(Int64, String)])
  func sizesAreWrittenExactly(bytes: Int64, text: String) {
    #expect(ByteSize(bytes).description == text)
    #expect(ByteSize(text)?.bytes == bytes)
  }
}
