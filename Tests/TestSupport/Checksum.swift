/// CRC-32 as ZIP and PNG have it, a bit at a time.
public func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
  let polynomial: UInt32 = 0xEDB8_8320
  var state = UInt32.max
  for byte in bytes {
    state ^= UInt32(byte)
    for _ in 0..<8 { state = state & 1 == 1 ? state >> 1 ^ polynomial : state >> 1 }
  }
  return ~state
}
