#!/usr/bin/env python3
"""Finds modules of a crate that import each other.

usage: modules.py [--self-test] [CRATE_DIRECTORY...]

Reads the sources and tests of each crate (default: crates/* and labs/*), follows their `mod` lines, and resolves every
path that begins with `crate`, `self`, `super` or a child module. Importing something from another file makes this file
depend on that one; a re-export counts for the file that it leads to. The `mod` and `pub use` lines of a parent do not
count, so a parent may declare and re-export children that import each other in one direction only.

Prints each cycle with the lines that make it, and exits with status 1 if there is one.
"""

import re
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent

# Comments and literals, which are blanked out. A lifetime (`'a`) is not a character literal.
NOISE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|b?r(\#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^\\'])'""", re.DOTALL
)
USE = re.compile(r"(?P<visibility>\bpub\s*(?:\([^)]*\)\s*)?)?\buse\s+(?P<tree>[^;]+);")
MOD = re.compile(r"(?:#\[path\s*=\s*(?P<path>\"[^\"]*\")\]\s*)?(?:\bpub\s*(?:\([^)]*\)\s*)?)?\bmod\s+(?P<name>\w+)\s*;")
INLINE = re.compile(r"\bmod\s+(\w+)\s*\{")
PATH = re.compile(r"(?<![\w:])(?:crate|self|super|[a-z_]\w*)(?:\s*::\s*(?:r#)?\w+)+")
ITEM = re.compile(r"\b(?:fn|struct|enum|union|trait|const|static|type|macro_rules!)\s+(?:mut\s+)?(\w+)")


def blank(text):
    """The source without comments and literals, on the same lines."""
    return NOISE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def leaves(tree, prefix=()):
    """The paths of a `use` tree, each with the name that it has here."""
    tree = tree.strip()
    if brace := re.match(r"(.*?)\{(.*)\}$", tree, re.DOTALL):
        prefix += tuple(part.strip() for part in brace[1].split("::") if part.strip())
        depth, begin, inner = 0, 0, brace[2] + ","
        for at, character in enumerate(inner):
            depth += (character == "{") - (character == "}")
            if character == "," and depth == 0:
                if inner[begin:at].strip():
                    yield from leaves(inner[begin:at], prefix)
                begin = at + 1
        return
    path, _, alias = tree.partition(" as ")
    parts = prefix + tuple(part.strip().removeprefix("r#") for part in path.split("::") if part.strip())
    if parts[-1] == "self":
        parts = parts[:-1]
    if parts:
        yield parts, alias.strip() or parts[-1]


class Module:
    """A file, its place in the module tree, and what it imports."""

    def __init__(self, file, parent, name):
        self.file, self.parent, self.name = file, parent, name
        self.children, self.names, self.globs = {}, {}, []
        original = file.read_text(encoding="utf-8")
        self.text = blank(original)
        self.items = set(ITEM.findall(self.text))
        self.inline = [(match.start(), self._end(match.end()), match[1]) for match in INLINE.finditer(self.text)]
        folder = file.parent if file.stem in ("mod", "lib", "main") or parent is None else file.parent / file.stem
        for match in MOD.finditer(self.text):
            path = re.search(r'"([^"]*)"', original[match.start() : match.end()]) if match["path"] else None
            places = [file.parent / path[1]] if path else [folder / f"{match['name']}.rs", folder / match["name"] / "mod.rs"]
            found = next((place for place in places if place.is_file()), None)
            if found:
                self.children[match["name"]] = Module(found, self, match["name"])
        for match in USE.finditer(self.text):
            for path, name in leaves(match["tree"]):
                if self._depth(match.start()):
                    continue
                if path[-1] == "*":
                    self.globs.append(path[:-1])
                else:
                    self.names[name] = path

    def _end(self, at):
        depth = 1
        while at < len(self.text) and depth:
            depth += (self.text[at] == "{") - (self.text[at] == "}")
            at += 1
        return at

    def _depth(self, at):
        """How many modules in this file lie around a place."""
        return sum(begin < at < end for begin, end, _ in self.inline)

    def everything(self):
        yield self
        for child in self.children.values():
            yield from child.everything()

    def root(self):
        return self.parent.root() if self.parent else self

    def find(self, path, seen=()):
        """The module that a path leads to or that holds its last item, or `None` for another crate."""
        if (self, path) in seen or len(seen) > 50:
            return None
        seen += ((self, path),)
        head, rest = path[0], path[1:]
        if head in ("crate", "self", "super"):
            there = {"crate": self.root(), "self": self, "super": self.parent}[head]
            return there and (there.find(rest, seen) or there if rest else there)
        if head in self.children:
            child = self.children[head]
            return (child.find(rest, seen) or child) if rest else child
        if head in self.names and self.names[head] != path:
            return self.find(self.names[head] + rest, seen)
        if head in self.items:
            return self
        for glob in self.globs:
            there = self.find(glob, seen) if glob else None
            if there and there is not self and (head in there.items or head in there.names or head in there.children):
                return there.find(path, seen)
        return None

    def imports(self):
        """The other modules that this file uses, each with the line of the first use."""
        found = {}

        def add(path, at):
            depth = self._depth(at)
            while depth and path[0] == "super":  # out of a module in this file
                path, depth = path[1:], depth - 1
                if not path:
                    return
                if path[0] != "super":
                    path = ("self", *path)
            there = self.find(path)
            if there and there is not self:
                found.setdefault(there, self.text.count("\n", 0, at) + 1)

        def note_use(match):
            for path, _ in leaves(match["tree"]):
                path = path[:-1] if path[-1] == "*" else path
                is_reexport = match["visibility"] and self._leads_to_child(path)
                if path and not is_reexport:
                    add(path, match.start())
            return re.sub(r"[^\n]", " ", match[0])

        code = re.sub(r"\bpub\s*\([^)]*\)", lambda match: "pub" + " " * (len(match[0]) - 3), self.text)
        code = USE.sub(note_use, code)
        for match in PATH.finditer(code):
            path = tuple(part.strip().removeprefix("r#") for part in match[0].split("::"))
            if path[0] in ("crate", "self", "super") or path[0] in self.children:
                add(path, match.start())
        return found

    def _leads_to_child(self, path):
        path = path[1:] if path and path[0] == "self" else path
        return bool(path) and path[0] in self.children


