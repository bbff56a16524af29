#!/usr/bin/env python3
"""Checks the links of all Markdown files, and everything that labs/instructors.md names.

usage: instructors.py [--self-test | [--links] [DIRECTORY]]

In each Markdown file, a relative link leads to a file that exists, and its anchor to a heading (as GitHub names them).

In labs/instructors.md:
- `lab 2 question 9` names a question of that lab's handout; likewise `step`, `room step` (of "Run it on three hosts"),
  `experiment` and `extension`. A link with such a text leads to that handout. The last comment of the page has the first
  words of each of these places, so that a changed order of steps is noticed.
- lab 2 `core::…` names a row of that lab's rubric.
- The options and subcommands of each command exist in the program's source.
- Each row that maps a source handout has a verdict: `works`, or `differs: ` and a remark.
- The tables of points agree with the rubrics and with the points in the handouts.

Prints each mistake, and exits with status 1 if there is one. DIRECTORY is the workspace (default: this one). `--links`
checks only the links of the Markdown files in it.
"""

import os
import re
import sys
import tempfile
import tomllib
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
PAGE = Path("labs/instructors.md")
LEFT_OUT = {".git", "target", "dist", "vendor", "submissions"}

FENCE = re.compile(r"\s*(?:>\s*)*(```+|~~~+)")
CODE = re.compile(r"(`+)(.+?)\1")
INLINE = re.compile(r"(!?)\[((?:[^\[\]]|!?\[[^\]]*\](?:\([^)]*\))?)*)\]\(\s*<?([^)\s>]*)>?(?:\s+\"[^\"]*\")?\s*\)")
BY_NAME = re.compile(r"(!?)\[([^\[\]]+)\]\[([^\[\]]*)\]")
DEFINITION = re.compile(r"^ {0,3}\[([^\]^]+)\]:\s*<?(\S+?)>?(?:\s+\".*\")?\s*$")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")

BEGINNING_WORDS = 7

PLACE = re.compile(r"[Ll]ab (\d) (question|room step|step|experiment|extension) (\d+)")
RUBRIC_ROW = re.compile(r"(?:[Ll]ab (\d) )?`((?:core|robust|extra|hidden)::\w[\w:]*)`")
# An argument of clap: `#[arg(…)]`, then comments and other attributes, then the field.
ARG = re.compile(
    r"#\[arg\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)\]"
    r"(?:\s|//[^\n]*\n|#\[[^\n]*\n)*(?:pub(?:\([^)]*\))?\s+)?(\w+)\s*:"
)
ARGS = re.compile(r"#\[derive\([^)]*\bArgs\b[^)]*\)\]\s*(?:#\[.*\]\s*|//.*\s*)*(?:pub(?:\([^)]*\))?\s+)?struct\s+(\w+)")
POINTS = re.compile(r"\*\((\d+) points?\)\*")


