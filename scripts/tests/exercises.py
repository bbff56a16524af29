#!/usr/bin/env python3
"""Checks that each lab is small, and that its model solution alone passes the lab's core checks.

usage: exercises.py [LAB...]

For each lab (default: all):
- the students' workspace has at most 250 lines in the lab's `src`, and the model solution has at most 120 lines.
  Blank lines and unit tests do not count;
- the exercise's own programs, without the reference's `src/full`, pass the tests `core` and, where there are any,
  `hidden`. They are the examples that the lab's manifest names, and the programs in `src/bin` that are not examples.

Prints a table, and exits with status 1 if a limit is exceeded or a test fails.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
GIVEN_LINES_MAX = 250
SOLUTION_LINES_MAX = 120
TESTS = ("core", "hidden")

UNIT_TESTS = re.compile(r"^( *)#\[cfg\(test\)\]\n(?: *#\[.*\]\n)*\1mod (\w+)(?:;\n| \{\n(?:.*\n)*?\1\}\n)", re.MULTILINE)
SOLUTION = re.compile(r"^ *// BEGIN SOLUTION\n(.*?)^ *// END SOLUTION\n", re.MULTILINE | re.DOTALL)


def lines(text):
    return sum(1 for line in text.splitlines() if line.strip())


def sources(folder):
    """The text of each source file, without unit tests and without the reference program."""
    texts, left_out = {}, {folder / "full"}
    for path in sorted(folder.rglob("*.rs")):
        text = path.read_text(encoding="utf-8")
        for match in UNIT_TESTS.finditer(text):
            if match[0].endswith(";\n"):
                parent = path.parent if path.stem in ("lib", "main", "mod") else path.parent / path.stem
                left_out |= {parent / f"{match[2]}.rs", parent / match[2]}
        texts[path] = UNIT_TESTS.sub("", text)
    is_left_out = lambda path: path in left_out or not left_out.isdisjoint(path.parents)
    return {path: text for path, text in texts.items() if not is_left_out(path)}


def cargo(*words, **options):
    return subprocess.run(["cargo", *words], cwd=TOP, text=True, check=False, **options)


def measure(labs):
    """Files and lines that students get, and lines of the model solution: (files, lines, lines) for each lab."""
    with tempfile.TemporaryDirectory() as folder:
        starter = Path(folder) / "starter"
        words = ("run", "--locked", "--quiet", "-p", "labgrade", "--", "starter", "--out", str(starter))
        if cargo(*words, stdout=subprocess.DEVNULL).returncode:
            sys.exit("error: the students' workspace cannot be made")
        for lab in labs:
            given = sources(starter / "labs" / lab / "src")
            own = sources(TOP / "labs" / lab / "src")
            solution = sum(lines(part) for text in own.values() for part in SOLUTION.findall(text))
            yield lab, (len(given), sum(map(lines, given.values())), solution)


def programs(package, target, folder):
    """Fills `folder` with the exercise's own programs, each under its name. Returns their number."""
    examples = {one["name"] for one in package["targets"] if "example" in one["kind"]}
    bins = {one["name"] for one in package["targets"] if "bin" in one["kind"]}
    for name in examples | bins:
        place = target / "debug" / ("examples" if name in examples else "") / name
        (folder / name).symlink_to(place)
    return len(examples | bins)


def passes(lab, package, target):
    """Runs the tests on the exercise's own programs. Returns how many passed, or `None` if one failed."""
    built = cargo("build", "--locked", "--quiet", "-p", lab, "--bins", "--examples")
    with tempfile.TemporaryDirectory() as folder:
        if built.returncode or not programs(package, target, Path(folder)):
            return None
        names = [one["name"] for one in package["targets"] if "test" in one["kind"] and one["name"] in TESTS]
        tests = [word for name in names for word in ("--test", name)]
        # The tests start the programs in this folder instead of those that Cargo built for them.
        environment = {**os.environ, "LAB_PROGRAMS": folder, "LAB_PATIENCE": "10"}
        run = cargo("test", "--locked", "-p", lab, "--no-fail-fast", *tests, env=environment, stdout=subprocess.PIPE)
        counts = [int(count) for count in re.findall(r"^test result: ok\. (\d+) passed", run.stdout, re.MULTILINE)]
        if run.returncode or len(counts) != len(names) or not all(counts):
            print(run.stdout, file=sys.stderr)
            return None
        return sum(counts)


def self_test():
    """Counts the lines of a small lab."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        (top / "full").mkdir()
        (top / "full/main.rs").write_text("fn main() {}\n")
        (top / "a").mkdir()
        (top / "a/tests.rs").write_text("fn t() {}\n")
        (top / "a.rs").write_text("fn a() {}\n\n#[cfg(test)]\nmod tests;\n")
        (top / "lib.rs").write_text(
            "mod a;\n// BEGIN SOLUTION\nlet b = 1;\n\nlet c = 2;\n// END SOLUTION\n// STUB: todo!()\n"
            "#[cfg(test)]\n#[allow(x)]\nmod tests {\n    mod inner {\n    }\n    fn t() {}\n}\nfn last() {}\n"
        )
        found = sources(top)
        counts = {path.name: lines(text) for path, text in found.items()}
        assert counts == {"a.rs": 1, "lib.rs": 7}, counts
        assert [lines(part) for part in SOLUTION.findall(found[top / "lib.rs"])] == [2]


def main():
    arguments = sys.argv[1:]
    if "-h" in arguments or "--help" in arguments:
        print(__doc__.strip())
        return 0
    self_test()
    metadata = json.loads(cargo("metadata", "--locked", "--no-deps", "--format-version", "1", stdout=subprocess.PIPE).stdout)
    packages = {one["name"]: one for one in metadata["packages"] if Path(one["manifest_path"]).parent.parent == TOP / "labs"}
    unknown = next((word for word in arguments if word not in packages), None)
    if unknown:
        print(f"error: `{unknown}` is not a lab; the labs are {', '.join(sorted(packages))}", file=sys.stderr)
        return 2
    rows, mistakes = [], []
    for lab, (files, given, solution) in measure(sorted(arguments or packages)):
        if given > GIVEN_LINES_MAX:
            mistakes.append(f"{lab}: students get {given} lines of src, more than {GIVEN_LINES_MAX}")
        if solution > SOLUTION_LINES_MAX:
            mistakes.append(f"{lab}: the model solution has {solution} lines, more than {SOLUTION_LINES_MAX}")
        passed = passes(lab, packages[lab], Path(metadata["target_directory"]))
        if passed is None:
            mistakes.append(f"{lab}: the exercise's own programs do not pass the tests {' and '.join(TESTS)}")
        rows.append((lab, files, given, solution, "failed" if passed is None else passed))
    print(f"{'lab':18} {'files':>6} {'given':>6} {'solution':>9} {'tests passed':>13}")
    for lab, files, given, solution, passed in rows:
        print(f"{lab:18} {files:6} {given:6} {solution:9} {passed:>13}")
    print(f"{'at most':18} {'':6} {GIVEN_LINES_MAX:6} {SOLUTION_LINES_MAX:9}")
    for mistake in mistakes:
        print(f"error: {mistake}", file=sys.stderr)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
