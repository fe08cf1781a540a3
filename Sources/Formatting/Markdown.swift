import Foundation

/// The little of Markdown that a report needs.
package enum Markdown {
  /// Text in which nothing is taken for markup and nothing acts unseen, on one line; for paragraphs, headings and cells
  /// alike.
  package static func text(_ text: String) -> String {
    var result = ""
    for scalar in onOneLine(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\\", "`", "*", "_", "[", "]", "|", "~", "$", "#":
        result += "\\"
        result.unicodeScalars.append(scalar)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func onOneLine(_ text: String) -> String {
    printable(String(text.map { $0.isNewline ? " " : $0 }))
  }

  /// Text as code; a bar is kept from ending a table's cell.
  package static func code(_ text: String) -> String {
    let text = onOneLine(text)
    // A code span ends at a run of as many backticks as began it.
    let runs = text.split { $0 != "`" }.map(\.count)
    let fence = String(repeating: "`", count: (1...).first { !runs.contains($0) } ?? 1)
    let pad = text.hasPrefix("`") || text.hasSuffix("`") || text.isEmpty ? " " : ""
    return fence + pad + text.replacingOccurrences(of: "|", with: "\\|") + pad + fence
  }

  /// `` `a`, `b` ``
  package static func codes(_ texts: [String]) -> String { texts.map(code).joined(separator: ", ") }

  /// A table; columns whose heading ends in `:` are set to the right.
  package static func table(_ header: [String], _ rows: [[String]]) -> String {
    let names = header.map { $0.hasSuffix(":") ? String($0.dropLast()) : $0 }
    let rule = header.map { $0.hasSuffix(":") ? "---:" : "---" }
    return ([names, rule] + rows).map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }

  /// A block that opens on a click.
  /// - Parameter summary: text, not Markdown: hosts differ in what they make of it there.
  package static func details(_ summary: String, _ body: String) -> String {
    // Markdown inside is read as such only between empty lines.
    "<details>\n<summary>\(html(summary))</summary>\n\n\(body)\n\n</details>"
  }

  package static func fence(_ body: String, _ language: String) -> String {
    let runs = body.split { $0 != "`" }.map(\.count).max() ?? 0
    let fence = String(repeating: "`", count: max(3, runs + 1))
    return "\(fence)\(language)\n\(body)\(body.hasSuffix("\n") ? "" : "\n")\(fence)"
  }

  /// By their numbers, signs are no markup for any host.
  private static func html(_ text: String) -> String {
    onOneLine(text).unicodeScalars.map { scalar in
      switch scalar {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\\", "`", "*", "_", "[", "]", "|", "~", "$", "#": "&#\(scalar.value);"
      default: String(scalar)
      }
    }.joined()
  }
}