class Document:
    """A Markdown file: its lines without code blocks, and its headings."""

    def __init__(self, file):
        self.lines, self.headings = [], []
        fence, comment = None, False
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if fence:
                fence = None if line.strip(" >").startswith(fence) else fence
                line = ""
            elif begin := FENCE.match(line):
                fence, line = begin[1], ""
            if comment or "<!--" in line:
                comment = "-->" not in line
                line = re.sub(r"<!--.*?-->", "", line) if not comment else ""
            self.lines.append((number, line))
            if heading := re.match(r"(#{1,6})\s+(.*?)\s*#*$", line):
                self.headings.append((number, len(heading[1]), heading[2]))

    def anchors(self):
        """The anchors of all headings: letters, digits, `_`, `-`, and a hyphen for each space."""
        found = {}
        for _, _, text in self.headings:
            text = re.sub(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])", r"\1", text)
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            count = found.get(slug, -1) + 1
            found[slug] = count
            if count:
                found[f"{slug}-{count}"] = 0
        return found

    def section(self, title, deepest=6):
        """The lines below the second-level heading that matches `title`, up to a heading of a level from 2 to `deepest`."""
        begin = next((number for number, level, text in self.headings if level == 2 and re.match(title, text)), None)
        if begin is None:
            return []
        after = (number for number, level, _ in self.headings if number > begin and level <= deepest)
        end = next(after, len(self.lines) + 1)
        return [line for number, line in self.lines if begin < number < end]

    def links(self):
        """The links: line, text, target. A link by a name that is not defined has the target `None`."""
        text = [(number, CODE.sub(lambda match: "x" * len(match[0]), line)) for number, line in self.lines]
        names = {}
        for _, line in text:
            if definition := DEFINITION.match(line):
                names[definition[1].lower()] = definition[2]
        # A link may continue on the next line.
        whole, starts = "", []
        for number, line in text:
            starts.append((len(whole), number))
            whole += ("" if DEFINITION.match(line) else line) + "\n"

        def line_of(at):
            return max(number for start, number in starts if start <= at)

        found = [(match.start(), match[2], match[3]) for match in INLINE.finditer(whole)]
        found += [(match.start(2), match[0], target) for match in INLINE.finditer(whole) for target in images(match[2])]
        for match in BY_NAME.finditer(whole):
            found.append((match.start(), match[2], names.get((match[3] or match[2]).lower())))
        return [(line_of(at), " ".join(label.split()), target) for at, label, target in sorted(found, key=lambda link: link[0])]


def images(text):
    """The targets of images in the text of a link."""
    return [match[3] for match in INLINE.finditer(text)]


class Workspace:
    """The files of a workspace, and what is wrong with them."""

    def __init__(self, top):
        self.top, self.documents, self.wrong = top, {}, []

    def error(self, file, line, text):
        self.wrong.append(f"{file.relative_to(self.top)}:{line}: {text}")

    def document(self, file):
        if file not in self.documents:
            self.documents[file] = Document(file)
        return self.documents[file]

    def markdown(self):
        for folder, folders, names in os.walk(self.top):
            folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
            yield from (Path(folder) / name for name in sorted(names) if name.endswith(".md"))

    def check_links(self):
        for file in self.markdown():
            for line, text, target in self.document(file).links():
                if target is None:
                    self.error(file, line, f"the link `{text}` has a name that is not defined")
                    continue
                if ELSEWHERE.match(target):
                    continue
                path, _, anchor = target.partition("#")
                there = Path(os.path.normpath(file.parent / path)) if path else file
                if not there.exists():
                    self.error(file, line, f"there is no `{target}`")
                elif anchor and there.suffix == ".md" and anchor not in self.document(there).anchors():
                    self.error(file, line, f"`{there.relative_to(self.top)}` has no heading with the anchor `{anchor}`")


def beginning(text):
    """The first words of a text, by which a place is recognized."""
    return " ".join(re.sub(r"[*`]", "", POINTS.sub("", text)).split()[:BEGINNING_WORDS])


def items(lines):
    """The items of numbered lists, also of those that are written as `**1. Title.**`, each with its beginning."""
    found = {}
    for part in re.split(r"^(?=(?:\*\*)?\d+\. )", "\n".join(lines), flags=re.MULTILINE):
        if item := re.match(r"(?:\*\*)?(\d+)\. (.*)", part, re.DOTALL):
            found[int(item[1])] = beginning(item[2])
    return found


class Lab:
    """A lab's handout and rubric."""

    def __init__(self, workspace, readme):
        self.folder = readme.parent
        document = workspace.document(readme)
        steps = (re.match(r"Step (\d+): (.*)", text) for _, _, text in document.headings)
        self.places = {
            "question": items(document.section("Questions")),
            "step": {int(step[1]): beginning(step[2]) for step in steps if step},
            "room step": items(document.section("Run it on three hosts")),
            "experiment": items(document.section(r"Break it|.*\bexperiments\b", 2)),
            "extension": items(document.section("Extensions", 2)),
        }
        # Points of each question, in order. A question without points has `None`.
        self.points = {}
        for part in re.split(r"^(?=\d+\. )", "\n".join(document.section("Questions")), flags=re.MULTILINE)[1:]:
            found = POINTS.findall(part)
            self.points[int(part.split(".")[0])] = int(found[0]) if len(found) == 1 else None
        checks = tomllib.loads((self.folder / "rubric.toml").read_text(encoding="utf-8"))["check"]
        self.checks = {check["test"] for check in checks}
        self.sums = {
            kind: sum(check.get("points", 0) for check in checks if check["kind"] == kind) for kind in ("core", "robust")
        }


