/// How many bytes of the database a stored map takes.
///
/// A row that fits into a page lies in it whole, so what is left of a page that cannot take another row is lost. Maps are
/// often a power of two in bytes, and with what a row has besides, just too large for a half or a quarter of a page: in a page
/// of 16 KiB a map of 8 KiB would lose as much again. In pages of 64 KiB, the largest that SQLite has, it loses a seventh.
/// - Source: https://www.sqlite.org/fileformat.html, sections 1.6 and 2.3.1.
public enum RowSize {
  /// Bytes of a page of a new database.
  static let page = 1 << 16

  /// The bytes of the file that a row of `attention_map` takes with its entries in the indexes, where rows of this size follow
  /// one another; rounded up.
  /// - Parameter data: bytes of the map's values.
  public static func bytes(ofMap data: Int) -> Int {
    let payload = data.addingReportingOverflow(columns)
    if payload.overflow { return .max }
    let largest = page - 35
    guard payload.partialValue > largest else { return page / ((page - 8) / (payload.partialValue + cell)) + indexes }
    // What does not fit goes into pages of its own, but for an end that fills up the row's own page.
    let least = (page - 12) * 32 / 255 - 23
    let end = least + (payload.partialValue - least) % (page - 4)
    let local = end > largest ? least : end
    let pages = (payload.partialValue - local + page - 5) / (page - 4)
    let (own, chain) = (page / ((page - 8) / (local + cell + 4)), pages.multipliedReportingOverflow(by: page))
    return chain.overflow ? .max : chain.partialValue.addingReportingOverflow(own + indexes).partialValue
  }

  /// Of a row beside its data, measured; of what stands around it in its page; of its entries in two indexes, measured.
  private static let columns = 84
  private static let cell = 9
  private static let indexes = 50
}
