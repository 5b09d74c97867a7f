"""A run that was ended by force, made by hand: some updates have results, some only an image."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from batcher.storage.hash_chain import line_digest
from tests.conftest import trigger
from tests.jobs.conftest import RecordedRun


def image_line(line: int, update: dict[str, Any]) -> bytes:
    """The before image of the update of a line, of a trigger as the emulator is seeded with it."""
    number = int(str(update["EventTriggerName"]).removeprefix("t"))
    return msgspec.json.encode({"id": update.get("id", str(line)), **trigger(number)})


def killed_run(
    folder: Path,
    updates: list[dict[str, Any]],
    done: Iterable[int] = (),
    begun: Iterable[int] = (),
    *,
    looked: bool = True,
    settings: dict[str, Any] | None = None,
) -> RecordedRun:
    """Lines that are ``done`` have succeeded; those ``begun`` have an image where it ``looked``."""
    run = RecordedRun(folder, updates, settings)
    images = {line: image_line(line, updates[line - 1]) for line in (*done, *begun)}
    for line in done:
        result = msgspec.structs.replace(run.add(line, "succeeded"), attempts=1)
        id, image = updates[line - 1].get("id", str(line)), line_digest(images[line])
        run.results[-1] = msgspec.structs.replace(
            result, id=id, image=image if looked else msgspec.UNSET
        )
    run.write(summary=False)
    if looked:
        run.directory.before.write_bytes(b"".join(each + b"\n" for each in images.values()))
    return run
