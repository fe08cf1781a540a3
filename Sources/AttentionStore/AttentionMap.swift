import Attention
import Foundation
import Tensors

/// One map of one step as it is given to the store.
public struct MapRow: Hashable, Sendable {
  public var run: RunID
  public var record: RecordID
  public var site: SiteID
  public var branch: GuidanceBranch
  /// From 0; nil for the mean over heads.
  public var head: Int?
  /// Rows and columns of queries, and keys; after pooling, where there was any.
  public var height: Int
  public var width: Int
  public var keys: Int
  public var type: MapType
  /// `[height, width, keys]`, little-endian, as `MapType.encode` gives it. `Data(bytesNoCopy:count:deallocator:)`
  /// over memory that lives until `commitStep` returns spares a copy: SQLite reads straight from it.
  public var data: Data

  public init(
    run: RunID, record: RecordID, site: SiteID, branch: GuidanceBranch, head: Int? = nil,
    height: Int, width: Int, keys: Int, type: MapType, data: Data
  ) {
    self.run = run
    self.record = record
    self.site = site
    self.branch = branch
    self.head = head
    self.height = height
    self.width = width
    self.keys = keys
    self.type = type
    self.data = data
  }

  /// The rows of a map that a step left, one a head or one of their mean; encoded when they are asked for.
  /// - Parameter values: `[heads, height, width, keys]`, or without the first axis of the mean.
  package static func rows(
    _ map: PlannedMap, _ values: Tensor, run: RunID, record: RecordID, site: SiteID
  ) -> some Sequence<MapRow> {
    map.type.encodedRows(values, heads: map.heads).enumerated().lazy.map { head, data in
      MapRow(
        run: run, record: record, site: site, branch: map.branch, head: map.isMean ? nil : head, height: map.height,
        width: map.width, keys: map.keys, type: map.type, data: data)
    }
  }

  /// Why it may not be stored; nil if it may.
  /// - Parameter row: Of the table, where it is stored.
  func sizeFault(row: Int64? = nil) -> MapSizeFault? {
    let fault = MapSizeFault(
      row: row, height: height, width: width, keys: keys, type: type, bytes: data.count)
    guard height > 0, width > 0, keys > 0 else { return fault }
    let (area, tooLarge) = height.multipliedReportingOverflow(by: width)
    let (count, stillTooLarge) = area.multipliedReportingOverflow(by: keys)
    guard !tooLarge, !stillTooLarge, data.count / type.bytes == count, data.count % type.bytes == 0 else {
      return fault
    }
    return nil
  }
}

/// A map that is in the database.
public struct StoredMap: Hashable, Sendable {
  public let run: RunID
  public let record: RecordID
  public let site: SiteID
  public let step: Int
  /// Of the schedule, as the UNet was told it.
  public let timestep: Double
  public let branch: GuidanceBranch
  /// From 0; nil for the mean over heads.
  public let head: Int?
  public let height: Int
  public let width: Int
  public let keys: Int
  public let type: MapType
  /// `[height, width, keys]`, little-endian; its length has been checked.
  public let data: Data

  /// `[height, width, keys]`, row by row.
  public var values: [Float] { type.decode(data) }

  /// As it was given to be stored.
  var written: MapRow {
    MapRow(
      run: run, record: record, site: site, branch: branch, head: head, height: height, width: width, keys: keys,
      type: type, data: data)
  }
}

/// Which heads of the stored maps.
public enum HeadSelector: Hashable, Sendable {
  /// Only maps that are the mean over heads.
  case mean
  /// Only maps of single heads.
  case single
  /// Only maps of these heads.
  case list(Set<Int>)
}

/// Which maps: those that fulfil every condition given. An empty list or range selects none.
public struct MapFilter: Hashable, Sendable {
  public var runs: Set<RunID>?
  /// Names of records.
  public var records: Set<String>?
  /// What records hold.
  public var quantities: Set<RecordedQuantity>?
  public var sites: Set<SiteID>?
  public var steps: Range<Int>?
  public var branch: GuidanceBranch?
  public var heads: HeadSelector?

  public init(
    runs: Set<RunID>? = nil, records: Set<String>? = nil, quantities: Set<RecordedQuantity>? = nil,
    sites: Set<SiteID>? = nil, steps: Range<Int>? = nil, branch: GuidanceBranch? = nil, heads: HeadSelector? = nil
  ) {
    self.runs = runs
    self.records = records
    self.quantities = quantities
    self.sites = sites
    self.steps = steps
    self.branch = branch
    self.heads = heads
  }

  /// Every map.
  public static let all = MapFilter()
}
