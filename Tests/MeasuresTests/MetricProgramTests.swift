import Foundation
import Tensors
import TestSupport
import Testing

@testable import Measures

/// A program of the user's: what its first comment says.
@Suite struct MetricProgramTests {
  private static let comment = """
    # attnlab metric
    # name: brightness
    # title: mean brightness
    # of: picture
    # unit: levels
    # digits: 1
    # range: 0 to 255
    # direction: higher is brighter
    # reference: the mean of all channels, https://example.org
    # accuracy: exact

    """

  private static let needed = ["name", "of", "range", "direction", "reference", "accuracy"]

  /// The error of a program's comment, without the path.
  private func problem(_ text: String, mode: Int = 0o755) throws -> String {
    let folder = try ScratchFolder("metrics")
    let file = try MetricPrograms.write(text, to: folder, "m.sh", mode: mode)
    do {
      _ = try Metric(program: file.path)
      return "none"
    } catch {
      #expect(error.description.hasPrefix("\(file.path): "))
      return error.description.replacingOccurrences(of: "\(file.path): ", with: "")
    }
  }

  @Test func theCommentSaysWhatItMeasures() throws {
    let folder = try ScratchFolder("metrics")
    let file = try MetricPrograms.write("#!/bin/sh\n// \(Self.comment)cat\n", to: folder, "m.sh")
    let metric = try Metric(program: file.path)
    #expect(metric.name == "brightness" && metric.title == "mean brightness" && metric.unit == "levels")
    #expect(metric.digits == 1 && metric.range == "0 to 255" && metric.direction == "higher is brighter")
    #expect(metric.reference == "the mean of all channels, https://example.org" && metric.accuracy == .stated("exact"))
    #expect(metric.measure.subject == "picture")
    // What is kept with results gives the same metric without the file.
    let fields = Dictionary(uniqueKeysWithValues: metric.programFields.map { ($0.name, $0.value) })
    let again = try Metric(program: "gone.sh", fields: fields)
    #expect(again.programFields.map(\.value) == metric.programFields.map(\.value) && fields.count == 9)
  }

  /// What other programs take for markup is text like any other.
  @Test func markupIsText() throws {
    let folder = try ScratchFolder("metrics")
    let text = Self.comment.replacingOccurrences(of: "mean brightness", with: "a|b <b> `c`")
    let metric = try Metric(program: try MetricPrograms.write("#!/bin/sh\n\(text)cat\n", to: folder, "m.sh").path)
    #expect(metric.title == "a|b <b> `c`")
  }

  /// Claims hold a share to be none below 0 and above 1, whatever its program answers.
  @Test func anAnswerThatIsNoShare() throws {
    let folder = try ScratchFolder("metrics")
    for (range, isShare) in [("0 to 1", true), ("0 or 1", true), ("0 to 255", false)] {
      let text = Self.comment.replacingOccurrences(of: "0 to 255", with: range)
      let metric = try Metric(program: try MetricPrograms.write("#!/bin/sh\n\(text)cat\n", to: folder, "m.sh").path)
      guard case .program(let program) = metric.measure else { throw InstrumentError("no program") }
      #expect(metric.isShare == isShare)
      for answer in [nil, 0, 0.5, 1] { #expect(try metric.checked(answer, of: program) == answer) }
      for answer in [-0.5, 1.5] {
        if isShare {
          #expect {
            _ = try metric.checked(answer, of: program)
          } throws: {
            "\($0)" == "\(program.path): answered \(answer), and its range is \(range)"
          }
        } else {
          #expect(try metric.checked(answer, of: program) == answer)
        }
      }
    }
  }

  @Test func onlyWhatIsNeededMustBeThere() throws {
    let folder = try ScratchFolder("metrics")
    let lines = Self.comment.split(separator: "\n").filter { line in
      !["title", "unit", "digits"].contains { line.contains("\($0):") }
    }
    let metric = try Metric(
      program: try MetricPrograms.write("#!/bin/sh\n" + lines.joined(separator: "\n") + "\ncat\n", to: folder, "m").path
    )
    #expect(metric.title == "brightness" && metric.unit == nil && metric.digits == 3)
  }

  @Test(arguments: needed) func everyKeyThatIsNeeded(_ key: String) throws {
    let line = try #require(Self.comment.split(separator: "\n").first { $0.contains("# \(key):") })
    #expect(try problem(Self.comment.replacingOccurrences(of: line + "\n", with: "")) == "\(key) is missing")
    // A key without a text hides none of those that follow.
    #expect(try problem(Self.comment.replacingOccurrences(of: line, with: "# \(key):")) == "\(key) is missing")
  }

