import Foundation

/// A path of the command line, from the working directory.
func fileURL(_ path: String) -> URL { URL(filePath: path).standardizedFileURL.absoluteURL }
