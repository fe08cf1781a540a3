import Foundation
import VisionModels

extension InstrumentFolders {
  /// What is wrong with the networks that are named, and with those that metrics look with: a folder that is missing, a
  /// file that is damaged, weights that do not fit. Each is loaded once, and let go.
  ///
  /// Known before the first step, it costs no hours of computing.
  /// - Returns: a line for each problem, which begins with the key.
  public func problems(for metrics: [Metric]) -> [String] {
    let wanted = metrics.compactMap(\.accuracy.instrument)
    let checked = Instrument.allCases.filter { given[$0] != nil || wanted.contains($0) }
    return checked.compactMap { instrument in
      do {
        let folder = try folder(instrument)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
          return
            "instruments.\(instrument.rawValue): there is no folder \(folder.path); name a folder, or a bundled model"
        }
        switch instrument {
        case .sceneReader, .secondSceneReader: _ = try SceneReader(folder: folder)
        case .clip: _ = try CLIP(folder: folder)
        case .structure: _ = try StructureEncoder(folder: folder)
        case .lpips: _ = try LPIPS(folder: folder)
        }
        return nil
      } catch {
        return "instruments.\(instrument.rawValue): \(error)"
      }
    }
  }
}
