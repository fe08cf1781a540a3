import Attention
import Foundation
import Testing

@testable import AttentionStore

/// What a stored map takes of the file, as the budget of a plan counts it.
@Suite struct RowSizeTests {
  /// Small ones, those just too large for a half and a quarter of a page, and those that go on in other pages.
  @Test(arguments: [64, 512, 2048, 8192, 16_384, 21_000, 32_768, 40_000, 65_408, 65_536, 100_000, 300_000])
  func rowsOfOneSize(bytes: Int) throws {
    let fixture = try Fixture()
    func size() throws -> Int {
      let pages = try #require(try value(fixture.folder.database, "PRAGMA page_count").flatMap(Int.init))
      return pages * RowSize.page
    }
    let count = bytes < 8192 ? 4000 : 160
    let before = try size()
    let values = bytes / MapType.float16.bytes
    try fixture.store.commitStep(
      groupHash: "g", step: 0, timestep: 981.5, state: Data(),
      maps: (0..<count).map { head in
        MapRow(
          run: fixture.group.runs[0].id, record: fixture.records[0], site: fixture.sites[1], branch: .conditional,
          head: head, height: 1, width: 1, keys: values, type: .float16,
          data: MapType.float16.encode((0..<values).map { Float($0 % 7) / 9 }))
      })
    let expected = count * RowSize.bytes(ofMap: bytes)
    let found = try size() - before
    #expect(abs(found - expected) <= expected / 12 + 2 * RowSize.page, "\(found) bytes, expected \(expected)")
  }

  @Test func sizesThatNoFileHas() {
    #expect(RowSize.bytes(ofMap: .max) == .max)
    #expect(RowSize.bytes(ofMap: .max - 1000) > .max / 2)
  }
}
