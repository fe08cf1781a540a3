import Attention
import CKernels
import Foundation
import GRDB
import TestSupport
import Testing

@testable import AttentionStore

/// The numbers that stand beside a map's values, and the view that asks for heads and their mean alike.
@Suite("Numbers of maps")
struct MapSummaryTests {
  private static let instructionSets = [CK_PLAIN, CK_AVX2, CK_AVX512].filter { $0.rawValue <= ck_best_isa().rawValue }

  private func map(_ values: [Float], _ type: MapType, keys: Int = 1) -> MapRow {
    MapRow(
      run: RunID(rawValue: 1), record: RecordID(rawValue: 1), site: SiteID(rawValue: 1), branch: .conditional,
      height: 1,
      width: values.count / keys, keys: keys, type: type, data: type.encode(values))
  }

  /// Sizes around the lanes and blocks of the kernel, at every offset of a word, in each instruction set.
  @Test(arguments: MapType.allCases)
  func sumsAreThoseOfTheStoredValues(type: MapType) throws {
    var random = SeededGenerator(seed: 31)
    for count in [1, 2, 3, 15, 16, 17, 31, 32, 33, 511, 512, 513, 1023, 1025, 5000] {
      // Most are as small as probabilities are, below the smallest normal half too.
      let scales: [Float] = [1, 1e-3, 1e-6, 3e-8]
      let values = (0..<count).map {
        Float.random(in: -1...1, using: &random) * scales[$0 % 4]
      }
      let row = map(values, type)
      let stored = type.decode(row.data).map(Double.init)
      let found = MapSummary(row)
      #expect(found.minimum == stored.min() && found.maximum == stored.max(), "\(count) values")
      let sum = stored.reduce(0, +)
      let size = stored.reduce(0) { $0 + abs($1) }
      // 32 values of a lane are added in single precision.
      let error = abs((found.mass ?? .nan) * Double(count) - sum)
      #expect(error <= 32 * 0x1p-24 * size, "\(count) values: \(error) of \(size)")
      #expect(found.mean == found.mass, "one key")

      for offset in 0..<4 {
        let shifted = Data(count: offset) + row.data
        for isa in Self.instructionSets {
          var summary = ck_summary()
          shifted.withUnsafeBytes {
            ck_summarise(isa, type == .float16 ? 1 : 0, count, $0.baseAddress.map { $0 + offset }, &summary)
          }
          #expect(Double(summary.minimum) == found.minimum && Double(summary.maximum) == found.maximum)
          #expect(summary.sum / Double(count) == found.mean, "\(isa), \(count) values at \(offset)")
        }
      }
    }
  }

  @Test("every half is what it is, in each instruction set")
  func halves() {
    for bits in UInt16.min...UInt16.max {
      let expected = Float(Float16(bitPattern: bits))
      withUnsafeBytes(of: bits.littleEndian) { bytes in
        for isa in Self.instructionSets {
          var summary = ck_summary()
          ck_summarise(isa, 1, 1, bytes.baseAddress, &summary)
          let isSame = expected.isNaN ? summary.minimum.isNaN : summary.minimum == expected
          if !isSame { Issue.record("\(bits), \(isa): \(summary.minimum), expected \(expected)") }
        }
      }
    }
  }

  @Test("what is not a number leaves none; an infinite value is one")
  func notNumbers() {
    for type in MapType.allCases {
      for place in [0, 16, 39] {
        var values = [Float](repeating: 0.5, count: 40)
        values[place] = .nan
        #expect(MapSummary(map(values, type)).minimum == nil && MapSummary(map(values, type)).mass == nil)
        values[place] = -.infinity
        let found = MapSummary(map(values, type))
        #expect(found.minimum == -.infinity && found.maximum == 0.5 && found.mean == -.infinity)
      }
    }
  }

  @Test("mass is a query's attention to the keys together: 1 where a map has every key")
  func mass() throws {
    let found = MapSummary(map([0.25, 0.75, 0.5, 0.5, 1, 0], .float16, keys: 2))
    #expect(found == MapSummary(map([0.25, 0.75, 0.5, 0.5, 1, 0], .float32, keys: 2)))
    #expect(found.mass == 1 && found.mean == 0.5 && found.minimum == 0 && found.maximum == 1)
  }

  @Test("SQL sees them, and asks for the mean over heads of `heads: all` and of `heads: mean` in the same words")
  func headsAndTheirMean() throws {
    let fixture = try Fixture()
    let prompts = fixture.prompts
    for record in Samples.records {
      try fixture.store.register(
        record: record, keys: [prompts[0]: (0..<5).map { TokenKey(label: "key \($0)", positions: [$0]) }])
    }
    func values(_ head: Int) -> [Float] { (0..<30).map { Float(head + 1) * Float($0) / 64 } }
    let mean = (0..<30).map { key in (0..<4).map { values($0)[key] }.reduce(0, +) / 4 }
    func row(record: Int, head: Int?, _ values: [Float]) -> MapRow {
      var row = fixture.map(record: record, head: head)
      row.data = row.type.encode(values)
      return row
    }
    try fixture.store.commitStep(
      groupHash: "g", step: 0, timestep: 900, state: Data(),
      maps: [row(record: 0, head: nil, mean)] + (0..<4).map { row(record: 1, head: $0, values($0)) })
    try DatabaseQueue(path: fixture.folder.database.path).inDatabase { db in
      for record in Samples.records.map(\.name) {
        let found = try Row.fetchAll(
          db, sql: "SELECT mean, mass, maps FROM map_overview WHERE record = ? AND head IS NULL", arguments: [record])
        #expect(found.count == 1)
        let sum = mean.reduce(0) { $0 + Double($1) }
        let (average, mass) = (found.first?["mean"] as Double? ?? .nan, found.first?["mass"] as Double? ?? .nan)
        #expect(abs(average - sum / 30) < 1e-12 && abs(mass - sum / 6) < 1e-12, "\(record)")
        // The values: the mean of the maps that are named.
        let maps = try Data.fetchAll(
          db,
          sql: """
            SELECT map.data FROM map_overview AS asked, json_each(asked.maps) JOIN attention_map AS map
              ON map.id = json_each.value
            WHERE asked.record = ? AND asked.head IS NULL
            """, arguments: [record]
        ).map { MapType.float32.decode($0) }
        let averaged: [Float] = (0..<30).map { key in
          let sum: Float = maps.reduce(0) { $0 + $1[key] }
          return sum / Float(maps.count)
        }
        #expect(averaged == mean, "\(record)")
        let words = try String.fetchAll(
          db, sql: "SELECT label FROM word_heatmap WHERE record = ? AND head IS NULL ORDER BY key", arguments: [record])
        #expect(words == (0..<5).map { "key \($0)" })
      }
      let heads = try Row.fetchAll(
        db, sql: "SELECT head, maximum FROM map_overview WHERE head IS NOT NULL ORDER BY head")
      #expect(heads.map { $0["head"] as Int } == [0, 1, 2, 3])
      #expect(heads.map { $0["maximum"] as Double } == (0..<4).map { Double(values($0)[29]) })
    }
  }
}
