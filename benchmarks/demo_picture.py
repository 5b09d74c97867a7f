"""Draws docs/demo.svg: ``batcher demo`` on a terminal, half way through and at its end."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from itertools import groupby

import pyte
from rich.console import Console
from rich.text import Text

COLUMNS, LINES = 116, 60
HALF_WAY = range(45, 60)  # percent


def recorded() -> Iterator[pyte.Screen]:
    """A terminal of that size, after each time that the demo has written to it."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    command = [sys.executable, "-m", "batcher", "demo"]
    environ = {**os.environ, "TERM": "xterm-256color", "TMPDIR": "/tmp"}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ)
    os.close(theirs)
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    try:
        while block := os.read(ours, 65536):
            stream.feed(block)
            yield screen
    except OSError:  # the other side is closed
        process.wait()


def seen(screen: pyte.Screen) -> list[Text]:
    """What stands there, in its colours."""
    lines = []
    for row in range(LINES):
        letters = (screen.buffer[row][column] for column in range(COLUMNS))
        line = Text()
        for (colour, bold), run in groupby(letters, key=lambda letter: (letter.fg, letter.bold)):
            style = "" if colour == "default" else colour
            line.append("".join(letter.data for letter in run), f"bold {style}" if bold else style)
        line.rstrip()
        if line.plain:
            lines.append(line)
    return lines


def frames() -> list[Text]:
    """All that stands there at the end, and before it the lines of progress half way."""
    half: list[Text] = []
    lines: list[Text] = []
    for screen in recorded():
        lines = seen(screen)
        done = [n for n, line in enumerate(lines) if " done (" in line.plain]
        if done and not half:
            percent = re.search(r"\((\d+) %\)", lines[done[0]].plain)
            if percent is not None and int(percent[1]) in HALF_WAY:
                half = lines[done[0] :]
    at = next(n for n, line in enumerate(lines) if " done (" in line.plain)
    return [*lines[:at], *half, *lines[at:]]


console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))  # noqa: SIM115 # written nowhere
console.print("$ make demo")
for each in frames():
    each.plain = re.sub(r"batcher-demo-\w+", "batcher-demo", each.plain)
    console.print(each, soft_wrap=True)
console.save_svg("docs/demo.svg", title="batcher demo")
