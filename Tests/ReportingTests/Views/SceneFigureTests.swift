import Foundation
import Measures
import Reporting
import Testing

/// Figures of what a scene reader saw.
@Suite struct SceneFigureTests {
  @Test func namesAreEachOnes() {
    let files = ["a/picture.png", "b/picture.png", "c/a/picture.png", "d/car.PNG"].map { URL(filePath: "/" + $0) }
    #expect(
      SceneReading.figureNames(files) == ["a-picture.png", "b-picture.png", "a-picture-2.png", "car.png"])
  }
}
