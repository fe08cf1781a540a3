/// The few lines that Git LFS keeps in a repository in the place of a large file, until that is fetched.
/// - Source: the specification, https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
struct GitLFSPointer {
  /// Of the file that it stands for, in bytes; nil where it does not say.
  let size: Int?

  private static let beginning = "version https://git-lfs.github.com/spec/"
  /// Pointers are smaller than this.
  private static let mostBytes = 1024

  /// - Returns: nil unless the bytes of a whole file are a pointer.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count < Self.mostBytes, bytes.starts(with: Self.beginning.utf8) else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    size = lines.first { $0.hasPrefix("size ") }.flatMap { Int($0.dropFirst("size ".count)) }
  }

  func error(file: String) -> CheckpointError {
    CheckpointError(
      .init(
        file: file, field: "file", found: "a Git LFS pointer",
        expected: "the file that it stands for" + (size.map { ", of \($0) bytes" } ?? "")),
      advice: "The files of this model were not fetched: run `git lfs install` and `git lfs pull` in its folder.")
  }
}
