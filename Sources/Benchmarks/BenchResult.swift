import Formatting
import Foundation
import Tensors

/// What was measured of one case.
package struct BenchResult: Encodable {
  /// A number, or null in JSON where there is none.
  struct Figure: Encodable, Equatable {
    let value: Double?

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      if let value { try container.encode(value) } else { try container.encodeNil() }
    }
  }

  let `case`: String
  /// Library, version and instruction set.
  let engine: String
  let threads: Int
  /// Timed calls; the warm-up is not among them.
  let n: Int
  let medianS, minS, maxS: Double
  /// Every timed call in seconds, in the order they were made.
  let timesS: [Double]
  /// 1e9 operations a second by the median; null where a case is not arithmetic.
  let gflops: Figure
  /// Of the reference product in the same run, by its fastest call; null where none was made.
  let peakGflops: Figure
  /// `gflops / peakGflops`.
  let peakShare: Figure
  /// The largest resident memory of the process during the calls, in GiB; null where the system does not say.
  let peakRssGib: Figure
  /// Of the check before the timing: max|a - b| / max|b|, and what it may be at most.
  let difference, differenceAllowed: Double?
  /// Bytes that must at least be read and written, in GiB a second by the median.
  let gibPerS: Double?
  let rowsPerS, mbPerS: Double?
  /// Of a step: the maps recorded and their bytes.
  let maps, mapBytes: Int?

  init(_ candidate: BenchCandidate, times: [Double], check: Agreement?, peakMemory: Int?, peakGflops: Double?) {
    `case` = candidate.name
    engine = candidate.engine
    threads = candidate.threads
    n = times.count
    let median = Self.median(times)
    medianS = median
    minS = times.min() ?? .nan
    maxS = times.max() ?? .nan
    timesS = times
    let gflops = candidate.operations.map { $0 / median / 1e9 }
    self.gflops = Figure(value: gflops)
    self.peakGflops = Figure(value: peakGflops)
    peakShare = Figure(value: gflops.flatMap { own in peakGflops.map { own / $0 } })
    peakRssGib = Figure(value: peakMemory.map { Double($0) / 0x1p30 })
    difference = check?.difference
    differenceAllowed = check?.allowed
    gibPerS = candidate.bytes.map { $0 / median / 0x1p30 }
    rowsPerS = candidate.rows.map { Double($0.count) / median }
    mbPerS = candidate.rows.map { Double($0.bytes) / median / 1e6 }
    maps = candidate.recorded?.count
    mapBytes = candidate.recorded?.bytes
  }

  /// The middle value, or the mean of the two in the middle; NaN of none.
  static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// Library and version, without how it was built.
  var engineName: String {
    engine.split(whereSeparator: { $0 == " " || $0 == "," }).prefix(2).joined(separator: " ")
  }

  /// One JSON object in one line, keys in snake case and alphabetical order.
  package func line() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}

extension [BenchResult] {
  /// The results for a reader, one line a case.
  package var table: String {
    var table = TextTable(
      ["case", "engine", "median", "min", "max", "n", "GFLOP/s", "of peak", "throughput", "peak RSS"],
      right: [2, 3, 4, 5, 6, 7, 8, 9])
    for result in self {
      let rows = result.rowsPerS.map { "\(Int($0.rounded())) rows/s, \(Self.digits(result.mbPerS)) MB/s" }
      let bytes = result.gibPerS.map { "\(Self.digits($0)) GiB/s" }
      table.add([
        result.case, result.engineName, Self.seconds(result.medianS), Self.seconds(result.minS),
        Self.seconds(result.maxS), "\(result.n)", Self.digits(result.gflops.value),
        result.peakShare.value.map { String(format: "%.0f %%", 100 * $0) } ?? "", rows ?? bytes ?? "",
        result.peakRssGib.value.map { String(format: "%.2f GiB", $0) } ?? "",
      ])
    }
    return table.text
  }

  /// The machine's peak as the results were measured against it; nil where none is arithmetic.
  package var peakText: String? {
    compactMap(\.peakGflops.value).max().map {
      "peak: \(Int($0.rounded())) GFLOP/s, the fastest product of 2048x2048x2048; \(Engine.threads) threads"
    }
  }

  private static func digits(_ value: Double?) -> String { value.map(Readable.digits) ?? "" }

  /// Three digits, in seconds or milliseconds.
  private static func seconds(_ value: Double) -> String {
    value < 0.9995 ? "\(digits(value * 1000)) ms" : "\(digits(value)) s"
  }
}
