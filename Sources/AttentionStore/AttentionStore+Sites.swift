import Attention
import Formatting
internal import GRDB

/// What queries or keys of a site are: the columns `query_axis` and `key_axis`.
private enum SiteAxis: String, CaseIterable {
  case picture
  case text
}

extension AttentionStore {
  /// Makes sure that the sites are in the database.
  /// - Returns: their ids, in the order given.
  @discardableResult
  public func register(sites: [AttentionSite]) throws(StoreError) -> [SiteID] {
    try check(sites)
    return try write { db in try sites.map { try register(site: $0, db) } }
  }

  func check(_ sites: [AttentionSite]) throws(StoreError) {
    let faults = sites.flatMap { site in
      let place = "site \(quoted(site.path))"
      let path =
        Self.isModulePath(site.path)
        ? [] : [StoreFault(place, "path", is: quoted(site.path), expected: Self.modulePathRule)]
      let sizes =
        [
          ("layer", site.layer), ("heads", site.heads), ("latent height", site.latentHeight),
          ("latent width", site.latentWidth), ("forward index", site.index + 1),
        ]
        + [("queries", site.queries), ("keys", site.keys)].flatMap { name, axis in
          switch axis {
          case .picture(let height, let width): [("height of the \(name)", height), ("width of the \(name)", width)]
          case .text(let tokens): [("number of the \(name)", tokens)]
          }
        }
      return path
        + sizes.filter { !StoreSchema.sizes.contains($0.1) }.map {
          StoreFault(place, $0.0, is: "\($0.1)", expected: "1 to \(StoreSchema.sizes.upperBound)")
        }
    }
    guard faults.isEmpty else { throw .invalid(path: path, faults) }
  }

  /// The columns that make up a site, in the order of `values(of:)`.
  private static let siteColumns = [
    "path", "layer", "forward_index", "heads", "query_axis", "query_height", "query_width", "query_length", "key_axis",
    "key_height", "key_width", "key_length", "latent_height", "latent_width",
  ]

  private static func values(of site: AttentionSite) -> StatementArguments {
    let axes = [site.queries, site.keys].map { axis -> StatementArguments in
      switch axis {
      case .picture(let height, let width): [SiteAxis.picture.rawValue, height, width, nil]
      case .text(let tokens): [SiteAxis.text.rawValue, nil, nil, tokens]
      }
    }
    return [site.path, site.layer, site.index, site.heads] + axes[0] + axes[1] + [site.latentHeight, site.latentWidth]
  }

  func register(site: AttentionSite, _ db: Database) throws -> SiteID {
    let values = Self.values(of: site)
    let conditions = Self.siteColumns.map { "\($0) IS ?" }.joined(separator: " AND ")
    let known = try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT id FROM site WHERE \(conditions)"), arguments: values)
    if let known { return SiteID(rawValue: known) }
    let columns = Self.siteColumns.joined(separator: ", ")
    let marks = Self.siteColumns.map { _ in "?" }.joined(separator: ", ")
    try db.execute(sql: "INSERT INTO site (\(columns)) VALUES (\(marks))", arguments: values)
    return SiteID(rawValue: db.lastInsertedRowID)
  }

  /// Every site, in the order they were registered.
  public func sites() throws(StoreError) -> [StoredSite] {
    try read { db in try db.all("SELECT * FROM site ORDER BY id", as: storedSite) }
  }

  /// The sites of the plan that was begun last, in the order of the forward pass; every one where no plan is written
  /// down.
  public func plannedSites() throws(StoreError) -> [StoredSite] {
    try read { db in
      let planned =
        try hasPlan(db) ? "id IN (SELECT site_id FROM plan_site WHERE plan_id = (SELECT max(id) FROM plan))" : "1"
      return try db.all("SELECT * FROM site WHERE \(planned) ORDER BY forward_index, id", as: storedSite)
    }
  }

  private func storedSite(_ row: Row) throws -> StoredSite {
    func size(_ column: String) throws -> Int { try number(column, of: row, table: "site") }
    let path: String = try row.decode(forColumn: "path")
    // It becomes part of files' names.
    guard Self.isModulePath(path) else {
      throw fault("path", of: row, table: "site", is: quoted(path), expected: Self.modulePathRule)
    }
    func axis(_ side: String) throws -> AttentionAxis {
      let axis: SiteAxis = try named("\(side)_axis", of: row, table: "site")
      switch axis {
      case .picture: return .picture(height: try size("\(side)_height"), width: try size("\(side)_width"))
      case .text: return .text(tokens: try size("\(side)_length"))
      }
    }
    return StoredSite(
      id: SiteID(rawValue: try row.decode(forColumn: "id")),
      site: AttentionSite(
        index: try number("forward_index", of: row, table: "site", in: 0...StoreSchema.sizes.upperBound), path: path,
        layer: try size("layer"), heads: try size("heads"), queries: try axis("query"), keys: try axis("key"),
        latentHeight: try size("latent_height"), latentWidth: try size("latent_width")))
  }

  /// Whether a text has only the signs of a module's path, as `up_blocks.1.attentions.0.attn2`.
  private static func isModulePath(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || "0123456789._".unicodeScalars.contains($0))
    }
  }

  /// What `isModulePath` asks for, in words.
  private static let modulePathRule = "letters, digits, dots and underscores"
}
