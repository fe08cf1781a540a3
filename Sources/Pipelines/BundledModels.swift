import Foundation

/// The models that come with the package.
public enum BundledModels {
  /// Names, in alphabetical order.
  public static var names: [String] {
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return contents.filter { !$0.hasPrefix(".") }.sorted()
  }

  /// The model of whoever names none.
  package static let standard = "emoji-scenes"

  /// The folder of a model; nil if there is none of that name.
  public static func url(of name: String) -> URL? {
    names.contains(name) ? folder.appending(path: name) : nil
  }

  private static var folder: URL { Bundle.module.bundleURL.appending(path: "Models") }
}
