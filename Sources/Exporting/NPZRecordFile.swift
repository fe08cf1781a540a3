import Files
import Foundation

/// NumPy's archive: a zip file of `.npy` files. Each map is an array under its name, and `labels` says what the keys of
/// cross maps are.
/// - Source: numpy.savez.
struct NPZRecordFile: RecordFile {
  private let archive: StoredZip

  init(_ file: NewFile, labels: [String]) throws {
    archive = StoredZip(file)
    if !labels.isEmpty { try archive.add(NPYFile.encode(texts: labels), as: "labels.npy") }
  }

  func append(_ array: ExportedArray) throws {
    try archive.add(NPYFile.encode(array.values, shape: array.shape), as: array.name + ".npy")
  }

  func finish() throws { try archive.finish() }
}
