import Foundation
import TestSupport
import Testing

@testable import Checkpoints

/// Files that are not what they stand for: each with its message, which says what to do.
@Suite struct ForeignFileTests {
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  private static let pointer = """
    version https://git-lfs.github.com/spec/v1
    oid sha256:4d7a
    size 3438167534

    """
  private static let fetch =
    "The files of this model were not fetched: run `git lfs install` and `git lfs pull` in its folder."

  @Test func pointersOfGitLFS() throws {
    let folder = try ScratchFolder("unet")
    let file = try folder.write(Self.pointer, to: "config.json")
    let expected =
      "unet/config.json: file is a Git LFS pointer, expected the file that it stands for, of 3438167534 bytes\n"
    #expect(message { _ = try ConfigFile(contentsOf: file) } == expected + Self.fetch)
    #expect(message { _ = try readText(file, named: "unet/config.json") } == expected + Self.fetch)
    try folder.write(Self.pointer, to: "diffusion_pytorch_model.safetensors")
    #expect(
      message { _ = try WeightStore(folder: folder.url) }
        == expected.replacingOccurrences(of: "config.json", with: "diffusion_pytorch_model.safetensors") + Self.fetch)
    try folder.write("version https://git-lfs.github.com/spec/v1\n", to: "config.json")
    #expect(
      message { _ = try ConfigFile(contentsOf: file) }
        == "unet/config.json: file is a Git LFS pointer, expected the file that it stands for\n" + Self.fetch)
    // A file that only begins like one is long.
    let long = Self.pointer + String(repeating: "x", count: 2000)
    #expect(try readText(folder.write(long, to: "long.txt"), named: "long.txt") == long)
  }

  @Test(
    arguments: [
      (
        [0xEF, 0xBB, 0xBF], "EF BB BF", #"sed -i '1s/^\xEF\xBB\xBF//' unet/config.json"#
      ),
      (
        [0xFF, 0xFE], "FF FE", "iconv -f UTF-16 -t UTF-8 unet/config.json > utf8.json && mv utf8.json unet/config.json"
      ),
      (
        [0xFE, 0xFF], "FE FF", "iconv -f UTF-16 -t UTF-8 unet/config.json > utf8.json && mv utf8.json unet/config.json"
      ),
    ] as [([UInt8], String, String)])
  func byteOrderMarks(bytes: [UInt8], spelled: String, command: String) throws {
    let folder = try ScratchFolder("unet")
    let file = try folder.write(bytes + Array("{}".utf8), to: "config.json")
    let expected =
      "unet/config.json: beginning is a byte order mark (\(spelled)), expected text in UTF-8 without one\n"
      + "An editor saved the file that way: \(command)."
    #expect(message { _ = try ConfigFile(contentsOf: file) } == expected)
    #expect(message { _ = try readText(file, named: "unet/config.json") } == expected)
  }

  @Test func pipesAndDevicesAreNotOpened() throws {
    let folder = try ScratchFolder("unet")
    let pipe = folder.url.appending(path: "pipe.json")
    #expect(mkfifo(pipe.path, 0o600) == 0)
    let problem = irregularity(of: pipe, named: "unet/pipe.json")
    #expect(problem?.description == "unet/pipe.json: file is a device or a pipe, expected a file")
    #expect(message { _ = try ConfigFile(contentsOf: pipe) } == problem?.description)
    #expect(irregularity(of: URL(filePath: "/dev/zero"), named: "zero")?.found == "a device or a pipe")
    #expect(irregularity(of: folder.url, named: "unet")?.found == "a folder")
    #expect(irregularity(of: folder.url.appending(path: "none"), named: "none")?.found == "absent")
    #expect(irregularity(of: try folder.write("", to: "x"), named: "x") == nil)
  }
}
