import Files
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Plotting

/// Text cannot be tested where FreeType is absent: the tests that need it say so.
let hasText = (try? Lettering().isAvailable) == true
let noText: Comment = "FreeType was not found when this was built: no text is drawn"

/// A folder that is removed when the test is over.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("plotting-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func file(_ name: String, _ bytes: [UInt8]) throws -> URL {
    let file = url.appendingPathComponent(name)
    try Data(bytes).write(to: file)
    return file
  }

  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: url.path).sorted()) ?? [] }
}

func noise(width: Int, height: Int, seed: UInt64) throws -> Picture {
  var generator = SeededGenerator(seed: seed)
  return try Picture(
    width: width, height: height,
    pixels: (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &generator) })
}

func plain(_ color: RGB, width: Int, height: Int) throws -> Picture {
  let pixels = (0..<width * height).flatMap { _ in [color.red, color.green, color.blue] }
  return try Picture(width: width, height: height, pixels: pixels)
}

/// A map that rises from 0 in its first to 1 in its last cell.
func ramp(_ width: Int, _ height: Int, times factor: Float = 1) throws -> HeatMap {
  let last = Float(max(1, width * height - 1))
  return try HeatMap(
    width: width, height: height, values: (0..<width * height).map { factor * Float($0) / last })
}

extension Picture {
  func at(_ x: Int, _ y: Int) -> RGB { color(y * width + x) }

  func contains(_ wanted: RGB) -> Bool { (0..<width * height).contains { color($0) == wanted } }

  /// Whether every pixel of a border of some width is white.
  func hasWhiteBorder(_ border: Int) -> Bool {
    (0..<width * height).allSatisfy { i in
      let (y, x) = i.quotientAndRemainder(dividingBy: width)
      return (x >= border && x < width - border && y >= border && y < height - border) || color(i) == .white
    }
  }
}

/// The description of the `PlottingError` or `FileError` that a call throws.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch let error as PlottingError {
    return error.description
  } catch let error as FileError {
    return error.description
  } catch {
    return "another error: \(error)"
  }
}