def labs(workspace):
    """The labs by their numbers."""
    found = {}
    for readme in sorted(workspace.top.glob("labs/*/README.md")):
        title = workspace.document(readme).headings[0][2]
        if number := re.match(r"Lab (\d)", title):
            found[int(number[1])] = Lab(workspace, readme)
    return found


def kebab(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower().replace("_", "-")


class Program:
    """What the source of a program says about its command line."""

    def __init__(self, source):
        self.options, self.commands = {"--help", "-h", "--version", "-V"}, set()
        for match in ARG.finditer(source):
            words = re.sub(r'"(?:\\.|[^"\\])*"', lambda text: text[0] if "=" not in text[0] else '""', match[1])
            if long := re.search(r'\blong(?:\s*=\s*"([^"]+)")?\s*(?:,|$)', words):
                self.options.add("--" + (long[1] or kebab(match[2])))
            if short := re.search(r"\bshort(?:\s*=\s*'(.)')?\s*(?:,|$)", words):
                self.options.add("-" + (short[1] or match[2][0]))
        for match in re.finditer(r"#\[derive\([^)]*\bSubcommand\b[^)]*\)\].*?enum\s+\w+\s*\{(.*?)\n\}", source, re.DOTALL):
            self.commands |= {kebab(name) for name in re.findall(r"^ {4}([A-Z]\w*)", match[1], re.MULTILINE)}


def programs(workspace):
    """The programs of the workspace by their names, each with the files that may hold its arguments."""
    found = {}
    shared = [file.read_text(encoding="utf-8") for file in sorted(workspace.top.glob("crates/labcore/src/**/*.rs"))]
    for manifest in [*workspace.top.glob("crates/*/Cargo.toml"), *workspace.top.glob("labs/*/Cargo.toml")]:
        crate = manifest.parent
        contents = tomllib.loads(manifest.read_text(encoding="utf-8"))
        roots = {}
        for target in contents.get("bin", []) + contents.get("example", []):
            roots.setdefault(target["name"], set()).add(crate / target.get("path", f"src/bin/{target['name']}.rs"))
        for file in crate.glob("src/bin/*.rs"):
            roots.setdefault(file.stem, set()).add(file)
        if (crate / "src/main.rs").exists() and not contents.get("bin"):
            roots[contents["package"]["name"]] = {crate / "src/main.rs"}
        for name, own in roots.items():
            others = set().union(*roots.values()) - own
            found[name] = ([file for file in sorted(crate.glob("src/**/*.rs")) if file not in others], shared)
    return found


class Page:
    """labs/instructors.md"""

    def __init__(self, workspace):
        self.workspace, self.file = workspace, workspace.top / PAGE
        self.document = workspace.document(self.file)
        self.labs, self.programs, self.parsed = labs(workspace), programs(workspace), {}
        # The places that the page names: lab, kind, number.
        self.named = set()

    def error(self, line, text):
        self.workspace.error(self.file, line, text)

    def check(self):
        for line, text in self.document.lines:
            self.check_places(line, text)
            self.check_rubric_rows(line, text)
            for match in CODE.finditer(text):
                self.check_command(line, match[2].split())
        for line, text, target in self.document.links():
            if (place := re.match(r"[Ll]ab (\d)\b", text)) and target:
                lab = self.labs.get(int(place[1]))
                if lab and not target.startswith(f"{lab.folder.name}/"):
                    self.error(line, f"`{text}` leads to `{target}`")
        self.check_verdicts()
        self.check_points()
        self.check_beginnings()

    def check_places(self, line, text):
        for match in PLACE.finditer(text):
            lab = self.labs.get(int(match[1]))
            if not lab or int(match[3]) not in lab.places[match[2]]:
                self.error(line, f"there is no {match[2]} {match[3]} in lab {match[1]}")
            else:
                self.named.add((int(match[1]), match[2], int(match[3])))

    def check_rubric_rows(self, line, text):
        for match in RUBRIC_ROW.finditer(text):
            lab = match[1] and self.labs.get(int(match[1]))
            if not lab:
                self.error(line, f"`{match[2]}` needs the number of its lab in front of it")
            elif match[2] not in lab.checks:
                self.error(line, f"lab {match[1]} has no check `{match[2]}`")

    def check_command(self, line, words):
        if not words:
            return
        name = words[0]
        options = [word.split("=")[0] for word in words[1:] if re.match(r"--?[a-zA-Z]", word)]
        if re.match(r"--?[a-z]", name) and name != "--help":
            self.error(line, f"`{name}` needs the name of its program in front of it")
        elif name.startswith("scripts/"):
            script = self.workspace.top / name
            if not script.is_file():
                self.error(line, f"there is no `{name}`")
                return
            known = script.read_text(encoding="utf-8")
            commands = words[1:2] if script.name == "topology.sh" else []
            for word in [*options, *commands]:
                if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", known):
                    self.error(line, f"`{name}` does not know `{word}`")
        elif name in self.programs:
            program = self.program(name)
            for option in options:
                if option not in program.options:
                    self.error(line, f"`{name}` has no option `{option}`")
            if program.commands and words[1:] and words[1] not in program.commands | program.options:
                self.error(line, f"`{name}` has no subcommand `{words[1]}`")

    def program(self, name):
        if name not in self.parsed:
            files, shared = self.programs[name]
            source = "\n".join(file.read_text(encoding="utf-8") for file in files)
            # Of the arguments that labcore offers to all programs, those that this one uses.
            source += "".join(text for text in shared if any(struct in source for struct in ARGS.findall(text)))
            self.parsed[name] = Program(source)
        return self.parsed[name]

    def rows(self, title):
        """The cells of each table row in a section, without heads and rules. A table begins after its rule."""
        begin = next((number for number, level, text in self.document.headings if text == title), None)
        if begin is None:
            self.error(1, f"there is no section `{title}`")
            return
        end = next((number for number, level, _ in self.document.headings if number > begin and level <= 2), 10**9)
        in_table = False
        for number, line in self.document.lines:
            if begin < number < end:
                if not line.startswith("|"):
                    in_table = False
                elif re.fullmatch(r"\|(?:\s*:?-+:?\s*\|)+", line):
                    in_table = True
                elif in_table:
                    yield number, [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]

    def check_verdicts(self):
        count = 0
        for line, cells in self.rows("From your handout to this lab"):
            count += 1
            verdict = cells[-1] if len(cells) == 3 else ""
            remark = re.match(r"differs: (.+)", verdict)
            if verdict != "works" and (not remark or len(remark[1].split()) < 3):
                self.error(line, "this row has no verdict: end it with `works`, or with `differs: ` and a remark")
            elif not all(cells):
                self.error(line, "this row names no place")
        if not count:
            self.error(1, "no row maps a handout")

    def check_points(self):
        for number, lab in self.labs.items():
            for question, points in lab.points.items():
                if points is None:
                    self.workspace.error(lab.folder / "README.md", 1, f"question {question} does not end with its points")
        listed = set()
        for line, cells in self.rows("Points"):
            if len(cells) == 5 and cells[0].isdigit() and int(cells[0]) in self.labs:
                lab = self.labs[int(cells[0])]
                listed.add(int(cells[0]))
                right = [lab.sums["core"], lab.sums["robust"], len(lab.points), sum(filter(None, lab.points.values()))]
                if cells[1:] != [str(value) for value in right]:
                    self.error(line, "this row must read `| " + " | ".join(map(str, [cells[0], *right])) + " |`")
            elif len(cells) == 3:
                self.check_sum(line, cells)
            else:
                self.error(line, "a row of points has a lab and four numbers, or a handout, questions and their points")
        for missing in sorted(set(self.labs) - listed):
            self.error(1, f"the table of points lacks lab {missing}")

    def check_beginnings(self):
        """Compares the places that the page names with the list in its last comment."""
        comment = re.search(r"<!-- How the places .*?\n(.*?)\n-->", self.file.read_text(encoding="utf-8"), re.DOTALL)
        listed = dict(line.split(": ", 1) for line in comment[1].splitlines() if ": " in line) if comment else {}
        right = {f"lab {lab} {kind} {number}": self.labs[lab].places[kind][number] for lab, kind, number in sorted(self.named)}
        for place, words in right.items():
            if place not in listed:
                self.error(1, f"the last comment lacks `{place}: {words}`")
            elif listed[place] != words:
                self.error(1, f"`{place}` begins with `{words}` now: look at the rows that name it, then change the last comment")
        for place in sorted(set(listed) - set(right)):
            self.error(1, f"the last comment has `{place}`, which the page does not name")

    def check_sum(self, line, cells):
        right = 0
        for part in cells[1].split(";"):
            match = re.fullmatch(r"\s*lab (\d): (\d+(?:, \d+)*)\s*", part)
            lab = match and self.labs.get(int(match[1]))
            if not lab:
                self.error(line, f"`{part.strip()}` is not a list of questions such as `lab 1: 2, 3`")
                return
            for question in map(int, match[2].split(", ")):
                if question not in lab.points:
                    self.error(line, f"there is no question {question} in lab {match[1]}")
                else:
                    self.named.add((int(match[1]), "question", question))
                right += lab.points.get(question) or 0
        if cells[2] != str(right):
            self.error(line, f"these questions have {right} points, not {cells[2]}")


def check(top, links_only=False):
    """What is wrong in a workspace."""
    workspace = Workspace(top)
    workspace.check_links()
    if not links_only:
        Page(workspace).check()
    return workspace.wrong


def self_test():
    """A small workspace without mistakes, and changes that make one each."""
    files = {
        "README.md": "# Top\n\n[labs](labs/instructors.md#points), [a\nlab](labs/a/README.md)\n\n```text\n[no](link)\n```\n",
        "labs/a/README.md": "# Lab 1 · A & b\n\n## Write it\n\n### Step 1: the `server`\n\n## Run it on three hosts\n\n1. Go.\n\n"
        "### Again\n\n2. Stay.\n\n## Break it\n\n1. Cut.\n\n## Questions\n\n1. Why\n   so? *(2 points)*\n2. How? *(1 point)*\n",
        "labs/a/rubric.toml": '[[check]]\ntest = "core::works"\nkind = "core"\npoints = 100\n\n'
        '[[check]]\ntest = "robust::lasts"\nkind = "robust"\npoints = 7\n',
        "labs/a/Cargo.toml": '[package]\nname = "a"\n[[bin]]\nname = "a-server"\npath = "src/full/main.rs"\n',
        "labs/a/src/full/main.rs": "#[derive(Subcommand)]\nenum Command {\n    /// Run\n    RunIt {\n        /// Once\n"
        "        #[arg(short, long, value_parser = range(1..=(2)))]\n        // why\n        at_once: bool,\n    },\n}\n",
        "scripts/topology.sh": "usage: topology.sh up [--rate RATE]\n",
        str(PAGE): "# Page\n\n[lab 1 question 2][q1], [lab 1 step 1](a/README.md#step-1-the-server), "
        "[lab 1 room step 1][q1], [lab 1 experiment 1][q1], [top](a/README.md#lab-1--a--b)\n\n"
        "`a-server run-it --at-once -a`, `scripts/topology.sh up --rate 1`\n\n"
        "## Points\n\n| lab | core | robust | questions | points |\n|---|---|---|---|---|\n| 1 | 100 | 7 | 2 | 3 |\n\n"
        "| | questions | points |\n|---|---|---:|\n| H | lab 1: 1, 2 | 3 |\n\n"
        "## From your handout to this lab\n\n| theirs | here | |\n|---|---|---|\n| x | lab 1 `core::works` | works |\n"
        "| y | lab 1 `robust::lasts` | differs: it does more |\n\n[q1]: a/README.md#questions\n\n"
        "<!-- How the places begin.\nlab 1 experiment 1: Cut.\nlab 1 question 1: Why so?\n"
        "lab 1 question 2: How?\nlab 1 room step 1: Go.\nlab 1 step 1: the server\n-->\n",
    }
    page = str(PAGE)
    cases = {
        "no mistake": (0, "README.md", "# Top", "# Top"),
        "a file that is missing": (1, "README.md", "labs/a/README.md", "labs/b/README.md"),
        "an anchor that is missing": (1, "README.md", "#points", "#pints"),
        "an anchor for a heading with a sign": (1, page, "lab-1--a--b", "lab-1-a-b"),
        "a name that is not defined": (3, page, "[q1]: a", "[q2]: a"),
        "a question that is missing": (1, page, "question 2][", "question 3]["),
        "a step that is missing": (2, page, "lab 1 step 1", "lab 1 step 2"),
        "a room step that is missing": (2, page, "room step 1", "room step 2"),
        "an experiment that is missing": (2, page, "experiment 1", "experiment 4"),
        "a lab that is missing": (1, page, "lab 1 question 2", "lab 2 question 2"),
        "a step with another text": (1, "labs/a/README.md", "1. Go.", "1. Leave."),
        "a place that the last comment lacks": (1, page, "lab 1 room step 1: Go.\n", ""),
        "a link to another place": (1, page, "[lab 1 step 1](a/README.md#step-1-the-server)", "[lab 1 step 1](../README.md)"),
        "a check that is missing": (1, page, "core::works", "core::work"),
        "a check without its lab": (1, page, "lab 1 `core", "`core"),
        "an option that is missing": (1, page, "--at-once", "--at-twice"),
        "a short option that is missing": (1, page, " -a`", " -b`"),
        "an option without its program": (1, page, "`a-server run-it --at-once -a`", "`--at-once`"),
        "a subcommand that is missing": (1, page, "run-it", "walk-it"),
        "an option of a script": (1, page, "--rate", "--rates"),
        "a script that is missing": (1, page, "topology.sh", "typology.sh"),
        "no verdict": (1, page, "| works |", "| |"),
        "no remark": (1, page, "differs: it does more", "differs"),
        "no place": (1, page, "| y | lab 1 `robust::lasts` |", "| y | |"),
        "points of a rubric": (1, "labs/a/rubric.toml", "points = 7", "points = 8"),
        "points of a question": (2, "labs/a/README.md", "(2 points)", "(4 points)"),
        "a question without points": (3, "labs/a/README.md", " *(1 point)*", ""),
        "a sum": (1, page, "lab 1: 1, 2 | 3", "lab 1: 1, 2 | 4"),
        "a lab without points": (1, page, "| 1 | 100 | 7 | 2 | 3 |\n", ""),
    }
    wrong = 0
    for name, (expected, changed, old, new) in cases.items():
        with tempfile.TemporaryDirectory() as folder:
            for file, text in files.items():
                (Path(folder) / file).parent.mkdir(parents=True, exist_ok=True)
                if file == changed:
                    if old not in text:
                        raise ValueError(f"self-test `{name}` changes nothing")
                    text = text.replace(old, new, 1)
                (Path(folder) / file).write_text(text, encoding="utf-8")
            found = check(Path(folder))
        if len(found) != expected:
            wrong += 1
            print(f"error: self-test `{name}`: expected {expected} mistakes, found {found}", file=sys.stderr)
    return wrong


def main():
    arguments = sys.argv[1:]
    if "-h" in arguments or "--help" in arguments:
        print(__doc__.strip())
        return 0
    if arguments == ["--self-test"]:
        return 1 if self_test() else 0
    links_only = arguments[:1] == ["--links"]
    directories = [Path(word) for word in arguments[links_only:]]
    if len(directories) > 1 or not all(directory.is_dir() for directory in directories):
        print("error: expected one directory; see --help", file=sys.stderr)
        return 2
    wrong = check(directories[0].resolve() if directories else TOP, links_only)
    for text in wrong:
        print(f"error: {text}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
