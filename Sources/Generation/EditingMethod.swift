import Formatting
import Foundation
import StrictYAML

/// A published way to edit a picture, written in the operations of experiment files.
///
/// Each is a file below `Methods` that can be read, with its settings, its source and what is done otherwise here. A method of
/// your own is a file there; `attnlab methods`, experiment files and `attnlab edit` know it by that.
public struct EditingMethod: Sendable {
  /// As experiment files and options spell it, `fpe-paper`.
  public internal(set) var name = ""
  /// Other names for it: `fpe` is `fpe-paper`.
  public internal(set) var otherNames: [String] = []
  public internal(set) var title = ""
  /// What it does, in a sentence.
  public internal(set) var does = ""
  /// The paper or code that it follows.
  public internal(set) var source = ""
  /// The settings that were published.
  public internal(set) var published = ""
  /// What is done otherwise here; empty where nothing.
  public internal(set) var differs = ""
  public internal(set) var halves = ChangedHalves.none
  /// The operations that each dial changes, counted from 0.
  public internal(set) var dials: [MethodDial: [Int]] = [:]
  /// The whole file.
  public internal(set) var text = ""
  /// Its list of operations, as it stands in the file.
  var operations = SpecNode(content: .list([]), place: .line(1, column: 1))

  /// The dials that it has, in their order.
  public var dialNames: [MethodDial] { MethodDial.allCases.filter { dials[$0] != nil } }
}

/// The halves of classifier-free guidance that a method changes.
public enum ChangedHalves: String, CaseIterable, Codable, Hashable, Sendable {
  case conditional
  case both
  /// It changes no attention.
  case none
}

/// What may be set of a method without writing its operations.
public enum MethodDial: String, CaseIterable, Codable, Hashable, Sendable {
  /// Layers in place of its own.
  case layers
  /// The share of the steps at which its longest window ends.
  case until
  /// The share of the steps that are taken from the source's noised picture on.
  case strength
  /// The words that name the object.
  case object

  /// In Markdown.
  public var meaning: String {
    switch self {
    case .layers: "layers in place of the method's own, as `4-14` or `\"2,3,5\"`"
    case .until:
      "the share of the steps, 0 to 1, at which the longest window of steps ends; shorter windows keep their proportion to "
        + "it, and one that is empty is left out"
    case .strength: "the share of the steps, 0 to 1, that are taken from the source's noised picture on"
    case .object: "a list of the words that name the object; each prompt takes those of them that it has"
    }
  }
}

/// The methods that come with the package.
public enum EditingMethods {
  /// In the order of their names.
  public static let all: [EditingMethod] = {
    let folder = Bundle.module.bundleURL.appending(path: "Methods")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".yaml") }.sorted().map { name in
      do {
        let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        return try EditingMethod(text: text, file: name)
      } catch {
        preconditionFailure("a method of our own cannot be read: \(error)")
      }
    }
  }()

  /// - Returns: nil if there is none of that name.
  public static func named(_ name: String) -> EditingMethod? {
    all.first { $0.name == name || $0.otherNames.contains(name) }
  }

  /// All names, those that stand for another one too.
  public static var names: [String] { all.flatMap { [$0.name] + $0.otherNames } }

  /// A name that there is not: what there is.
  public static func unknown(_ name: String) -> String {
    let nearest = nearestName(to: name, in: names).map { "did you mean \(quoted($0))? " } ?? ""
    return "there is no method \(quoted(name)); \(nearest)there are \(names.joined(separator: ", "))"
  }
}

extension EditingMethod {
  /// Reads the file of a method. Its operations are checked where they are used, since dials may complete them.
  /// - Throws: `SpecError` with every problem of the text.
  public init(text: String, file: String) throws(SpecError) {
    guard let root = try readYAML(text, file: file) else {
      throw SpecError(file: file, problems: [SpecProblem(file: file, message: "the file is empty")])
    }
    let reader = FileReader(file: file, context: FileContext())
    let method = Self.section.read(Field(node: root, path: ""), reader)
    guard reader.problems.isEmpty, var method else { throw SpecError(file: file, problems: reader.problems) }
    method.text = text
    self = method
  }

  private static let section = Section(
    "method", blank: EditingMethod(),
    keys: [
      Key("method", \.name, .name, required: true, example: "fpe", "its name"),
      Key("also", \.otherNames, .distinct(of: "names", .name), example: "[fpe]", "other names for it"),
      Key("title", \.title, .line(allowsEmpty: false), required: true, example: "FPE", "what people call it"),
      Key("does", \.does, .line(allowsEmpty: false), required: true, example: "It edits.", "what it does"),
      Key("source", \.source, .line(allowsEmpty: false), required: true, example: "a paper", "what it follows"),
      Key("published", \.published, .line(allowsEmpty: false), required: true, example: "none", "published settings"),
      Key("differs", \.differs, .line(), example: "nothing", "what is done otherwise here"),
      Key("halves", \.halves, .choice, required: true, example: "both", "the halves of guidance that it changes"),
      Key(
        "dials", required: true, example: "{ until: [0] }", "dials with the operations that each changes",
        read: { fields, reader, method in
          guard let field = fields["dials"] else { return }
          let names = MethodDial.allCases.map(\.rawValue)
          guard let entries = reader.fields(field, allowed: names) else { return }
          for dial in MethodDial.allCases {
            guard let list = entries[dial.rawValue] else { continue }
            method.dials[dial] = Form<[Int]>.distinct(of: "operations", .whole(0...99)).read(list, reader)
          }
        }, write: { _ in nil }),
      Key(
        "operations", required: true, example: "[]", "its operations",
        read: { fields, reader, method in
          guard let field = fields["operations"], let list = reader.list(field, of: "operations") else { return }
          method.operations = field.node
          if method.dials.values.joined().contains(where: { $0 >= list.count }) {
            reader.report(field, "a dial changes an operation that there is not")
          }
        }, write: { _ in nil }),
    ])
}
