import Foundation
import Testing

/// The program starts itself once more to choose how its threads wait; a caller must not notice.
@Suite struct ThreadWaitingTests {
  /// A shell line that begins without either variable.
  private func shell(_ program: Program, _ script: String) throws -> Program.Outcome {
    try program.shell("unset GOMP_SPINCOUNT OMP_WAIT_POLICY\n\(script)")
  }

  private func waiting(_ program: Program, _ script: String) throws -> Substring {
    let outcome = try shell(program, script)
    let line = outcome.output.split(separator: "\n").first { $0.contains("  waiting  ") }
    return try #require(line, "\(outcome.output)\(outcome.errors)")
  }

  @Test func theDefaultIsInForceAndAChoiceStays() throws {
    try Program.inFolder { program in
      let own = try waiting(program, "\"$attnlab\" doctor")
      #expect(own.hasPrefix("ok") && own.hasSuffix("GOMP_SPINCOUNT=1000, which attnlab sets by itself"))
      let passive = try waiting(program, "OMP_WAIT_POLICY=passive \"$attnlab\" doctor")
      #expect(passive.hasPrefix("ok") && passive.hasSuffix("as OMP_WAIT_POLICY=passive says"))
    }
  }

  /// The environment of a process that goes on after its start: the variable is there once, and the process is the one
  /// that was started.
  @Test func theProcessStaysTheSame() throws {
    try Program.inFolder { program in
      let outcome = try shell(
        program,
        """
        "$attnlab" generate --prompt car --steps 900 >/dev/null 2>errors & process=$!
        for attempt in {1..200}; do
          tr '\\0' '\\n' </proc/$process/environ | grep GOMP_SPINCOUNT && break
          sleep 0.02
        done
        cat /proc/$process/comm
        readlink /proc/$process/exe
        kill -KILL $process
        wait $process
        echo "code $?"
        cat errors
        """)
      #expect(outcome.output == "GOMP_SPINCOUNT=1000\nattnlab\n\(Program.executable.path)\ncode 137\n")
    }
  }

  @Test func argumentsOfAnyBytesArrive() throws {
    try Program.inFolder { program in
      let outcome = try shell(
        program, #"exec -a odd "$attnlab" tokens $'a\n\'"\\ $HOME \u00e9 \xff  b' --model emoji-scenes --json"#)
      #expect(outcome.code == 0, "\(outcome.errors)")
      let prompt = try #require(try outcome.json()["prompt"] as? String)
      #expect(prompt == "a\n'\"\\ $HOME é \u{FFFD}  b")
      let none = try shell(program, "\"$attnlab\" tokens '' --json")
      #expect(try none.json()["prompt"] as? String == "", "\(none.errors)")
    }
  }

  @Test func codesStreamsAndIgnoredSignalsStay() throws {
    try Program.inFolder { program in
      try program.write(experiment("model: emoji-scenes", with: "model: [1]"), to: "wrong.yaml")
      let codes = try shell(
        program,
        """
        "$attnlab" --version >/dev/null; echo $?
        "$attnlab" validate wrong.yaml >/dev/null 2>&1; echo $?
        "$attnlab" nothing >/dev/null 2>&1; echo $?
        "$attnlab" ops | head -1 >/dev/null; echo ${PIPESTATUS[0]}
        "$attnlab" --version <&- 2>&-
        echo kept | { "$attnlab" --version >/dev/null; cat; }
        (trap '' HUP; "$attnlab" doctor --latents >/dev/null & sleep 0.1; kill -HUP $!; wait $!; echo $?)
        """)
      #expect(codes.output == "0\n1\n2\n0\n0.1.0\nkept\n0\n", "\(codes.errors)")
    }
  }

  /// A loader that was given the program's name is not started again in its place.
  @Test func aNamedLoaderGoesOn() throws {
    try Program.inFolder { program in
      let outcome = try shell(
        program,
        """
        loader=$(ls /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.* 2>/dev/null | head -1)
        "$loader" "$attnlab" --version
        """)
      #expect(outcome.code == 0 && outcome.output == "0.1.0\n", "\(outcome.errors)")
    }
  }

  /// With arguments and environment as large as the system takes, one variable more is too much to start again: the
  /// program goes on as it is.
  @Test func aProgramThatCannotStartAgainGoesOn() throws {
    try Program.inFolder { program in
      let outcome = try shell(
        program,
        """
        # Arguments and environment have a quarter of the stack, and one variable at most 128 KiB.
        ulimit -s 1024
        export FIRST=$(printf '%131000s' '')
        low=0 high=131000
        while ((high - low > 1)); do
          middle=$(((low + high) / 2))
          if LAST=$(printf "%${middle}s" '') "$attnlab" --version >/dev/null 2>&1; then low=$middle; else high=$middle; fi
        done
        ((low > 0 && high < 131000)) && LAST=$(printf "%${low}s" '') "$attnlab" --version
        """)
      #expect(outcome.code == 0 && outcome.output == "0.1.0\n", "\(outcome.errors)")
    }
  }
}