  @Test(arguments: [
    ("name: brightness", "name: Bright ness", "name is \"Bright ness\"; it is 1 to 64 of a-z, 0-9 and _"),
    (
      "name: brightness", "name: " + String(repeating: "a", count: 65),
      "name is \"" + String(repeating: "a", count: 65) + "\"; it is 1 to 64 of a-z, 0-9 and _"
    ),
    ("name: brightness", "name: a\u{1B}", "name is \"a\\u001b\"; it is 1 to 64 of a-z, 0-9 and _"),
    // Results keep them as lines of a file, and reports and terminals show them.
    (
      "title: mean brightness", "title: mean\tbrightness",
      "title is one line of text, which holds no control character, found U+0009"
    ),
    (
      "unit: levels", "unit: \u{1B}[2Jlevels",
      "unit is one line of text, which holds no control character, found U+001B"
    ),
    (
      "accuracy: exact", "accuracy: ex\u{2028}act",
      "accuracy is one line of text, which holds no control character, found U+2028"
    ),
    ("name: brightness", "name: psnr", "name is \"psnr\", which attnlab has already"),
    ("of: picture", "of: film", "of is \"film\"; it is picture or edit"),
    ("digits: 1", "digits: 13", "digits is no number from 0 to 12"),
    ("digits: 1", "digits: one", "digits is no number from 0 to 12"),
  ])
  func aWrongValue(_ old: String, _ new: String, _ message: String) throws {
    #expect(try problem(Self.comment.replacingOccurrences(of: old, with: new)) == message)
  }

  @Test func allProblemsAtOnce() throws {
    #expect(
      try problem("#!/bin/sh\n# attnlab metric\n# name: A\n# of: b\n# digits: x\n")
        == "range is missing; direction is missing; reference is missing; accuracy is missing; name is \"A\"; it is 1 to "
        + "64 of a-z, 0-9 and _; of is \"b\"; it is picture or edit; digits is no number from 0 to 12")
  }

  @Test func filesThatAreNoMetric() throws {
    let none = "the comment \"attnlab metric\" is missing, which says what it measures"
    #expect(try problem("#!/bin/sh\necho 1\n") == none)
    #expect(try problem("") == none)
    let run = "a metric of your own is a program that can be run; chmod +x makes it one"
    #expect(try problem(Self.comment, mode: 0o644) == run)
    let folder = try ScratchFolder("metrics")
    let binary = try folder.write((0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 167) }, to: "binary")
    chmod(binary.path, 0o755)
    // None of them keeps the reader waiting.
    let pipe = folder.url.appending(path: "pipe")
    try #require(mkfifo(pipe.path, 0o755) == 0)
    let other = "expected a file, found a device or a pipe"
    for (path, message) in [
      (binary.path, none), (folder.url.path, "expected a file, found a folder"),
      ("/no/such", "there is no such program"),
      (pipe.path, other), ("/dev/zero", other),
    ] {
      #expect {
        _ = try Metric(program: path)
      } throws: { "\($0)" == "\(path): \(message)" }
    }
  }
}

/// A program at work: questions, answers, and what goes wrong between them.
@Suite struct MetricProcessTests {
  private func answers(
    _ body: String, of: String = "picture", seconds: Double = 20, _ prompts: [String] = ["a red car"]
  ) throws -> [Double?] {
    let folder = try ScratchFolder("metrics")
    let file = try MetricPrograms.write(MetricPrograms.text(body, of: of), to: folder, "m.sh")
    let metric = try Metric(program: file.path)
    guard case .program(let program) = metric.measure else { throw InstrumentError("no program") }
    let instruments = Instruments(answerSeconds: seconds)
    let picture = try Picture(width: 1, height: 1, pixels: [1, 2, 3])
    let source = MeasuredRun(prompt: "a blue \"car\"", file: URL(filePath: "/b.png")) { picture }
    do {
      return try prompts.map { prompt in
        try instruments.answer(
          program, MeasuredRun(prompt: prompt, file: URL(filePath: "/a.png")) { picture }, source: source)
      }
    } catch let error as InstrumentError {
      throw InstrumentError(error.description.replacingOccurrences(of: file.path, with: "m.sh"))
    }
  }

  @Test func everyLineIsAnswered() throws {
    let count = "while read -r line; do printf '%s\\n' \"${#line}\"; done"
    #expect(
      try answers(count, ["a", "bb"])
        == [#"{"picture":"/a.png","prompt":"a"}"#, #"{"picture":"/a.png","prompt":"bb"}"#].map { Double($0.count) })
    let edit = #"{"picture":"/a.png","prompt":"a","source":"/b.png","source_prompt":"a blue \"car\""}"#
    #expect(try answers(count, of: "edit", ["a"]) == [Double(edit.count)])
    #expect(
      try answers("while read -r line; do echo null; read -r line; echo ' 1e-3 '; done", ["a", "a", "a"])
        == [nil, 0.001, nil])
  }

