import Files
import Foundation

/// Checks made of output places before anything is computed.
package enum OutputPlace {
  /// - Returns: Why a file cannot be written there, or nil. Nothing is left behind.
  package static func problem(file: URL) -> String? {
    if isFolder(file) { return "\(file.path) is a folder; name a file" }
    let folder = file.deletingLastPathComponent()
    guard FileManager.default.fileExists(atPath: folder.path) else {
      return "the folder \(folder.path) does not exist; make it first, or name another place"
    }
    return refusal(of: file, in: folder)
  }

  /// Free bytes, for whoever is not root, where a folder is or will be.
  package static func freeBytes(_ folder: URL) -> Int? {
    var place = folder.standardizedFileURL
    while !FileManager.default.fileExists(atPath: place.path), place.pathComponents.count > 1 {
      place = place.deletingLastPathComponent()
    }
    var status = statvfs()
    guard statvfs(place.path, &status) == 0 else { return nil }
    return Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
  }

  /// - Returns: Why files cannot be written to a folder that need not exist yet, or nil. Nothing is left behind.
  package static func problem(folder: URL) -> String? {
    var place = folder.standardizedFileURL
    // A link is there, whether or not it leads somewhere.
    while (try? FileManager.default.attributesOfItem(atPath: place.path)) == nil, place.pathComponents.count > 1 {
      place = place.deletingLastPathComponent()
    }
    return refusal(of: place.appending(path: "attnlab-\(UUID().uuidString.prefix(8))"), in: place)
  }

  package static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// Begins a file and drops it: permissions alone do not tell, on read-only file systems or for root.
  private static func refusal(of file: URL, in folder: URL) -> String? {
    guard isFolder(folder) else { return "\(folder.path) is not a folder; name another place" }
    do {
      var opened: [String: OpenFolder] = [:]
      _ = try ResultsFolder.beginOutput(file, &opened)
      return nil
    } catch {
      guard case .system(let number) = error.reason else { return "\(error)" }
      return "\(folder.path) takes no new files (\(String(cString: strerror(number)))); name another place"
    }
  }
}
