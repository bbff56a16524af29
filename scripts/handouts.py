#!/usr/bin/env python3
"""Runs the commands in the handouts and compares what the terminals show with what the handouts say.

A code block says in a comment above it, which no reader sees, where it runs:

    <!-- terminal 1 -->                        in that terminal: types what follows each `$ `, and compares the rest
    <!-- terminal 2 types "hello", "again" --> the same, and types these where the block shows them
    <!-- terminal 1, numbers differ -->        the same, but where the block has a number, any will do
    <!-- run -->                               as a script without a screen, whose every line must succeed
    <!-- not run: REASON -->                   nowhere, for a reason
    <!-- Ctrl+D in 2 -->                       without a block: presses keys, and waits for the terminal's prompt

In a terminal's block, `…` stands for any text, alone on a line for any lines, and so do numbers of threads and of ephemeral ports. All terminals of a
handout are on one host of a bench (topology.sh), where all ports are free and nothing else can be reached, in a folder
that is empty but for `scripts` and `labs`. A block without a comment is an error.

With --answers, each capture that a lab's handout made is read by labcapture, which writes the model answers to the
handout's questions: a file for staff, about this very run.
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
    """What a handout says and a computer does not do."""


class Terminal:
    """A shell on a screen and a keyboard."""

    def __init__(self, bench, folder, environment):
        self.shown = ""  # and not compared yet
        self.line_is_open = False  # what has been compared may still get its newline
        process, self.keyboard = pty.fork()
        if process == 0:
            # Whoever is started in the background of a script ignores Ctrl+C, and so would all programs in here.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGQUIT, signal.SIG_DFL)
            os.chdir(folder)
            shell = ["bash", "--rcfile", environment["PROMPT_FILE"], "--noediting", "-i"]
            os.execvpe(TOPOLOGY, [TOPOLOGY, "--name", bench, "exec", "A", "env", f"TOPOLOGY={bench}-inner"] + shell, environment)
        self.process = process
        self.wait_for_prompt()

    def read(self, deadline):
        if not select.select([self.keyboard], [], [], max(0, deadline - time.monotonic()))[0]:
            raise Untrue(f"nothing more came within {WAIT_S} s; the screen ends in: {self.shown!r}")
        try:
            self.shown += os.read(self.keyboard, 65536).decode(errors="replace").replace("\r", "")
        except OSError as error:
            raise Untrue(f"the terminal has closed; its screen ended in: {self.shown!r}") from error
        if self.line_is_open:
            self.shown = self.shown.removeprefix("\n")
            self.line_is_open = False

    def press(self, keys):
        os.write(self.keyboard, keys.encode())

    def wait_for_prompt(self):
        """Waits until the shell asks for a command, whatever was shown before."""
        deadline = time.monotonic() + WAIT_S
        while not (self.shown == PROMPT or self.shown.endswith("\n" + PROMPT) or self.shown.endswith("^C" + PROMPT)):
            if self.shown.endswith(PROMPT) and not select.select([self.keyboard], [], [], 0.5)[0]:
                break  # after Ctrl+D at a program's own prompt, the shell's is on the same line
            self.read(deadline)
        self.shown = PROMPT

    def expect_line(self, line, last, skips):
        """Takes one line off the screen; a block may end in the middle of one, at a program's prompt."""
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
        """Types when the screen shows what stands before the text, and nothing else."""
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
                raise Untrue(f"`{line}`, but {error}") from error
        if skips:
            self.wait_for_prompt()
        if typed:
            raise Untrue(f"the block does not show where to type `{typed[0]}`")

    def close(self):
        os.close(self.keyboard)
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


def pattern(line, numbers_differ=False):
    """The regular expression of a line with parts that differ each time."""
    if numbers_differ:
        words = re.split(r"(\d+|\s+)", line.rstrip())
        return "".join(r"\d+" if word.isdigit() else r"\s+" if word.isspace() else re.escape(word) for word in words).replace("…", ".*")
    expression = re.escape(line.rstrip()).replace("…", ".*")
    expression = re.sub(r"(\d+\\?\.\d+:)(?:3[2-9]|[45]\d|6[0-5])\d{3}\b", r"\1[0-9]+", expression)
    return re.sub(r"ThreadId\\\(\d+\\\)", r"ThreadId\\(\\d+\\)", expression)


def steps(text):
    """The directives of a handout, each with its line number and its code block's lines, if one follows."""
    lines = text.split("\n")
    found, directive, at = [], None, 0
    number = 0
    while number < len(lines):
        line = lines[number].strip()
        number += 1
        if re.fullmatch(r"<!-- (BEGIN|END) STAFF -->", line):
            pass  # for the starter: what students do not get
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
    """Writes the answers to a lab's questions from each capture in the folder."""
    for capture in sorted(Path(folder).glob("*.pcapng")):
        done = subprocess.run(["labcapture", str(capture), "--lab", lab], env=environment, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise Untrue(f"labs/{lab}/README.md: labcapture can't answer from its capture: {done.stderr.strip()}")
        (answers / f"{lab}-{capture.stem}.txt").write_text(done.stdout)


def play(path, bench, environment, answers):
    """Runs a handout from its first block to its last."""
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
        raise Untrue("no comment says where this block runs, or why it does not; see scripts/handouts.py --help")
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
            raise Untrue(f"ended with status {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    elif not re.fullmatch(r"not run: .+", directive):
        raise Untrue(f"`{directive}` is unknown; see scripts/handouts.py --help")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("handout", nargs="*", type=Path, help="default: README.md, labs/README.md and every lab's")
    parser.add_argument("--answers", metavar="FOLDER", type=Path, help="write the model answers there")
    arguments = parser.parse_args()
    for handout in arguments.handout:
        if not handout.is_file():
            parser.error(f"`{handout}` is no file; name a handout, like labs/udp-echo/README.md")
    if arguments.answers:
        arguments.answers.mkdir(parents=True, exist_ok=True)
    handouts = arguments.handout or [ROOT / "README.md", *sorted(ROOT.glob("labs/**/README.md"))]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    # The packages come from the network, which the hosts do not have, and compiling has no place in a transcript.
    if subprocess.run(["cargo", "build", "--locked", "--quiet", "--workspace", "--bins"], cwd=ROOT).returncode != 0:
        return 1
    bench = f"handouts-{os.getpid()}"
    wrong = 0
    with tempfile.TemporaryDirectory() as tools:
        # The handouts' `cargo` is called in the project's top folder, and there it builds; but files stay in ours.
        cargo = Path(tools) / "cargo"
        cargo.write_text(f'#!/bin/bash\nPATH=${{PATH#*:}}\nexec cargo "$1" --manifest-path "{ROOT}/Cargo.toml" --offline "${{@:2}}"\n')
        cargo.chmod(0o755)
        prompt = Path(tools) / "prompt"
        prompt.write_text(f"PS1='{PROMPT}'\n")  # as root, bash takes it from nowhere else
        metadata = subprocess.run(["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=ROOT, capture_output=True, check=True)
        programs = json.loads(metadata.stdout)["target_directory"] + "/debug"
        environment = dict(os.environ, PATH=f"{tools}:{programs}:{os.environ['PATH']}", PROMPT_FILE=str(prompt), TERM="dumb")
        try:
            subprocess.run([TOPOLOGY, "--name", bench, "up"], check=True)
            for handout in handouts:
                try:
                    play(handout.resolve(), bench, environment, arguments.answers)
                    print(f"{os.path.relpath(handout, ROOT)}: true")
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
