import Checkpoints
import Foundation

/// Weight files: `SafetensorsFile`, and every tensor of what it accepts.
///
/// The first byte says what the others are: a file as it is; a header's text up to a byte 0 and data after it, with the
/// length put in front; or the choices of a grammar, which makes files whose header is sound but for a few faults.
struct SafetensorsTarget: FuzzTarget {
  let files: ScratchFiles

  func run(_ input: FuzzBytes) {
    var input = input
    let bytes: [UInt8]
    switch input.choice(3) {
    case 0: bytes = input.rest()
    case 1: bytes = Self.file(header: input.part(), data: input.rest())
    default: bytes = Self.built(&input)
    }
    files.write(bytes, to: "x.safetensors")
    do throws(CheckpointError) {
      let file = try SafetensorsFile(url: files.url("x.safetensors"), named: "fuzz/x.safetensors")
      try readWhole(file, size: bytes.count)
    } catch {
      requireReadable(error)
    }
  }

  private func readWhole(_ file: SafetensorsFile, size: Int) throws(CheckpointError) {
    var total = 0
    for name in file.names {
      guard let entry = file.entry(name) else { fatalError("does not hold: \(name) has an entry") }
      let count = entry.shape.reduce(1, *)
      let raw = try file.rawBytes(of: name)
      require(raw.count == entry.byteRange.count, "the bytes of \(name) fill its range")
      require(raw.count == count * entry.dtype.byteCount, "the bytes of \(name) fill its shape")
      total += raw.count
      if entry.dtype.isFloat { require(try file.tensor(named: name).shape == entry.shape, "\(name) keeps its shape") }
      if let values = try? file.integers(named: name) { require(values.count == count, "\(name) keeps its count") }
    }
    require(total < size, "the tensors lie in the file")
  }

  private static func file(header: [UInt8], data: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + data
  }

  // MARK: The grammar

  private static func built(_ input: inout FuzzBytes) -> [UInt8] {
    var entries: [String] = []
    var end = 0
    for _ in 0..<input.choice(6) { entries.append(entry(&input, end: &end)) }
    if input.happens(in: 4) {
      entries.append("\"__metadata__\":{\"format\":\(input.element(["\"pt\"", "1", "null", "{}"]))}")
    }
    if input.happens(in: 8), let again = entries.first { entries.append(again) }
    if input.happens(in: 4) { entries.reverse() }
    let faults = [0, 0, 0, 1, -1]
    let count = max(0, end + input.element(faults))
    let text = "{\(entries.joined(separator: ","))}" + String(repeating: " ", count: input.choice(8))
    let values = input.rest()
    let data = (0..<count).map { values.isEmpty ? UInt8(truncatingIfNeeded: $0) : values[$0 % values.count] }
    return file(header: Array(text.utf8), data: data)
  }

  /// The member of a tensor that begins at `end`, mostly with the size that its dtype and shape ask for.
  private static func entry(_ input: inout FuzzBytes, end: inout Int) -> String {
    let dtype = input.element(SafetensorsDtype.allCases)
    let shape = (0..<input.choice(4)).map { _ in input.happens(in: 16) ? input.integer() : input.choice(5) }
    var size = dtype.byteCount
    for length in shape { size = size.multipliedReportingOverflow(by: length).partialValue }
    var begin = end
    var last = end &+ size
    // A file of more than a page says nothing new.
    if (0...4096).contains(size) { end += size } else { last = input.integer() }
    switch input.choice(24) {
    case 23: swap(&begin, &last)
    case 22: begin = input.integer()
    case 21: last = input.integer()
    case 20: (begin, last) = (begin &+ 1, last &+ 1)
    default: break
    }
    let name = input.element(["a", "b", "c.weight", "é", "e\\u0301", "", "a.very.long.name", "d"])
    let spelling = input.happens(in: 16) ? input.element(["F33", "", "f32", "F4"]) : dtype.rawValue
    return "\"\(name)\":{\"dtype\":\"\(spelling)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(last)]}"
  }
}
