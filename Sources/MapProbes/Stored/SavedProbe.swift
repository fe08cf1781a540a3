import Foundation
import Probing

/// A trained probe as its file keeps it: what it reads, and what it says of that.
public struct SavedProbe: Codable, Hashable, Sendable {
  public static let currentFormat = 2
  /// Its file has at most so many bytes.
  static let mostBytes = 256 << 20

  public let format: Int
  public let name: String
  /// What is told.
  public let label: String
  public let record: String
  /// As selectors name it.
  public let site: String
  /// From 0.
  public let call: Int
  /// From 0; nil for all heads together, or their mean.
  public let head: Int?
  /// Of the classifier that the experiment file names.
  public let model: TrainedProbe

  init(name: String, label: String, record: String, site: String, call: Int, head: Int?, model: TrainedProbe) {
    format = Self.currentFormat
    self.name = name
    self.label = label
    self.record = record
    self.site = site
    self.call = call
    self.head = head
    self.model = model
  }

  /// The same probe gives the same bytes.
  func data() throws -> Data { try ProbeResult.encoder.encode(self) }

  /// - Throws: `MapProbeError` for what is no probe.
  init(reading data: Data, named name: String) throws(MapProbeError) {
    let what = "the trained probe \"\(name)\""
    do { self = try JSONDecoder().decode(SavedProbe.self, from: data) } catch {
      throw .unreadable(what, reason: "\(error)")
    }
    guard format == Self.currentFormat, self.name == name, model.isSound else {
      throw .unreadable(what, reason: "its numbers do not fit one another")
    }
  }
}

extension ProbeResult {
  static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }

  func json() throws -> String { String(decoding: try Self.encoder.encode(self), as: UTF8.self) }

  /// What a row of `probe_result` holds.
  /// - Throws: `MapProbeError` for what is no result.
  init(reading json: String, named name: String) throws(MapProbeError) {
    let what = "the result of the probe \"\(name)\""
    do { self = try JSONDecoder().decode(ProbeResult.self, from: Data(json.utf8)) } catch {
      throw .unreadable(what, reason: "\(error)")
    }
    guard format == Self.currentFormat, self.name == name, isSound else {
      throw .unreadable(what, reason: "its numbers do not fit one another")
    }
  }

  /// Whether indices are of cells, and tables of classes.
  private var isSound: Bool {
    let used = information.map(\.cell) + controls.flatMap(\.cells).map(\.cell) + applied.map(\.cell) + [best]
    guard classes.count >= 2, samples > 0, used.allSatisfy(cells.indices.contains), (0.5..<1).contains(confidence),
      (0...1).contains(chance), confusion.classes == classes, confusion.counts.count == classes.count
    else { return false }
    let counts = confusion.counts.allSatisfy { row in
      row.count == classes.count && row.allSatisfy { (0...1 << 40).contains($0) }
    }
    let places = cells.allSatisfy { cell in
      (1...8192).contains(cell.layer) && (0...10_000).contains(cell.call) && (0..<8192).contains(cell.head ?? 0)
    }
    var estimates = cells.map(\.accuracy) + controls.flatMap(\.cells).flatMap { [$0.accuracy, $0.gain] }
    estimates += information.flatMap { [$0.information.gain, $0.accuracy] } + curve.map(\.accuracy.share)
    estimates += applied.flatMap(\.toward).map(\.share)
    return counts && places && estimates.allSatisfy(\.isSound)
      && information.allSatisfy { $0.information.classes == classes.count }
  }
}

extension SeedEstimate {
  /// So many pictures can be added up over all seeds.
  private static let most = 1 << 40

  fileprivate var isSound: Bool {
    mean.isFinite && (1...Self.most).contains(count) && (1...1 << 20).contains(seeds.count)
      && seeds.allSatisfy { $0.mean.isFinite && (0...Self.most).contains($0.count) }
  }
}
