// Writes `explained.toml`. This part needs no page, so that a test can run it alone.

// Characters that TOML forbids in a string, and those that make a file look different from what it is.
const HIDDEN = /[\p{C}\u2028\u2029]/u;

function tomlString(text) {
  const escaped = (character) => {
    if (character === '"' || character === "\\") return "\\" + character;
    // Half of a pair is no character, and TOML has no escape for it.
    if (/\p{Cs}/u.test(character)) return "\ufffd";
    if (!HIDDEN.test(character)) return character;
    return "\\U" + character.codePointAt(0).toString(16).padStart(8, "0");
  };
  return '"' + Array.from(text, escaped).join("") + '"';
}

function explainedToml(lab, entries) {
  const blocks = entries.map((entry) => [
    "[[explained]]",
    `submission = ${tomlString(entry.submission)}`,
    `question = ${entry.question}`,
    `answer = ${tomlString(entry.digest)}`,
    `points = ${entry.points}`,
    `comment = ${tomlString(entry.comment)}`,
    "",
  ].join("\n"));
  const head = [
    "# Points for explanations. Put this file into the folder of results, beside explain.html.",
    `lab = ${tomlString(lab)}`,
    "",
  ].join("\n");
  return [head, ...blocks].join("\n");
}
