"""Images are held against results and input before anything is undone or proved."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.config import Settings
from batcher.errors import DamageError
from batcher.jobs.recorded_images import refuse_lost_images, refuse_other_trigger
from batcher.jobs.run_reader import RunReader
from batcher.storage.before_images import BeforeImage
from batcher.storage.hash_chain import ChainTip, line_digest
from batcher.wiring.line_readers import line_reader
from tests.conftest import change
from tests.jobs.conftest import RecordedRun


def image(number: int) -> bytes:
    return msgspec.json.encode({"id": str(number), "target": "default", **change(number - 1)})


@pytest.fixture
def recorded(tmp_path: Path) -> RecordedRun:
    """Three updates: with an image, with one that is known to be lost, and without."""
    run = RecordedRun(tmp_path, [change(number) for number in range(3)])
    for line in (1, 2, 3):
        run.add(line, "succeeded")
    run.results[0] = msgspec.structs.replace(run.results[0], image=line_digest(image(1)))
    run.results[1] = msgspec.structs.replace(run.results[1], image=None)
    return run


def reader_of(recorded: RecordedRun) -> RunReader:
    return RunReader(recorded.write(), line_reader(Settings(), any_target=True))


@pytest.mark.parametrize("chained", [True, False])
def test_an_image_is_known_by_its_content_wherever_it_stands(
    recorded: RecordedRun, chained: bool
) -> None:
    run, tip = reader_of(recorded), ChainTip()
    lines = [tip.seal(line) if chained else line + b"\n" for line in (image(2), image(1))]
    run.directory.before.write_bytes(b"".join(lines))
    refuse_lost_images(run)


@pytest.mark.parametrize("content", [b"", image(2) + b"\n", image(1).replace(b"t0", b"t1") + b"\n"])
def test_one_that_is_not_there_as_it_was_kept_is_damage(
    recorded: RecordedRun, content: bytes
) -> None:
    run = reader_of(recorded)
    said = r"before\.jsonl: the image of line 1 of the input is not there as it was kept"
    with pytest.raises(DamageError, match=said):
        refuse_lost_images(run)
    run.directory.before.write_bytes(content)
    with pytest.raises(DamageError, match=said):
        refuse_lost_images(run)


@pytest.mark.parametrize(
    ("other", "refused"),
    [
        ({}, False),
        ({"target": ""}, False),
        ({"target": "b"}, True),
        ({"DomainName": "other"}, True),
        ({"EventTriggerName": "t1"}, True),
    ],
)
def test_an_image_of_another_trigger_than_its_update_is_damage(
    recorded: RecordedRun, other: dict[str, Any], refused: bool
) -> None:
    run = reader_of(recorded)
    (update,) = run.updates([1])
    kept = BeforeImage(id="1", DomainName="acme", EventTriggerName="t0", target="default")
    kept = msgspec.structs.replace(kept, **other)
    if not refused:
        refuse_other_trigger(run, 7, kept, update)
        return
    with pytest.raises(DamageError, match="line 7 is not of the trigger that update 1 is of"):
        refuse_other_trigger(run, 7, kept, update)
