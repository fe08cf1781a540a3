import Tensors
import Testing

@Suite struct PictureTests {
  @Test func aMirrorExchangesLeftAndRight() throws {
    let picture = try Picture(width: 3, height: 2, pixels: (0..<18).map { UInt8($0) })
    #expect(picture.mirrored.pixels == [6, 7, 8, 3, 4, 5, 0, 1, 2, 15, 16, 17, 12, 13, 14, 9, 10, 11])
    #expect(picture.mirrored.mirrored == picture)
  }

  @Test func aPictureHoldsItsBytes() {
    for (width, height, count) in [(2, 2, 11), (0, 2, 0), (-1, -1, 3)] {
      #expect(throws: ShapeError.self) {
        try Picture(width: width, height: height, pixels: [UInt8](repeating: 0, count: count))
      }
    }
  }
}
