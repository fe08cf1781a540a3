import Plotting
import Testing

/// What is gained against what is kept, a line a method.
@Suite struct TradeoffChartTests {
  private func chart(_ lines: [TradeoffLine], reference: ReferenceLine? = nil) throws -> (
    width: Int, height: Int, ink: Int
  ) {
    let picture = try Figures.tradeoffChart(
      title: "Methods", lines: lines, horizontal: "kept", vertical: "edited", reference: reference,
      note: "Filled: published.")
    let again = try Figures.tradeoffChart(
      title: "Methods", lines: lines, horizontal: "kept", vertical: "edited", reference: reference,
      note: "Filled: published.")
    #expect(picture == again)
    return (picture.width, picture.height, picture.pixels.count { $0 < 250 })
  }

  private let line = TradeoffLine(
    "fpe", points: [.init(kept: 0.2, gained: 0.9), .init(kept: 0.8, gained: 0.6, isFilled: true, label: "4-14")])

  @Test func linesMarksAndTheLevel() throws {
    let plain = try chart([line])
    #expect(plain.width > 900 && plain.height > 600)
    let marked = try chart([line], reference: ReferenceLine("0.7", at: 0.7))
    #expect(marked.ink > plain.ink + 500)
    let loose = try chart([TradeoffLine("fpe", points: line.points, isJoined: false)])
    #expect(loose.ink < plain.ink - 500)
    // More lines than there are colors.
    _ = try chart((0..<9).map { TradeoffLine("method \($0)", points: line.points) })
  }

  /// Marks in one place are one to look at: beside them stands how many they are.
  @Test(.enabled(if: hasText, noText)) func marksInOnePlaceAreCounted() throws {
    let single = try chart([line])
    let double = try chart([TradeoffLine("fpe", points: [line.points[0]] + line.points)])
    #expect(double.ink > single.ink + 60)
  }

  @Test func badArguments() {
    for (lines, message) in [
      ([], "expected at least one line, found none"),
      ([TradeoffLine("fpe", points: [])], "line \"fpe\" has no point"),
      ([TradeoffLine("fpe", points: [.init(kept: .nan, gained: 0)])], "line \"fpe\" has the value nan"),
    ] {
      do {
        _ = try chart(lines)
        Issue.record("\(message) was drawn")
      } catch { #expect("\(error)".contains(message), "\(error)") }
    }
  }
}
