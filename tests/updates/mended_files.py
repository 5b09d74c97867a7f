"""Updates to be written in other ways, and the proof that a hint mends what was."""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from batcher.config import Settings
from batcher.records import Update
from batcher.sources.input_file import open_input
from batcher.updates.hint import Hint
from batcher.updates.input_hint import hint_of
from batcher.wiring.line_readers import line_reader

MODEL = line_reader(Settings()).model
UPDATES = [
    {"DomainName": "acme", "EventTriggerName": f"t-{number}", "Description": 'Grüße, "Öl"'}
    for number in range(8)
]
LIMITS = {
    "EventTriggerLimits": {
        "EventExpiration": 600000,
        "Periods": [{"Unit": "DAYS", "Value": 1, "Unlimited": True}],
    }
}
WITH_LIMITS = [update | LIMITS for update in UPDATES]
TEXT_LIMITS = {
    "EventTriggerLimits": {
        "EventExpiration": "600000",
        "Periods": [{"Unit": "DAYS", "Value": "1", "Unlimited": "true"}],
    }
}


def lines(values: Sequence[Any]) -> bytes:
    return b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in values)


PLAIN = lines(UPDATES)
OURS = f"{shlex.quote(sys.executable)} -m batcher compose"  # wherever it is installed


def hint(content: bytes) -> Hint:
    found = hint_of(content[: 1 << 16], MODEL)
    assert found is not None
    return found


def has(tool: str) -> bool:
    if tool == "yaml":
        return subprocess.run(["python3", "-c", "import yaml"], check=False).returncode == 0
    return tool == "batcher" or shutil.which(tool) is not None


def assert_mended(folder: Path, what: str, content: bytes, tool: str) -> None:
    """What it is is told; where there is the tool, its command makes the same updates."""
    folder = folder / "it's here"
    folder.mkdir()
    (path := folder / "updates of $HOME.jsonl").write_bytes(content)
    found = hint(content)
    said = found.text(str(path))
    assert what in said
    assert "Müller" not in said
    if not has(tool):
        return  # what it is was checked; what mends it can't be tried here
    _, _, command = said.rpartition("This mends it: ")
    command = command.replace("DOMAIN", "acme").replace("batcher compose", OURS)
    subprocess.run(["bash", "-c", command], check=True)
    assert path.read_bytes() == content
    mended = folder / "updates of $HOME.mended.jsonl"
    reader = line_reader(Settings())
    with open_input(mended) as file:
        read = [reader.read(raw, line) for line, _, raw in file.lines()]
    assert all(isinstance(each, Update) for each in read), read
    assert hint_of(mended.read_bytes()[: 1 << 16], MODEL) is None
    names = {each.trigger for each in read if isinstance(each, Update)}
    assert names <= {f"t-{number}" for number in range(8)}
    assert len(read) in (len(UPDATES), 1, 24000)
