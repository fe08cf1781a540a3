import Foundation

/// NumPy's file of one array, format version 1.0.
/// - Source: numpy.lib.format, "Format Version 1.0".
enum NPYFile {
  /// - Parameters:
  ///   - values: In C order: the last axis changes fastest. They fill the shape.
  ///   - shape: Each side positive.
  /// - Returns: The bytes of a little-endian float32 array.
  static func encode(_ values: [Float], shape: [Int]) -> Data {
    precondition(values.count == shape.reduce(1, *), "an array of \(values.count) values does not fill \(shape)")
    let sides = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
    let dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sides)), }"
    // Magic, version and length take 10 bytes; spaces bring the values to a multiple of 64, and a newline ends them.
    let length = (10 + dictionary.utf8.count + 1 + 63) / 64 * 64 - 10
    let spaces = String(repeating: " ", count: length - dictionary.utf8.count - 1)
    var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)])
    data.append(Data((dictionary + spaces + "\n").utf8))
    data.reserveCapacity(data.count + 4 * values.count)
    for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
    return data
  }
}
