"""Which images are of updates without a result, whether their ids are names or line numbers."""

from pathlib import Path

import pytest

from batcher.compact import LineSet
from batcher.config import Settings
from batcher.errors import DamageError
from batcher.jobs.images_in_flight import ImagesInFlight
from batcher.jobs.run_reader import RunReader
from batcher.wiring.line_readers import line_reader
from tests.conftest import change
from tests.jobs.killed_run import image_line, killed_run


def in_flight(path: Path) -> list[str]:
    run, done = RunReader(path, line_reader(Settings(), any_target=True)), LineSet()
    found = ImagesInFlight(done)
    for results in run.named():
        done.add_all([each.line for each in results])
        found.note(results)
    return [id for id, _ in found.without_result(run.journals.before, run.lines)]


def test_an_image_is_in_flight_until_its_update_has_its_result(tmp_path: Path) -> None:
    updates = [change(0), {**change(1), "id": "a"}, change(2)]
    assert in_flight(killed_run(tmp_path, updates, done=[1], begun=[2, 3]).path) == ["a", "3"]
    assert not in_flight(killed_run(tmp_path, updates, done=[2, 3]).path)


def test_an_image_of_no_update_of_the_input_is_damage(tmp_path: Path) -> None:
    run = killed_run(tmp_path, [change(0)])
    run.directory.before.write_bytes(image_line(7, change(0)) + b"\n")
    with pytest.raises(DamageError, match="is the image of 7, which is not in the input"):
        in_flight(run.path)