def cycles(modules):
    """The cycles of a crate, as lists of (module, line of the import, module); one for each knot of modules."""
    edges = {module: module.imports() for module in modules}

    def way(begin, goal):
        """The shortest way from one module to another."""
        ways, seen = [[begin]], {begin}
        for path in ways:
            for there in edges.get(path[-1], ()):
                if there is goal:
                    return [*path, there]
                if there not in seen:
                    seen.add(there)
                    ways.append([*path, there])
        return None

    told = set()
    for module in modules:
        if module not in told and (path := way(module, module)):
            # Everything in the same knot is told once.
            told.update(other for other in modules if other is module or way(module, other) and way(other, module))
            yield [(here, edges[here][there], there) for here, there in zip(path, path[1:])]


def check(crate):
    """Prints a crate's cycles, and gives their number."""
    crate = crate.resolve()
    patterns = ["src/lib.rs", "src/main.rs", "src/bin/*.rs", "src/bin/*/main.rs", "tests/*.rs", "tests/*/main.rs"]
    patterns += ["examples/*.rs", "benches/*.rs"]
    # Targets elsewhere, such as a lab's src/full/main.rs.
    patterns += re.findall(r'^path = "(.+\.rs)"', (crate / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE)
    found = 0
    for root in sorted({file for pattern in patterns for file in crate.glob(pattern)}):
        for cycle in cycles(list(Module(root, None, "crate").everything())):
            found += 1
            print(f"error: modules of `{crate.name}` import each other:", file=sys.stderr)
            for here, line, there in cycle:
                print(f"  {here.file.relative_to(crate)}:{line} imports {there.file.relative_to(crate)}", file=sys.stderr)
    return found


def self_test():
    """Small crates with a known number of cycles."""
    cases = {
        "one direction": (0, {"lib": "mod a;\nmod b;", "a": "use crate::b::B;", "b": "pub struct B;"}),
        "two modules": (1, {"lib": "mod a;\nmod b;", "a": "use crate::b;", "b": "pub struct B;\nuse super::a::A;"}),
        "a path without `use`": (1, {"lib": "mod a;\nmod b;", "a": "use crate::b;", "b": "fn f() { crate::a::g() }"}),
        "a parent that re-exports": (0, {"lib": "mod a;\nmod b;\npub use a::A;", "a": "pub struct A;", "b": "use crate::A;"}),
        "through a re-export": (
            1,
            {"lib": "mod a;\nmod b;\npub use a::A;", "a": "use crate::b::B;\npub struct A;", "b": "use super::A;\npub struct B;"},
        ),
        "a parent with code": (1, {"lib": "mod a;\npub struct X;\nfn f() { a::g() }", "a": "use super::X;"}),
        "three modules": (1, {"lib": "mod a;\nmod b;\nmod c;", "a": "use crate::b;", "b": "use crate::c;", "c": "use crate::{a};"}),
        "comments and texts": (0, {"lib": "mod a;\nmod b;", "a": "use crate::b;", "b": '// crate::a\nconst T: &str = "crate::a";'}),
        "a file's own tests": (0, {"lib": "mod a;", "a": "fn f() {}\n#[cfg(test)]\nmod tests { use super::*; use super::f; }"}),
    }
    wrong = 0
    for name, (expected, files) in cases.items():
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "src").mkdir()
            for file, text in files.items():
                (Path(folder) / "src" / f"{file}.rs").write_text(text, encoding="utf-8")
            root = Module(Path(folder) / "src/lib.rs", None, "crate")
            count = len(list(cycles(list(root.everything()))))
        if count != expected:
            wrong += 1
            print(f"error: self-test `{name}`: expected {expected} cycles, found {count}", file=sys.stderr)
    return wrong


def main():
    arguments = sys.argv[1:]
    if "-h" in arguments or "--help" in arguments:
        print(__doc__.strip())
        return 0
    if arguments == ["--self-test"]:
        return 1 if self_test() else 0
    unknown = next((word for word in arguments if word.startswith("-") or not Path(word).is_dir()), None)
    if unknown:
        print(f"error: `{unknown}` is not a crate's directory; see --help", file=sys.stderr)
        return 2
    crates = [Path(word) for word in arguments] or sorted([*TOP.glob("crates/*/"), *TOP.glob("labs/*/")])
    found = sum(check(crate) for crate in crates if (crate / "Cargo.toml").is_file())
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