  @Test(arguments: [
    ("read -r line; echo hello", "m.sh: answered \"hello\" about /a.png; a number or null is expected"),
    ("read -r line; echo nan", "m.sh: answered \"nan\" about /a.png; a number or null is expected"),
    ("read -r line; echo inf", "m.sh: answered \"inf\" about /a.png; a number or null is expected"),
    ("read -r line; echo", "m.sh: answered \"\" about /a.png; a number or null is expected"),
    ("read -r line", "m.sh: ended without an answer about /a.png"),
    ("read -r line; printf 5", "m.sh: ended in the middle of a line, the answer about /a.png"),
    (
      "read -r line; head -c 70000 /dev/zero; sleep 60",
      "m.sh: its answer about /a.png is a line of over 65536 bytes"
    ),
    ("sleep 60", "m.sh: no answer about /a.png in 0.3 seconds; does it flush each line?"),
    (
      "trap '' TERM INT HUP QUIT PIPE; while :; do sleep 1; done",
      "m.sh: no answer about /a.png in 0.3 seconds; does it flush each line?"
    ),
    // What it starts leaves its group and keeps its pipes.
    ("setsid sleep 60 & sleep 60", "m.sh: no answer about /a.png in 0.3 seconds; does it flush each line?"),
    ("trap '' TERM; sleep 60 & wait", "m.sh: no answer about /a.png in 0.3 seconds; does it flush each line?"),
    (
      "read -r line; while printf 1; do sleep 0.02; done",
      "m.sh: no answer about /a.png in 0.3 seconds; does it flush each line?"
    ),
  ])
  func whatIsNoAnswerIsAnErrorAndEndsSoon(_ body: String, _ message: String) throws {
    let start = ContinuousClock.now
    let isSlow = message.contains("0.3 seconds")
    #expect {
      _ = try answers(body, seconds: isSlow ? 0.3 : 20)
    } throws: { "\($0)" == message }
    // Neither what it sleeps for nor what it would not end for is waited for.
    #expect(ContinuousClock.now - start < .seconds(15))
  }

  /// More than a pipe holds: the question itself would keep the writer waiting for ever.
  @Test(arguments: [
    ("sleep 60", "m.sh: no answer about /a.png in 0.3 seconds; it does not read the question"),
    (
      "head -c 100000 > /dev/null; sleep 60",
      "m.sh: no answer about /a.png in 0.3 seconds; it does not read the question"
    ),
    ("exec <&-; sleep 60", "m.sh: ended before it was asked about /a.png"),
  ])
  func aLongQuestionThatIsNotRead(_ body: String, _ message: String) throws {
    let start = ContinuousClock.now
    #expect {
      _ = try answers(body, seconds: 0.3, [String(repeating: "a red car ", count: 50_000)])
    } throws: { "\($0)" == message }
    #expect(ContinuousClock.now - start < .seconds(10))
  }

  @Test func aLongQuestionIsReadWhole() throws {
    let prompt = String(repeating: "a red car ", count: 50_000)
    // It writes much before it has read all: both directions are served at once.
    let body = "while IFS= read -r line; do printf '%70000s' ' ' | head -c 60000; printf '%s\\n' \"${#line}\"; done"
    let question = #"{"picture":"/a.png","prompt":""}"#
    #expect(try answers(body, [prompt]) == [Double(question.count + prompt.count)])
  }

  /// Nothing that it started in its group is left when it is done with.
  @Test func whatItStartedEndsWithIt() throws {
    let folder = try ScratchFolder("started")
    let place = folder.url.appending(path: "pid").path
    let body = "trap '' TERM; sleep 60 & echo $! > \(place); read -r line; echo 1; wait"
    #expect(try answers(body) == [1])
    let started = try #require(pid_t(try String(contentsOfFile: place, encoding: .utf8).dropLast()))
    let end = ContinuousClock.now + .seconds(5)
    while kill(started, 0) == 0, ContinuousClock.now < end { usleep(10_000) }
    #expect(kill(started, 0) != 0)
  }

  @Test func asksToBeStoppedEndTheWait() throws {
    let folder = try ScratchFolder("metrics")
    let file = try MetricPrograms.write(MetricPrograms.text("trap '' TERM INT; sleep 60"), to: folder, "m.sh")
    guard case .program(let program) = try Metric(program: file.path).measure else {
      throw InstrumentError("no program")
    }
    let start = ContinuousClock.now
    let instruments = Instruments(isStopped: { ContinuousClock.now - start > .seconds(0.2) })
    let run = MeasuredRun(prompt: "", file: URL(filePath: "/a.png")) {
      try Picture(width: 1, height: 1, pixels: [1, 2, 3])
    }
    #expect(throws: MeasuringStopped()) { _ = try instruments.answer(program, run, source: nil) }
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  /// The last answer has no question after it at which one more would be seen.
  @Test(arguments: [
    ("read -r line; echo 1; sleep 0.3; echo 2", "\"2\""), ("read -r line; printf '1\\n2'", "\"2\""),
    ("read -r line; echo 1; read -r line; echo the end", "\"the end\""),
  ])
  func moreAnswersThanQuestions(_ body: String, _ said: String) throws {
    let folder = try ScratchFolder("metrics")
    let file = try MetricPrograms.write(MetricPrograms.text(body), to: folder, "m.sh")
    guard case .program(let program) = try Metric(program: file.path).measure else {
      throw InstrumentError("no program")
    }
    let instruments = Instruments()
    let run = MeasuredRun(prompt: "", file: URL(filePath: "/a.png")) {
      try Picture(width: 1, height: 1, pixels: [1, 2, 3])
    }
    #expect(try instruments.answer(program, run, source: nil) == 1)
    #expect {
      try instruments.finishPrograms()
    } throws: { error in
      "\(error)" == "\(file.path): wrote more lines than it was asked questions: \(said) came after the last answer"
        && (error as? InstrumentError)?.outOfStep == program
    }
  }

  @Test func aLineTooManyIsNotTheNextAnswer() {
    #expect {
      _ = try answers("while read -r line; do printf '1\\n2\\n'; done", ["a", "b", "c"])
    } throws: { "\($0)".hasPrefix("m.sh: wrote a line that it was not asked for, before the question about /a.png") }
  }

  @Test func onePictureThenTheEnd() {
    #expect {
      _ = try answers("read -r line; echo 1; exec <&- >&-", ["a", "b"])
    } throws: { error in
      ["m.sh: ended before it was asked about /a.png", "m.sh: ended without an answer about /a.png"]
        .contains("\(error)")
    }
  }

  @Test func aFirstLineThatNamesNoProgram() throws {
    let folder = try ScratchFolder("metrics")
    let text = MetricPrograms.text("cat").replacingOccurrences(of: "#!/bin/sh", with: "#!/no/such/shell")
    let metric = try Metric(program: try MetricPrograms.write(text, to: folder, "m.sh").path)
    guard case .program(let program) = metric.measure else { throw InstrumentError("no program") }
    let picture = try Picture(width: 1, height: 1, pixels: [1, 2, 3])
    let run = MeasuredRun(prompt: "", file: URL(filePath: "/a.png")) { picture }
    #expect { _ = try Instruments().answer(program, run, source: nil) } throws: { error in
      "\(error)".hasPrefix("\(program.path): ")
    }
    #expect { _ = try Instruments().answer(program, MeasuredRun(prompt: "", picture: picture), source: nil) } throws: {
      "\($0)" == "\(program.path): the picture has no file"
    }
  }

  /// Each holds the pipes of its own questions alone: the end of one is not kept from it by the other.
  @Test func twoAtOnceEndBothAtOnce() throws {
    let folder = try ScratchFolder("metrics")
    let start = ContinuousClock.now
    do {
      let instruments = Instruments()
      let picture = try Picture(width: 1, height: 1, pixels: [1, 2, 3])
      let run = MeasuredRun(prompt: "", file: URL(filePath: "/a.png")) { picture }
      for (name, answer) in [("one", 1.0), ("two", 2), ("one", 1), ("two", 2)] {
        let text = MetricPrograms.text("while read -r line; do echo \(Int(answer)); done", name: name)
        let file = folder.url.appending(path: "\(name).sh")
        if !FileManager.default.fileExists(atPath: file.path) {
          try MetricPrograms.write(text, to: folder, "\(name).sh")
        }
        guard case .program(let program) = try Metric(program: file.path).measure else {
          throw InstrumentError("no program")
        }
        #expect(try instruments.answer(program, run, source: nil) == answer)
      }
    }
    #expect(ContinuousClock.now - start < .seconds(1.9))
  }
}

enum MetricPrograms {
  /// A shell script that is a metric.
  static func text(_ body: String, name: String = "brightness", of: String = "picture") -> String {
    """
    #!/bin/sh
    # attnlab metric
    # name: \(name)
    # of: \(of)
    # range: any
    # direction: none
    # reference: none
    # accuracy: none
    \(body)

    """
  }

  @discardableResult
  static func write(_ text: String, to folder: ScratchFolder, _ name: String, mode: Int = 0o755) throws -> URL {
    let file = try folder.write(text, to: name)
    chmod(file.path, mode_t(mode))
    return file
  }
}
