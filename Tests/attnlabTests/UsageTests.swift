import Formatting
import Foundation
import Testing

/// What the caller learns: exit codes, which stream, and help that teaches.
@Suite struct UsageTests {
  private static func seedRule(_ text: String) -> String {
    "\"\(text)\" is no seed; a seed is a whole number from 0 to 18446744073709551615"
  }

  /// Arguments that a user can get wrong, and the first line of the answer.
  static let wrongUses: [([String], String)] = [
    (["nonsense"], "error: Unexpected argument 'nonsense'"),
    (["generate"], "error: Missing expected argument '--prompt <text>'"),
    (["generate", "--prompt", "a", "--steps", "0"], "error: --steps: 0 is not allowed; it is 1 to 1000"),
    (["generate", "--prompt", "a", "--steps", "1001"], "error: --steps: 1001 is not allowed; it is 1 to 1000"),
    (["generate", "--prompt", "a", "--guidance", "nan"], "error: --guidance: nan is not allowed; it is 0 to 100"),
    (
      ["generate", "--prompt", "a", "--scheduler", "dimm"],
      "error: --scheduler: \"dimm\" is not known; there are ddim (DDIMScheduler), pndm (PNDMScheduler), euler "
        + "(EulerDiscreteScheduler), dpm++ (DPMSolverMultistepScheduler)"
    ),
    (
      ["generate", "--prompt", "a", "--seed", "x"],
      "error: The value 'x' is invalid for '--seed <number>': \(seedRule("x"))"
    ),
    (
      ["generate", "--prompt", "a", "--seed", "-1"],
      "error: The value '-1' is invalid for '--seed <number>': \(seedRule("-1"))"
    ),
    (["gc", "--seed", "-1", "--dry-run"], "error: The value '-1' is invalid for '--seed <n>': \(seedRule("-1"))"),
    (["generate", "--prompt", "a", "--steps", "-3"], "error: --steps: -3 is not allowed; it is 1 to 1000"),
    (["generate", "--prompt", "a", "--guidance", "-0.5"], "error: --guidance: -0.5 is not allowed; it is 0 to 100"),
    (
      ["generate", "--prompt", "a", "--width", "-8"],
      "error: --width: -8 is not a multiple of 8 pixels from 8 to 8192; the nearest is 8"
    ),
    (
      ["generate", "--prompt", "a", "--height", "100"],
      "error: --height: 100 is not a multiple of 8 pixels from 8 to 8192; the nearest is 104"
    ),
    (
      ["generate", "--prompt", "a", "--out", "a.jpg"],
      "error: --out: the picture is a PNG file, and \"a.jpg\" does not end in .png"
    ),
    (
      ["heatmap", "a", "--size", "12"],
      "error: --size: 12 is not a multiple of 8 pixels from 8 to 8192; the nearest is 16"
    ),
    (["heatmap", ""], "error: the prompt has no word whose attention could be shown"),
    (["list", "--results", "nowhere"], "error: --results: there is no folder FOLDER/nowhere"),
    (
      ["show", "small"],
      "error: no results of \"small\": Results holds none; a folder of results is one that holds <its name>.sqlite"
    ),
    (
      ["export", "small", "--run", "1", "--steps", "9-1"],
      "error: The value '9-1' is invalid for '--steps <steps>': steps are numbers from 0 between commas, as 0,10,20, or "
        + "ranges, as 0-9, or all"
    ),
    (
      ["export", "small", "--run", "1", "--format", "gif"], "error: The value 'gif' is invalid for '--format <format>'"
    ),
  ]

