#!/usr/bin/env python3
"""Draws the UDP and the TCP echo as sequence diagrams, from the output of scripts/demo.sh.

usage: demo-picture.py [FILE.svg]

Runs scripts/demo.sh, shows its output, and writes the picture to FILE.svg (default: scripts/demo.svg). All texts in
the terminals come from that run. The picture is readable on light and dark pages, also in viewers that ignore style
sheets.
"""

import re
import subprocess
import sys
from html import escape
from pathlib import Path

HERE = Path(__file__).resolve().parent
WIDTH, PANEL_HEIGHT, GAP = 980, 190, 12
TERMINAL_WIDTH, TERMINAL_TOP, LINE_HEIGHT = 372, 40, 19
ARROW_TOP, ARROW_SPACING = 34, 34
CLIENT_X, SERVER_X = 16, WIDTH - 16 - TERMINAL_WIDTH
ARROWS_LEFT, ARROWS_RIGHT = CLIENT_X + TERMINAL_WIDTH + 10, SERVER_X - 10
CHARACTERS_MAX = 51

# Light colours stand in the attributes. The style sheet changes them on dark pages.
STYLE = """
  @media (prefers-color-scheme: dark) {
    .page { fill: #16181c } .title, .payload { fill: #e6e6e6 } .note { fill: #aaaaaa }
    .request { stroke: #56b4e9 } .reply { stroke: #ffb000 } .other { stroke: #888888 }
    .request-head { fill: #56b4e9 } .reply-head { fill: #ffb000 } .other-head { fill: #888888 }
  }
"""
COLOURS = {"request": "#0072b2", "reply": "#b34700", "other": "#777777"}


def sections(output):
    """What the demo printed, by lab: the server's command, then the client's command, then the lines of both."""
    found = {}
    for part in re.split(r"^== ", output, flags=re.MULTILINE)[1:]:
        lab = part.split(":")[0]
        commands = re.findall(r"^\$ (.*)$", part, re.MULTILINE)
        lines = {who: re.findall(rf"^  {who} \| (.*)$", part, re.MULTILINE) for who in ("client", "server")}
        found[lab] = (commands, lines)
    return found


def text(x, y, words, css, size=13, anchor="start", colour="#222222", font="sans-serif", weight="normal"):
    return (
        f'<text class="{css}" x="{x}" y="{y}" font-family="{font}" font-size="{size}" font-weight="{weight}"'
        f' text-anchor="{anchor}" fill="{colour}" xml:space="preserve">{escape(words)}</text>'
    )


def terminal(x, y, title, lines):
    """A dark box on every page, with a caption and lines of text."""
    height = PANEL_HEIGHT - TERMINAL_TOP - 4
    out = [f'<rect x="{x}" y="{y}" width="{TERMINAL_WIDTH}" height="{height}" rx="6" fill="#22262c"/>']
    out.append(text(x + TERMINAL_WIDTH - 10, y + 17, title, "terminal", 11, "end", "#9aa4b0"))
    row = y + 38
    for line in lines:
        for piece in [line[at : at + CHARACTERS_MAX] for at in range(0, len(line), CHARACTERS_MAX)]:
            colour = "#8bd49c" if line.startswith("$ ") else "#e8e8e8"
            out.append(text(x + 10, row, piece, "terminal", 11.5, colour=colour, font="monospace"))
            row += LINE_HEIGHT
    return out


def arrow(y, words, kind, to_server):
    """An arrow between the terminals, with what it carries above it."""
    begin, end = (ARROWS_LEFT, ARROWS_RIGHT) if to_server else (ARROWS_RIGHT, ARROWS_LEFT)
    back = -8 if to_server else 8
    dash = ' stroke-dasharray="4 4"' if kind == "other" else ""
    colour = COLOURS[kind]
    css, size, font = ("note", 11, "sans-serif") if kind == "other" else ("payload", 11.5, "monospace")
    fill = "#555555" if kind == "other" else "#222222"
    return [
        text((begin + end) / 2, y - 6, words, css, size, "middle", fill, font),
        f'<path class="{kind}" d="M{begin} {y}H{end}" stroke="{colour}" stroke-width="1.6" fill="none"{dash}/>',
        f'<path class="{kind}-head" d="M{end} {y}l{back} -4.5v9z" fill="{colour}"/>',
    ]


def panel(top, title, section, arrows):
    (server, client), lines = section
    out = [text(CLIENT_X, top + 26, title, "title", 15, weight="bold")]
    out += terminal(CLIENT_X, top + TERMINAL_TOP, "client", [f"$ {client}", *lines["client"]])
    out += terminal(SERVER_X, top + TERMINAL_TOP, "server", [f"$ {server}", *lines["server"]])
    for number, (words, kind, to_server) in enumerate(arrows):
        out += arrow(top + TERMINAL_TOP + ARROW_TOP + number * ARROW_SPACING, words, kind, to_server)
    return out


def draw(output):
    found = sections(output)
    sent, received = {}, {}
    for lab in ("udp-echo", "tcp-echo"):
        _, lines = found[lab]
        sent[lab] = next(line.partition(": ")[2] for line in lines["server"] if re.match(r"client 1: ", line))
        received[lab] = next(line.partition("From server: ")[2] for line in lines["client"] if "From server: " in line)
    udp = [
        (sent["udp-echo"], "request", True),
        (received["udp-echo"], "reply", False),
    ]
    tcp = [
        ("connect (SYN, SYN-ACK, ACK)", "other", True),
        (sent["tcp-echo"], "request", True),
        (received["tcp-echo"], "reply", False),
        ("close (FIN from both sides)", "other", True),
    ]
    height = 2 * PANEL_HEIGHT + GAP + 20
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img">',
        "<title>The UDP echo sends one datagram each way; the TCP echo opens a connection, sends, and closes it</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>',
    ]
    out += panel(4, "Lab 1, udp-echo: one datagram in each direction, no connection", found["udp-echo"], udp)
    title = "Lab 2, tcp-echo: a connection with a byte stream in each direction"
    out += panel(4 + PANEL_HEIGHT + GAP, title, found["tcp-echo"], tcp)
    return "\n".join([*out, "</svg>", ""])


def main():
    if len(sys.argv) > 2 or any(word.startswith("-") for word in sys.argv[1:]):
        print(__doc__.strip())
        return 0 if sys.argv[1] in ("-h", "--help") else 2
    demo = subprocess.run([str(HERE / "demo.sh")], stdout=subprocess.PIPE, text=True, check=False)
    print(demo.stdout)
    if demo.returncode != 0:
        print("error: scripts/demo.sh failed, so there is nothing to draw", file=sys.stderr)
        return 1
    file = Path(sys.argv[1]) if len(sys.argv) == 2 else HERE / "demo.svg"
    file.write_text(draw(demo.stdout), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
