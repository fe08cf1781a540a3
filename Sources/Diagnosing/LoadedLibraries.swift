import Foundation

/// Versions of Debian's libraries as they are in this process, which need not be those that the headers were of.
enum LoadedLibraries {
  /// nil where the library is not in the process.
  static var sqlite: String? { text("sqlite3_libversion") }

  static var png: String? {
    guard let symbol = dlsym(nil, "png_get_libpng_ver") else { return nil }
    typealias Version = @convention(c) (UnsafeRawPointer?) -> UnsafePointer<CChar>?
    return unsafeBitCast(symbol, to: Version.self)(nil).map { String(cString: $0) }
  }

  /// FreeType tells its version by an open library alone.
  static var freeType: String? {
    guard let open = dlsym(nil, "FT_Init_FreeType"), let close = dlsym(nil, "FT_Done_FreeType"),
      let version = dlsym(nil, "FT_Library_Version")
    else { return nil }
    typealias Open = @convention(c) (UnsafeMutablePointer<OpaquePointer?>) -> Int32
    typealias Close = @convention(c) (OpaquePointer?) -> Int32
    typealias Version =
      @convention(c) (
        OpaquePointer?, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>
      ) -> Void
    var library: OpaquePointer?
    guard unsafeBitCast(open, to: Open.self)(&library) == 0 else { return nil }
    defer { _ = unsafeBitCast(close, to: Close.self)(library) }
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    unsafeBitCast(version, to: Version.self)(library, &major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }

  private static func text(_ function: String) -> String? {
    guard let symbol = dlsym(nil, function) else { return nil }
    typealias Version = @convention(c) () -> UnsafePointer<CChar>?
    return unsafeBitCast(symbol, to: Version.self)().map { String(cString: $0) }
  }
}
