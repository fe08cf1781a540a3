import Testing

@testable import Reporting

@Suite struct FigureNameTests {
  @Test func namesOfFigures() {
    let own = [
      "side_by_side.png", "side_by_side-2.png", "word_heatmaps-1-source.png", "self_attention-1-step10.png",
      "probes-1-heads-cross.png",
    ]
    let others = ["side_by_side-.png", "side_by_side2.png", "side_by_side-a b.png", "side_by_side.jpg", "mine.png"]
    #expect(own.allSatisfy(FigureWriter.isOwn))
    #expect(others.filter(FigureWriter.isOwn) == [])
  }
}
