import Foundation

/// A path of the command line, from the working directory.
func fileURL(_ path: String) -> URL { URL(filePath: path).standardizedFileURL.absoluteURL }

/// A folder by its path on the command line.
func folderURL(_ path: String) -> URL {
  URL(filePath: path, directoryHint: .isDirectory).standardizedFileURL.absoluteURL
}
