/// How a seed stands in the column `run.seed`.
///
/// Seeds go from 0 to 2^64 - 1, and SQLite's integers are signed: the column holds the same 64 bits, so that seeds from
/// 2^63 on stand there as the seed minus 2^64. They are turned back here alone.
enum StoredSeed {
  static func column(of seed: UInt64) -> Int64 { Int64(bitPattern: seed) }

  static func seed(of column: Int64) -> UInt64 { UInt64(bitPattern: column) }
}
