import Foundation
import Testing

@testable import Running

/// What a group needs to go on is taken up whole or not at all, and it is said why not.
@Suite struct SealedStateTests {
  private static let state = Data("latents of step 3".utf8)

  @Test func everyChangedByteIsFound() throws {
    let sealed = SealedState.seal(Self.state)
    #expect(try SealedState.open(sealed) == Self.state)
    let mark = "attnlab state 1\n".utf8.count
    for place in sealed.indices {
      var changed = sealed
      changed[place] ^= 1
      #expect(throws: place < mark ? SealFault.noMark : .otherBytes) { try SealedState.open(changed) }
    }
    #expect(throws: SealFault.otherBytes) { try SealedState.open(sealed + [0]) }
    #expect(throws: SealFault.otherBytes) { try SealedState.open(sealed.dropLast()) }
    #expect(throws: SealFault.noMark) { try SealedState.open(Data()) }
  }

  @Test func unusableOnesSayWhy() {
    let run = String(repeating: "ab", count: 32)
    let known: [(UnusableCheckpoint, String)] = [
      (
        .unreadable(step: 4, reason: "\(SealFault.noMark)"),
        "its checkpoint after step 4 is damaged (it does not begin as a checkpoint)"
      ),
      (.stale(step: 4, found: 2), "its checkpoint after step 4 is damaged (it holds the state after step 2)"),
      (
        .broken(step: 4, run: run),
        "its checkpoint after step 4 is damaged (the latents of run abababababababab are not finite)"
      ),
      (.lacksFiles(step: 4), "predicted pictures or latents of it are missing"),
    ]
    for (fault, text) in known { #expect("\(fault)" == text) }
  }
}
