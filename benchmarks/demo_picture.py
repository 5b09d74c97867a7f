"""Draws docs/demo.svg: ``batcher demo`` on a terminal, half way through and at its end."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

from rich.console import Console
from rich.text import Text

COLUMNS, LINES = 128, 30


def recorded() -> str:
    """What the demo writes to a terminal of that size."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    command = [sys.executable, "-m", "batcher", "demo"]
    environ = {**os.environ, "TERM": "xterm-256color", "TMPDIR": "/tmp"}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ)
    os.close(theirs)
    seen = bytearray()
    try:
        while block := os.read(ours, 65536):
            seen += block
    except OSError:  # the other side is closed
        process.wait()
    return seen.decode()


def frames(text: str) -> list[str]:
    """The lines before the bar, the bar half way, and all that follows its last state."""
    text = re.sub(r"\x1b\[\?25[lh]|\x1b\[1A|\x1b\[2K", "", text)
    lines = [
        line.split("\r")[-1] or line.split("\r")[-2]
        for line in text.replace("\r\n", "\n").split("\n")
        if line.strip()
    ]
    states = [
        state for line in text.split("\n") for state in line.split("\r") if " done, " in state
    ]
    head = [line for line in lines if " done, " not in line]
    split = next(i for i, line in enumerate(head) if "Results go to" in line) + 1
    return [*head[:split], states[len(states) // 2], states[-1], *head[split:]]


console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))  # noqa: SIM115 # written nowhere
console.print(Text.from_ansi("$ make demo"))
for line in frames(recorded()):
    console.print(Text.from_ansi(re.sub(r"batcher-demo-\w+", "batcher-demo", line)))
console.save_svg("docs/demo.svg", title="batcher demo")
