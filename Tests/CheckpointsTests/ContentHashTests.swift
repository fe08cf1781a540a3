import Files
import Foundation
import TestSupport
import Testing

@testable import Checkpoints

/// The hash of a model's files, and what is kept of it.
@Suite struct ContentHashTests {
  private struct Place {
    let scratch: ScratchFolder
    let files: [URL]
    let cache: ContentHashCache

    /// Two files that were changed long ago, and a folder of hashes that is not there yet.
    init() throws {
      scratch = try ScratchFolder("unet")
      let folder = scratch.url
      try scratch.write("{}", to: "config.json")
      try scratch.write(Array(repeating: 7, count: 100_000), to: "model.safetensors")
      files = ["config.json", "model.safetensors"].map { folder.appending(path: $0) }
      cache = ContentHashCache(folder: folder.appending(path: "cache/hashes"))
    }

    /// As if the files had been changed `seconds` before they are read.
    func keep(_ hash: String, seconds: Int = 3) throws {
      let states = try files.map(FileState.init)
      let last = states.map { max($0.modified, $0.changed) }.max() ?? 0
      cache.keep(hash, of: states, readFrom: last + seconds * 1_000_000_000)
    }

    var hash: String { get throws { try ContentHash.hash(files, cache: cache, worthKeeping: 0) } }

    var kept: [URL] {
      (try? FileManager.default.contentsOfDirectory(at: cache.folder, includingPropertiesForKeys: nil)) ?? []
    }
  }

  /// A pipe among the files of an instrument: reading it for the hash would never end.
  @Test func pipesAreNotHashed() throws {
    let folder = try ScratchFolder("clip")
    let file = try folder.write("{}", to: "config.json")
    let pipe = folder.url.appending(path: "notes.json")
    #expect(mkfifo(pipe.path, 0o600) == 0)
    #expect(throws: CheckpointError.self) { try ContentHash.hash([file, pipe]) }
    #expect(try ContentHash.hash([file]).count == 64)
  }

  private static let other = String(repeating: "ab", count: 32)

  /// The text that is hashed stays as it is: results are found by it.
  @Test func whatIsHashed() throws {
    let place = try Place()
    let text = "unet/config.json\n2\n{}unet/model.safetensors\n100000\n"
    let whole = Data(text.utf8) + Data(repeating: 7, count: 100_000)
    #expect(try ContentHash.hash(place.files) == SHA256.hash(whole))
    #expect(try ContentHash.hash([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  /// A hash that was kept is taken as long as the files are the same; a wrong one here shows that it was.
  @Test func whatWasKeptIsTaken() throws {
    let place = try Place()
    let own = try place.hash
    try place.keep(Self.other)
    #expect(place.kept.count == 1)
    #expect(try place.hash == Self.other)
    #expect(try ContentHash.hash(place.files, cache: place.cache) == own, "so few bytes are always read")
    #expect(try ContentHash.hash(place.files) == own)
  }

  @Test(arguments: ["same length", "longer", "replaced", "touched"])
  func anotherFileIsReadAnew(change: String) throws {
    let place = try Place()
    try place.keep(Self.other)
    let file = place.files[1]
    switch change {
    case "same length": try Data(repeating: 8, count: 100_000).write(to: file)
    case "longer": try Data(repeating: 7, count: 100_001).write(to: file)
    case "replaced":
      // With the old time of its contents, as an archive unpacks it.
      let date = try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate]
      try FileManager.default.removeItem(at: file)
      try Data(repeating: 9, count: 100_000).write(to: file)
      try FileManager.default.setAttributes([.modificationDate: #require(date)], ofItemAtPath: file.path)
    default: try FileManager.default.setAttributes([.modificationDate: Date.distantPast], ofItemAtPath: file.path)
    }
    #expect(try place.hash == ContentHash.hash(place.files))
  }

  /// What is damaged, at any byte, is as if it were not there.
  @Test func damagedTextsAreNotTaken() throws {
    let place = try Place()
    let own = try place.hash
    try place.keep(Self.other)
    let file = try #require(place.kept.first)
    let sound = try Data(contentsOf: file)
    for at in sound.indices {
      var bytes = sound
      bytes[at] ^= 1
      try bytes.write(to: file)
      #expect(try place.hash == own, "byte \(at)")
    }
    for bytes in [Data(), sound.dropLast(), sound + Data("\n".utf8)] {
      try bytes.write(to: file)
      #expect(try place.hash == own)
    }
    try sound.write(to: file)
    #expect(try place.hash == Self.other)
    // Whatever lies in its place is not followed or waited for.
    try FileManager.default.removeItem(at: file)
    #expect(mkfifo(file.path, 0o600) == 0)
    #expect(try place.hash == own)
  }

  @Test func whatChangedJustNowIsNotKept() throws {
    let place = try Place()
    try place.keep(Self.other, seconds: 1)
    #expect(place.kept == [])
    let own = try place.hash
    #expect(place.kept == [], "the files are younger than two seconds")
    #expect(try place.hash == own)
  }

  /// A cache that cannot be written costs time alone.
  @Test func aFolderThatIsNone() throws {
    let place = try Place()
    try place.scratch.write("", to: "cache")
    let own = try place.hash
    try place.keep(own)
    #expect(try place.hash == own)
  }

  @Test func filesThatAreNone() throws {
    let place = try Place()
    #expect {
      _ = try ContentHash.hash([place.scratch.url.appending(path: "no.json")])
    } throws: {
      "\($0)".hasSuffix("unet/no.json: file is absent, expected a readable file")
    }
    let pipe = place.scratch.url.appending(path: "pipe.json")
    #expect(mkfifo(pipe.path, 0o600) == 0)
    #expect {
      _ = try ContentHash.hash([pipe])
    } throws: {
      "\($0)".hasSuffix("unet/pipe.json: file is a device or a pipe, expected a file")
    }
  }

  @Test func theUsersFolder() {
    func folder(_ environment: [String: String]) -> String? { ContentHashCache.user(environment)?.folder.path }
    #expect(folder(["XDG_CACHE_HOME": "/c", "HOME": "/h"]) == "/c/attnlab/content-hashes")
    #expect(folder(["XDG_CACHE_HOME": "c", "HOME": "/h"]) == "/h/.cache/attnlab/content-hashes")
    #expect(folder(["XDG_CACHE_HOME": "", "HOME": "/h"]) == "/h/.cache/attnlab/content-hashes")
    #expect(folder([:]) == nil)
  }
}
