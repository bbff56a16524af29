#!/usr/bin/env python3
"""Checks the length of files and lines.

usage: lengths.py

- A Rust source file, tests included, has at most 500 lines: a longer one has a second subject.
- A line of Markdown has at most 120 columns. Tables, code blocks and lines that are a single link are exempt.

Prints each violation, and exits with status 1 if there is one.
"""

import os
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
FILE_LINES_MAX = 500
MARKDOWN_COLUMNS_MAX = 120

# Build output, downloaded packages, and programs as students hand them in.
LEFT_OUT = {".git", "target", "dist", "vendor", "submissions"}

# A link or image on a line of its own, also as a list item or a definition.
LINK = re.compile(r"\s*(?:[-*]\s+|\d+\.\s+)?(?:!?\[[^\]]*\](?:\([^)]*\)|:\s*\S+)|<[^>\s]+>)[.,:;]?\s*")


def files():
    for folder, folders, names in os.walk(TOP):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        yield from (Path(folder) / name for name in sorted(names))


def long_lines(text):
    """The numbers and widths of lines of Markdown that are too long."""
    in_code = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            in_code = not in_code
        elif not in_code and not line.lstrip().startswith("|") and not LINK.fullmatch(line):
            if len(line) > MARKDOWN_COLUMNS_MAX:
                yield number, len(line)


def main():
    if len(sys.argv) > 1:
        print(__doc__.strip())
        return 0 if sys.argv[1] in ("-h", "--help") else 2
    wrong = 0
    for file in files():
        name = file.relative_to(TOP)
        if file.suffix == ".rs":
            count = len(file.read_text(encoding="utf-8").splitlines())
            if count > FILE_LINES_MAX:
                wrong += 1
                print(f"error: {name} has {count} lines; at most {FILE_LINES_MAX} are allowed", file=sys.stderr)
        elif file.suffix == ".md":
            for number, width in long_lines(file.read_text(encoding="utf-8")):
                wrong += 1
                print(f"error: {name}:{number} has {width} columns; wrap it at {MARKDOWN_COLUMNS_MAX}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
