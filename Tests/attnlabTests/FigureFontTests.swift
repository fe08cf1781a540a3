import Foundation
import TestSupport
import Testing

/// What the report says of signs that the font of the figures has not.
@Suite struct FigureFontTests {
  @Test func theReportNamesFontsAndBoxes() throws {
    try Program.inFolder { program in
      let text = experiment("source: a red car", with: "source: \"红 car \u{1F98A}\"")
      try program.write(text + "figures: [word_heatmaps]\n", to: "signs.yaml")
      // No font of the machine is seen.
      let shell = "export XDG_DATA_DIRS=/nowhere HOME=\(program.folder.path)\n"
      let run = try program.shell("\(shell)\"$attnlab\" run signs.yaml")
      #expect(run.code == 0, "\(run.errors)")
      let file = program.folder.appending(path: "Results/small/report.md")
      let boxes = try String(contentsOf: file, encoding: .utf8)
      #expect(
        boxes.contains(
          "**Boxes in the figures**: no installed font has 红 (U+7EA2) and \u{1F98A} (U+1F98A). Install one that has them"
        ))

      let fonts = program.folder.appending(path: ".fonts")
      try FileManager.default.createDirectory(at: fonts, withIntermediateDirectories: true)
      try Data(TestFont(family: "Small Signs", scalars: ["红"]).bytes).write(to: fonts.appending(path: "small.ttf"))
      let again = try program.shell("\(shell)\"$attnlab\" figures small")
      #expect(again.code == 0, "\(again.errors)")
      let report = try String(contentsOf: file, encoding: .utf8)
      #expect(report.contains("In the figures Small Signs, which is installed here, draws 红 (U+7EA2)."))
      #expect(report.contains("no installed font has \u{1F98A} (U+1F98A)."))
    }
  }
}
