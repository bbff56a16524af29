#!/usr/bin/env python3
"""Runs the commands in the handouts, and compares the terminals' output with the handouts.

An HTML comment above each code block says where the block runs:

    <!-- terminal 1 -->                        in terminal 1: types what follows each `$ `, and compares the output
    <!-- terminal 2 types "hello", "again" --> the same; types these texts where the block shows them
    <!-- terminal 1, numbers differ -->        the same; a number in the block matches any number
    <!-- run -->                               as a script in which every line must succeed; its output is not compared
    <!-- not run: REASON -->                   nowhere
    <!-- Ctrl+D in 2 -->                       (without a block) presses keys, and waits for the terminal's prompt

In a terminal's block, `…` matches any text, and alone on a line any lines. Thread numbers and ephemeral ports match any
number. All terminals of a handout run on one host of a bench (see topology.sh), where every port is free and no other
network can be reached, in a directory that contains only `scripts` and `labs`. A block without a comment is an error.

With --answers, labcapture reads each capture that a lab's handout made, and writes model answers to the handout's
questions about it.
"""

import argparse
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOPOLOGY = str(ROOT / "scripts/topology.sh")
WAIT_S = 60
PROMPT = "$ "


class Untrue(Exception):
    """A difference between a handout and the real output."""


class Terminal:
    """A shell in a pseudo-terminal."""

    def __init__(self, bench, folder, environment):
        self.shown = ""  # output that has not been compared yet
        self.line_is_open = False  # the newline of the last compared line has not arrived yet
        process, self.keyboard = pty.fork()
        if process == 0:
            # A script's background process ignores Ctrl+C, and the programs in this terminal would inherit that.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGQUIT, signal.SIG_DFL)
            os.chdir(folder)
            shell = ["bash", "--rcfile", environment["PROMPT_FILE"], "--noediting", "-i"]
            os.execvpe(TOPOLOGY, [TOPOLOGY, "--name", bench, "exec", "A", "env", f"TOPOLOGY={bench}-inner"] + shell, environment)
        self.process = process
        self.wait_for_prompt()

    def read(self, deadline):
        if not select.select([self.keyboard], [], [], max(0, deadline - time.monotonic()))[0]:
            raise Untrue(f"there was no more output within {WAIT_S} s; the last output was: {self.shown!r}")
        try:
            self.shown += os.read(self.keyboard, 65536).decode(errors="replace").replace("\r", "")
        except OSError as error:
            raise Untrue(f"the terminal closed; its last output was: {self.shown!r}") from error
        if self.line_is_open:
            self.shown = self.shown.removeprefix("\n")
            self.line_is_open = False

    def press(self, keys):
        os.write(self.keyboard, keys.encode())

    def wait_for_prompt(self):
        """Waits for the shell's prompt, and discards the output before it."""
        deadline = time.monotonic() + WAIT_S
        while not (self.shown == PROMPT or self.shown.endswith("\n" + PROMPT) or self.shown.endswith("^C" + PROMPT)):
            if self.shown.endswith(PROMPT) and not select.select([self.keyboard], [], [], 0.5)[0]:
                break  # after Ctrl+D at a program's prompt, the shell's prompt is on the same line
            self.read(deadline)
        self.shown = PROMPT

    def expect_line(self, line, last, skips):
        """Compares one line of output. A block may end in the middle of a line, at a program's prompt."""
        deadline = time.monotonic() + WAIT_S
        while True:
            while "\n" not in self.shown:
                if last and re.fullmatch(line, self.shown.rstrip()):
                    break
                self.read(deadline)
            got, newline, self.shown = self.shown.partition("\n")
            self.line_is_open = not newline
            if re.fullmatch(line, got.rstrip()):
                return
            if not skips:
                raise Untrue(f"the screen shows: {got}")

    def type_after(self, before, text):
        """Waits until the output is exactly `before`, then types the text."""
        deadline = time.monotonic() + WAIT_S
        while not re.fullmatch(pattern(before), self.shown.rstrip()):
            if "\n" in self.shown:
                raise Untrue(f"the screen shows: {self.shown}")
            self.read(deadline)
        self.press(text + "\n")

    def play(self, lines, typed, numbers_differ):
        typed = list(typed)
        skips = False
        for index, line in enumerate(lines):
            if line == "…":
                skips = True
                continue
            try:
                if line.startswith(PROMPT):
                    if skips:
                        self.wait_for_prompt()
                        skips = False
                    self.type_after("$", line[len(PROMPT) :])
                elif typed and line.endswith(typed[0]):
                    text = typed.pop(0)
                    self.type_after(line[: -len(text)].rstrip(), text)
                is_output = numbers_differ and not line.startswith(PROMPT)
                self.expect_line(pattern(line, is_output), index == len(lines) - 1, skips)
                skips = False
            except Untrue as error:
                raise Untrue(f"the handout says `{line}`, but {error}") from error
        if skips:
            self.wait_for_prompt()
        if typed:
            raise Untrue(f"the block does not show `{typed[0]}`, which is to be typed")

    def close(self):
        os.close(self.keyboard)
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


def pattern(line, numbers_differ=False):
    """A regular expression for a line whose variable parts differ in each run."""
    if numbers_differ:
        words = re.split(r"(\d+|\s+)", line.rstrip())
        return "".join(r"\d+" if word.isdigit() else r"\s+" if word.isspace() else re.escape(word) for word in words).replace("…", ".*")
    expression = re.escape(line.rstrip()).replace("…", ".*")
    return re.sub(r"(\d+\\?\.\d+:)(?:3[2-9]|[45]\d|6[0-5])\d{3}\b", r"\1[0-9]+", expression)


