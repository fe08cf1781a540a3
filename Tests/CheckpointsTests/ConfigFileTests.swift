import Foundation
import TestSupport
import Testing

@testable import Checkpoints

private func config(_ text: String) throws -> ConfigFile {
  try ConfigFile(json: Array(text.utf8), named: "unet/config.json")
}

@Suite struct ConfigFileTests {
  @Test func values() throws {
    var file = try config(
      """
      {"whole": 4, "number": 1e-05, "yes": true, "name": "silu", "none": null, "widths": [1, 2], "one": 8,
       "big": 9223372036854775808, "texts": ["a", "b"], "low": -Infinity, "betas": [0.5, 1], "é": "\\u00e9\\ud83d\\ude00"}
      """)
    #expect(file.int("whole") == 4 && file.int("absent", default: 7) == 7)
    #expect(file.double("number") == 1e-5 && file.double("whole") == 4)
    #expect(file.double("low", in: -.infinity...0) == -.infinity)
    #expect(file.bool("yes") && file.bool("absent", default: true))
    #expect(file.string("name", oneOf: ["gelu", "silu"]) == "silu" && file.string("é") == "é\u{1F600}")
    #expect(file.optionalInt("none", default: 3) == nil && file.optionalInt("absent", default: 3) == 3)
    #expect(file.optionalInt("absent") == nil && file.optionalInt("one") == 8)
    #expect(file.optionalString("none") == nil && file.optionalBool("none", default: true) == nil)
    #expect(file.ints("widths") == [1, 2] && file.ints("one") == [8] && file.ints("one", count: 3) == [8, 8, 8])
    #expect(
      file.ints("absent", default: [2], count: 3) == [2, 2, 2] && file.ints("absent", default: [1, 2]) == [1, 2])
    #expect(file.optionalInts("none") == nil && file.optionalDoubles("betas") == [0.5, 1])
    #expect(file.bools("yes", count: 2) == [true, true] && file.strings("texts") == ["a", "b"])
    #expect(file["none"] == .null && file["absent"] == nil && file.keys.first == "whole")
    #expect(file["big"] == .number(9_223_372_036_854_775_808))
    try file.finish()
  }

  @Test func allProblemsTogether() throws {
    var file = try config(
      """
      {"norm_num_groups": "x", "in_channels": 0, "layers": 2.0, "bias": 1, "eps": true, "act": "relu", "heads": [8, 8],
       "widths": [1, "2"], "none": null, "deep": {"a": 1}, "low": NaN, "high": 5, "names": "a", "drop": 1.5}
      """)
    _ = file.int("norm_num_groups", default: 32)
    _ = file.int("in_channels", default: 4, in: 1...Int.max)
    _ = file.int("layers", default: 2)
    _ = file.bool("bias", default: true)
    _ = file.double("eps", default: 1e-5)
    _ = file.string("act", default: "silu", oneOf: ["silu", "gelu", "mish"])
    _ = file.ints("heads", default: [8], count: 4, in: 1...64)
    _ = file.ints("widths")
    _ = file.int("none", default: 1)
    _ = file.optionalInt("deep")
    _ = file.double("low")
    _ = file.int("high", in: 0...4)
    _ = file.strings("names")
    _ = file.double("drop", in: 0...1)
    _ = file.int("hidden_size")
    file.report("high", expected: "the same as low")
    let error = #expect(throws: CheckpointError.self) { try file.finish() }
    #expect(
      error?.description == """
        unet/config.json: norm_num_groups is "x", expected a whole number
        unet/config.json: in_channels is 0, expected a whole number of at least 1
        unet/config.json: layers is 2.0, expected a whole number
        unet/config.json: bias is 1, expected true or false
        unet/config.json: eps is true, expected a number
        unet/config.json: act is "relu", expected "silu", "gelu" or "mish"
        unet/config.json: heads is [8, 8], expected a whole number from 1 to 64, or a list of 4 such
        unet/config.json: widths is [1, "2"], expected a whole number, or a list of them
        unet/config.json: none is null, expected a whole number
        unet/config.json: deep is an object of 1 key, expected a whole number, or null
        unet/config.json: low is nan, expected a number
        unet/config.json: high is 5, expected a whole number from 0 to 4
        unet/config.json: names is "a", expected a list, each a text
        unet/config.json: drop is 1.5, expected a number from 0.0 to 1.0
        unet/config.json: hidden_size is missing, expected a whole number
        unet/config.json: high is 5, expected the same as low
        """)
  }

  @Test func brokenTexts() throws {
    let table = [
      ("", "line 1, column 1 is the end of the text, expected a value"),
      ("[1]", "text is [1], expected an object, { ... }"),
      ("{\n  \"a\": 1,\n}", "line 3, column 1 is '}', expected a key in quotation marks"),
      ("{\"a\": tru}", "line 1, column 10 is '}', expected true"),
      ("{\"a\": 1 \"b\"}", "line 1, column 9 is '\"', expected ',' or '}'"),
      ("{\"a\": [1 2]}", "line 1, column 10 is '2', expected ',' or ']'"),
      ("{\"a\": 1.}", "line 1, column 9 is '}', expected a digit"),
      ("{\"a\": +1}", "line 1, column 7 is '+', expected a value"),
      ("{\"a\": \"\u{1}\"}", "line 1, column 8 is byte 0x1, expected an escape for this control sign"),
      ("{\"a\": \"\\x\"}", "line 1, column 9 is 'x', expected one of \" \\ / b f n r t u after a backslash"),
      ("{\"a\": \"\\u12g4\"}", "line 1, column 12 is 'g', expected a hexadecimal digit"),
      ("{\"a\": \"\\udc00\"}", "line 1, column 8 is half a surrogate pair, expected a whole one"),
      ("{\"a\": \"\\ud800\\u0041\"}", "line 1, column 8 is half a surrogate pair, expected a whole one"),
      ("{\"a\": {\"b\": 1, \"b\": 2}}", "a.b is given twice, expected it once"),
      ("{\"a\": 'x'}", "line 1, column 7 is ''', expected a value"),
    ]
    for (text, message) in table {
      let error = #expect(throws: CheckpointError.self) { try config(text) }
      #expect(error?.description == "unet/config.json: " + message)
    }
  }

  @Test func limits() throws {
    let deep = String(repeating: "[", count: 63) + String(repeating: "]", count: 63)
    _ = try config("{\"a\": \(deep)}")
    let error = #expect(throws: CheckpointError.self) {
      try config("{\"a\": " + String(repeating: "[", count: 1 << 20))
    }
    #expect(
      error?.description == "unet/config.json: line 1, column 71 is a deeper level, expected at most 64 levels")
    let folder = try ScratchFolder("unet")
    let long = try folder.write(Array(repeating: 0x20, count: ConfigFile.maximumBytes + 1), to: "config.json")
    let size = #expect(throws: CheckpointError.self) { try ConfigFile(contentsOf: long) }
    #expect(size?.description == "unet/config.json: file size is 16777217 bytes, expected at most 16777216")
  }

  @Test func valuesAreCounted() throws {
    for (text, isFew) in [
      ("[1, [2]]", true), ("[1, [2, 3]]", false), ("[[], {}, null]", true), ("[1, 2, 3, 4]", false),
    ] {
      let bytes = Array(text.utf8)
      let failure = bytes.withUnsafeBufferPointer { bytes -> JSONReader.Failure? in
        var reader = JSONReader(bytes, limits: .init(values: 4))
        do throws(JSONReader.Failure) {
          _ = try reader.readDocument()
          return nil
        } catch {
          return error
        }
      }
      #expect((failure == nil) == isFew, "\(text)")
      if let failure { #expect(failure.found == "one value more" && failure.expected == "at most 4 values") }
    }
  }

  /// Eight of eight of eight lists would fill the screen.
  @Test func listsInListsAreCountedInMessages() throws {
    var file = try config("{\"a\": [[1, 2, 3], [[4]], 5]}")
    file.report("a", expected: "a number")
    #expect(file.problems.map(\.found) == ["[[... 3 values], [... 1 values], 5]"])
  }

  @Test func sectionsNameTheirKeysWhole() throws {
    var file = try config(#"{"a": {"b": {"c": 1}, "d": 2}, "e": [], "f": {}}"#)
    guard var outer = file.section("a"), var inner = outer.section("b") else {
      Issue.record("sections that are there")
      return
    }
    let (c, d) = (inner.int("c"), outer.int("d", in: 3...4))
    #expect(c == 1 && d == 3)
    _ = inner.string("c")
    outer.note(inner.problems)
    file.note(outer.problems)
    let sections = ["e", "g", "f"].map { file.section($0)?.keys }
    #expect(sections == [nil, nil, []])
    let read = file
    let error = #expect(throws: CheckpointError.self) { try read.finish() }
    #expect(
      error?.description == """
        unet/config.json: a.d is 2, expected a whole number from 3 to 4
        unet/config.json: a.b.c is 1, expected a text
        unet/config.json: e is [], expected an object, { ... }
        unet/config.json: g is missing, expected an object, { ... }
        """)
  }

  @Test func namesInMessagesAreEscaped() {
    #expect(quoted("a\"\\\n\u{1B}[2J\u{202E}é") == "\"a\\\"\\\\\\u{A}\\u{1B}[2J\\u{202E}é\"")
    #expect(quoted(String(repeating: "x", count: 1000)).count == 205)
  }

  @Test func theBundledFilesAreRead() throws {
    let models = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/Pipelines/Models/emoji-scenes").standardizedFileURL
    var unet = try ConfigFile(contentsOf: models.appending(path: "unet/config.json"))
    #expect(unet.ints("block_out_channels") == [48, 96, 144, 144])
    #expect(unet.ints("attention_head_dim", count: 4) == [4, 4, 4, 4])
    #expect(unet.optionalInt("num_attention_heads", default: 8) == nil && unet.double("norm_eps") == 1e-5)
    try unet.finish()
  }

  /// Every repeat of a key below a long one would be told with the long one's name.
  @Test func repeatsAreToldAFewTimesAndShort() {
    let long = String(repeating: "k", count: 100_000)
    let json = "{\"\(long)\": {\(Array(repeating: "\"a\": 0", count: 20_000).joined(separator: ","))}}"
    let error = #expect(throws: CheckpointError.self) { try ConfigFile(json: Array(json.utf8), named: "config.json") }
    #expect(error.map { $0.problems.count == 100 && $0.problems[0].field.utf8.count < 300 } ?? false)
  }

  /// What a file says is seen, and does nothing to the terminal.
  @Test func fieldsAreShownAndNotObeyed() {
    let error = #expect(throws: CheckpointError.self) {
      try ConfigFile(
        json: Array("{\"a\u{1B}[2J\": 0, \"a\u{1B}[2J\": 0}".utf8.map { $0 == 0x1B ? 0x7F : $0 }), named: "c")
    }
    #expect(error.map { "\($0)".contains("a\\u{7F}[2J is given twice") } ?? false, "\(String(describing: error))")
  }
}