  @Test(arguments: wrongUses) func wrongUse(_ arguments: [String], _ message: String) throws {
    try Program.inFolder { attnlab in
      let line = arguments.map { "'\($0)'" }.joined(separator: " ")
      let outcome = try attnlab.shell("\"$attnlab\" \(line)")
      #expect(outcome.code == 2)
      #expect(outcome.output == "")
      let first = outcome.errors.split(separator: "\n").first.map(String.init) ?? ""
      #expect(
        first.hasPrefix(message.replacingOccurrences(of: "FOLDER", with: attnlab.folder.path)), "\(outcome.errors)")
      #expect(outcome.errors.contains("--help' for more information."))
      #expect(attnlab.files == [])
    }
  }

  @Test func unknownModelOnTheCommandLine() throws {
    try Program.inFolder { attnlab in
      for arguments in [["models", "emoji-scene"], ["tokens", "a", "--model", "emoji-scene"]] {
        let outcome = try attnlab.shell("\"$attnlab\" \(arguments.joined(separator: " "))")
        #expect(outcome.code == 2)
        #expect(
          outcome.errors.hasPrefix(
            "error: model \"emoji-scene\" is neither a bundled model nor a folder; did you mean \"emoji-scenes\"?"))
      }
    }
  }

  @Test func bothSidesAreReported() throws {
    try Program.inFolder { attnlab in
      let outcome = try attnlab("generate", "--prompt", "a", "--height", "100", "--width", "3")
      #expect(
        outcome.errors == """
          error: --height: 100 is not a multiple of 8 pixels from 8 to 8192; the nearest is 104
          error: --width: 3 is not a multiple of 8 pixels from 8 to 8192; the nearest is 8
            See 'attnlab generate --help' for more information.

          """)
    }
  }

  @Test(arguments: [
    ["--out", "missing/a.png"], ["--out", "taken.png"], ["--out", "/proc/a.png"],
    ["--out", "a.png", "--latents-out", "missing/a.safetensors"],
  ])
  func placesAreCheckedFirst(_ options: [String]) throws {
    try Program.inFolder { attnlab in
      try FileManager.default.createDirectory(
        at: attnlab.folder.appending(path: "taken.png"), withIntermediateDirectories: false)
      let outcome = try attnlab.shell("\"$attnlab\" generate --prompt a \(options.joined(separator: " "))")
      #expect(outcome.code == 1)
      #expect(outcome.errors.hasPrefix("error: \(options[options.count - 2]): "))
      // No progress: nothing was computed.
      #expect(!outcome.errors.contains("steps"))
      #expect(attnlab.files == ["taken.png"])
    }
  }

  @Test func version() throws {
    try Program.inFolder { attnlab in
      let outcome = try attnlab("--version")
      #expect(outcome.code == 0)
      #expect(outcome.output == "0.1.0\n")
      #expect(outcome.errors == "")
    }
  }

  @Test(arguments: [
    "models", "tokens", "generate", "heatmap", "methods", "edit", "ops", "validate", "plan", "run", "list", "show",
    "export", "maps daam", "maps stats", "maps pca", "maps point", "maps diff",
  ])
  func helpTeaches(_ command: String) throws {
    try Program.inFolder { attnlab in
      let outcome = try attnlab.run(command.split(separator: " ").map(String.init) + ["--help"])
      #expect(outcome.code == 0)
      #expect(outcome.errors == "")
      #expect(outcome.output.contains("Examples:\n  attnlab \(command)"))
      #expect(outcome.output.contains("--json"))
      // Examples are meant to be copied: a wrapped one is no command.
      let examples = outcome.output.components(separatedBy: "Examples:\n").last?.components(separatedBy: "\n\n").first
      for line in (examples ?? "").split(separator: "\n") { #expect(line.hasPrefix("  attnlab \(command)"), "\(line)") }
    }
  }

  @Test func readersMayLeaveEarly() throws {
    try Program.inFolder { attnlab in
      // `true` reads nothing, and the sleep lets it be gone.
      let outcome = try attnlab.shell(
        "set -o pipefail; (sleep 0.3; exec \"$attnlab\" models emoji-scenes) | true; echo $?")
      #expect(outcome.output == "0\n")
      #expect(outcome.errors == "")
    }
  }

  @Test func fullOutputIsAFailure() throws {
    try Program.inFolder { attnlab in
      let outcome = try attnlab.shell("\"$attnlab\" models > /dev/full")
      #expect(outcome.code == 1)
      #expect(outcome.errors == "error: standard output: cannot be written (No space left on device)\n")
    }
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func completionScriptsAreMade(shell: String) throws {
    try Program.inFolder { (attnlab) throws -> Void in
      let outcome = try attnlab("--generate-completion-script", shell)
      #expect(outcome.code == 0)
      for command in ["generate", "reference", "compare", "maps"] { #expect(outcome.output.contains(command)) }
    }
  }

  /// In the shell itself: a command's beginning, and the names of results.
  @Test func bashCompletesCommandsAndResults() throws {
    try Program.inFolder { (attnlab) throws -> Void in
      for name in ["first", "second"] {
        let file = attnlab.folder.appending(path: "Results/\(name)/\(name).sqlite")
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data().write(to: file)
      }
      let complete = """
        mkdir bin; ln -s "$attnlab" bin/attnlab; PATH=$PWD/bin:$PATH
        source <(attnlab --generate-completion-script bash)
        try() {
          COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
          _attnlab attnlab "${COMP_WORDS[COMP_CWORD]}" ""
          echo "${COMPREPLY[@]}"
        }
        try attnlab com; try attnlab show ""
        """
      let lines = try attnlab.shell(complete).output.split(separator: "\n").map { $0.split(separator: " ") }
      #expect(lines.first?.contains("compare") == true && lines.first?.contains("show") == false)
      #expect(lines.last == ["first", "second"])
    }
  }
}