def steps(text):
    """The directives of a handout: line number, directive, and the lines of the code block that follows, if any."""
    lines = text.split("\n")
    found, directive, at = [], None, 0
    number = 0
    while number < len(lines):
        line = lines[number].strip()
        number += 1
        if re.fullmatch(r"<!-- (BEGIN|END) STAFF -->", line):
            pass  # these lines mark parts that the starter leaves out
        elif match := re.fullmatch(r"<!-- (.*) -->", line):
            if directive:
                raise Untrue(f"line {at}: no code block follows `{directive}`")
            directive, at = match[1], number
            if directive.startswith("Ctrl+"):
                found.append((at, directive, None))
                directive = None
        elif line.startswith("```"):
            indent = len(lines[number - 1]) - len(lines[number - 1].lstrip())
            start = number
            while lines[number].strip() != "```":
                number += 1
            found.append((start, directive, [line[indent:] for line in lines[start:number]]))
            number += 1
            directive = None
        elif line and directive:
            raise Untrue(f"line {at}: no code block follows `{directive}`")
    return found


def answer(lab, folder, answers, environment):
    """Writes the answers to a lab's questions for each capture in the folder."""
    for capture in sorted(Path(folder).glob("*.pcapng")):
        done = subprocess.run(["labcapture", str(capture), "--lab", lab], env=environment, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise Untrue(f"labs/{lab}/README.md: labcapture failed to read its capture: {done.stderr.strip()}")
        (answers / f"{lab}-{capture.stem}.txt").write_text(done.stdout)


def play(path, bench, environment, answers):
    """Runs all blocks of a handout in order."""
    terminals = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("scripts", "labs"):
            os.symlink(ROOT / name, Path(folder) / name)
        try:
            for number, directive, block in steps(path.read_text()):
                try:
                    step(directive, block, terminals, lambda: Terminal(bench, folder, environment), bench, folder, environment)
                except Untrue as error:
                    raise Untrue(f"{os.path.relpath(path, ROOT)}:{number}: {error}") from error
            if answers and (path.parent / "rubric.toml").exists():
                answer(path.parent.name, folder, answers, environment)
        finally:
            for terminal in terminals.values():
                terminal.close()
            subprocess.run([TOPOLOGY, "--name", f"{bench}-inner", "down"], capture_output=True, check=False)


def step(directive, block, terminals, new_terminal, bench, folder, environment):
    if directive is None:
        raise Untrue("no comment says where this block runs; see scripts/handouts.py --help")
    if match := re.fullmatch(r"Ctrl\+([A-Z]) in (\w+)", directive):
        terminal = terminals[match[2]]
        terminal.press(chr(ord(match[1]) - 64))
        terminal.wait_for_prompt()
    elif match := re.fullmatch(r"terminal (\w+)(, numbers differ)?(?: types (.*))?", directive):
        if match[1] not in terminals:
            terminals[match[1]] = new_terminal()
        terminals[match[1]].play(block, re.findall(r'"([^"]*)"', match[3] or ""), match[2])
    elif directive == "run":
        command = [TOPOLOGY, "--name", bench, "exec", "A", "env", f"TOPOLOGY={bench}-inner", "bash", "-euc", "\n".join(block)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise Untrue(f"the block ended with status {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    elif not re.fullmatch(r"not run: .+", directive):
        raise Untrue(f"unknown comment `{directive}`; see scripts/handouts.py --help")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("handout", nargs="*", type=Path, help="default: README.md, labs/README.md and every lab's README.md")
    parser.add_argument("--answers", metavar="FOLDER", type=Path, help="write the model answers to this directory")
    arguments = parser.parse_args()
    for handout in arguments.handout:
        if not handout.is_file():
            parser.error(f"`{handout}` is not a file; give a handout, for example labs/udp-echo/README.md")
    if arguments.answers:
        arguments.answers.mkdir(parents=True, exist_ok=True)
    handouts = arguments.handout or [ROOT / "README.md", *sorted(ROOT.glob("labs/**/README.md"))]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    # The hosts have no network to download packages, and compiler output would appear in the transcript.
    if subprocess.run(["cargo", "build", "--locked", "--quiet", "--workspace", "--bins"], cwd=ROOT).returncode != 0:
        return 1
    bench = f"handouts-{os.getpid()}"
    wrong = 0
    with tempfile.TemporaryDirectory() as tools:
        # The handouts call cargo in the project's top directory. This wrapper does so from the terminals' directory.
        cargo = Path(tools) / "cargo"
        cargo.write_text(f'#!/bin/bash\nPATH=${{PATH#*:}}\nexec cargo "$1" --manifest-path "{ROOT}/Cargo.toml" --offline "${{@:2}}"\n')
        cargo.chmod(0o755)
        prompt = Path(tools) / "prompt"
        prompt.write_text(f"PS1='{PROMPT}'\n")  # as root, bash ignores PS1 in the environment
        metadata = subprocess.run(["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=ROOT, capture_output=True, check=True)
        programs = json.loads(metadata.stdout)["target_directory"] + "/debug"
        environment = dict(os.environ, PATH=f"{tools}:{programs}:{os.environ['PATH']}", PROMPT_FILE=str(prompt), TERM="dumb")
        try:
            subprocess.run([TOPOLOGY, "--name", bench, "up"], check=True)
            for handout in handouts:
                try:
                    play(handout.resolve(), bench, environment, arguments.answers)
                    print(f"{os.path.relpath(handout, ROOT)}: matches")
                except Untrue as error:
                    wrong += 1
                    print(f"error: {error}", file=sys.stderr)
        except subprocess.CalledProcessError:
            return 1
        finally:
            subprocess.run([TOPOLOGY, "--name", bench, "down"], capture_output=True, check=False)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
