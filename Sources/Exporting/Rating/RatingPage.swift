import Foundation

/// A page that shows one picture after another and asks what is in it. It loads nothing but the pictures beside it, keeps
/// answers in the browser until they are saved, and knows no prompt.
enum RatingPage {
  struct Content: Encodable {
    /// Whole hashes, in the order of the pictures.
    let runs: [String]
    /// Paths from the page.
    let pictures: [String]
    let objects: [String]
    let colors: [String]
    /// The answer for none of them.
    let nothing: String
    /// Of the table that is saved, with its file's name.
    let header: [String]
    let file: String
  }

  static func text(_ content: Content) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // A text that ends the script would end it inside a literal too.
    let json = String(decoding: try encoder.encode(content), as: UTF8.self).replacingOccurrences(
      of: "<", with: "\\u003c")
    return head + "<script>\nconst sheet = \(json);\n\(script)</script>\n</body>\n</html>\n"
  }

  private static let head = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>What do these pictures show?</title>
    <style>
    :root { color-scheme: light dark; }
    body { font: 16px/1.45 system-ui, sans-serif; max-width: 46rem; margin: 1.5rem auto; padding: 0 1rem; }
    h1 { font-size: 1.3rem; margin: 0 0 .3rem; }
    p { margin: .3rem 0 1rem; }
    #picture { display: block; width: min(100%, 30rem); aspect-ratio: 1; object-fit: contain; border: 1px solid #8886; }
    #things { margin: 1rem 0; display: grid; gap: .5rem; max-width: 30rem; }
    .thing { display: grid; grid-template-columns: 2.2rem 1fr 1.4fr; gap: .5rem; align-items: center; }
    select, button { font: inherit; padding: .35rem .6rem; }
    nav { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
    #next { font-weight: 600; }
    progress { width: min(100%, 30rem); height: .6rem; }
    small { color: #777; }
    </style>
    </head>
    <body>
    <h1>What do these pictures show?</h1>
    <p>Name what you see, not what may have been meant. If a thing keeps its usual colors, leave its color open. If there
    is no such thing, or only a blend or a blot, leave the objects open too.</p>
    <progress id="progress"></progress>
    <p><small id="where"></small></p>
    <img id="picture" alt="the picture to rate">
    <form id="things"></form>
    <nav>
    <button type="button" id="back">Back</button>
    <button type="button" id="next">Next</button>
    <button type="button" id="save">Save answers</button>
    </nav>
    <p><small>Keys: Tab goes from list to list, Enter to the next picture. Answers stay in this browser until you save them.
    </small></p>
    <noscript>This page needs JavaScript. Or fill in the table of answers beside it with an editor.</noscript>

    """

  private static let script = """
    const slots = 2;
    const key = "attnlab-rating-" + sheet.runs.join("").slice(0, 64) + "-" + sheet.runs.length;
    const stored = JSON.parse(localStorage.getItem(key) || "{}");
    const answers = stored.answers || {};
    let at = Math.min(stored.at || 0, sheet.runs.length - 1);
    const get = id => document.getElementById(id);

    function list(name, open, words) {
      const select = document.createElement("select");
      select.setAttribute("aria-label", name);
      for (const word of [""].concat(words)) select.add(new Option(word || open, word));
      return select;
    }
    for (let slot = 0; slot < slots; slot++) {
      const row = document.createElement("div");
      row.className = "thing";
      row.append((slot + 1) + ".", list("color of thing " + (slot + 1), "its usual colors", sheet.colors),
        list("thing " + (slot + 1), slot ? "no second thing" : "none of these", sheet.objects));
      get("things").append(row);
    }
    const rows = [...document.querySelectorAll(".thing")].map(row => row.querySelectorAll("select"));

    function article(text) { return ("aeiou".includes(text[0]) ? "an " : "a ") + text; }
    function answer() {
      const things = rows.filter(row => row[1].value)
        .map(row => article((row[0].value ? row[0].value + " " : "") + row[1].value));
      return things.length ? things.join(" and ") : sheet.nothing;
    }
    function keep() { localStorage.setItem(key, JSON.stringify({ answers, at })); }
    function show() {
      get("picture").src = sheet.pictures[at];
      get("progress").max = sheet.runs.length;
      get("progress").value = Object.keys(answers).length;
      get("where").textContent = "Picture " + (at + 1) + " of " + sheet.runs.length + ", "
        + Object.keys(answers).length + " answered";
      get("back").disabled = at === 0;
      get("next").textContent = at + 1 < sheet.runs.length ? "Next" : "Answer";
      const things = (answers[at] || sheet.nothing) === sheet.nothing ? [] : answers[at].split(" and ");
      rows.forEach((row, slot) => {
        const text = (things[slot] || "").replace(/^an? /, "");
        const color = sheet.objects.includes(text) ? "" : sheet.colors.find(word => text.startsWith(word + " ")) || "";
        row[0].value = color;
        row[1].value = color ? text.slice(color.length + 1) : text;
      });
      rows[0][1].focus();
    }
    function go(step) {
      at = Math.max(0, Math.min(sheet.runs.length - 1, at + step));
      keep();
      show();
    }
    function next() {
      answers[at] = answer();
      go(1);
    }
    function save() {
      const lines = [sheet.header.join(",")].concat(sheet.runs.map((run, i) => [i + 1, run, answers[i] || ""].join(",")));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([lines.join("\\n") + "\\n"], { type: "text/csv" }));
      link.download = sheet.file;
      link.click();
      URL.revokeObjectURL(link.href);
    }
    get("back").onclick = () => go(-1);
    get("next").onclick = next;
    get("save").onclick = save;
    get("things").onsubmit = event => { event.preventDefault(); next(); };
    document.addEventListener("keydown", event => {
      if (event.key === "Enter" && event.target.tagName !== "BUTTON") { event.preventDefault(); next(); }
    });
    show();

    """
}
