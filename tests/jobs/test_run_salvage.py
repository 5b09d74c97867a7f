"""What is whole of a damaged run is taken, and what may have been sent is in doubt."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.config import Settings
from batcher.errors import DamageError
from batcher.jobs.rewrite import close_books
from batcher.jobs.run_reader import RunReader
from batcher.jobs.run_salvage import RunSalvage
from batcher.storage.hash_chain import ChainTip, line_digest
from batcher.storage.run_journals import NO_LINES
from batcher.wiring.line_readers import line_reader
from tests.conftest import change
from tests.jobs.conftest import RecordedRun


def image(number: int, **more: Any) -> bytes:
    return msgspec.json.encode({"id": str(number), "target": "default", **change(number), **more})


class Chained:
    """A run of six updates that came to its fourth, with an image of each but the third."""

    def __init__(self, folder: Path, lost: dict[str, Any] | None = None) -> None:
        recorded = RecordedRun(folder, [change(number) for number in range(1, 7)])
        images, tip = [image(1), image(2), image(4), image(5, lost=lost)], ChainTip()
        for line in (1, 2, 3, 4):
            result = recorded.add(line, "succeeded")
            if line != 3:
                digest = line_digest(image(line))
                recorded.results[-1] = msgspec.structs.replace(result, image=digest)
        self.path = recorded.write()
        (self.path / "before.jsonl").write_bytes(b"".join(map(tip.seal, images)))
        results = ChainTip()
        encoded = map(msgspec.json.encode, recorded.results)
        (self.path / "results.jsonl").write_bytes(b"".join(map(results.seal, encoded)))
        run = self.reader()
        with run.directory:
            run.directory.write_heads(NO_LINES)
            run.reload()
            close_books(run)

    def reader(self) -> RunReader:
        return RunReader(self.path, line_reader(Settings(), any_target=True))

    def edit(self, name: str, old: bytes, new: bytes) -> None:
        path = self.path / name
        content = path.read_bytes()
        assert old in content
        path.write_bytes(content.replace(old, new, 1))

    def salvaged(self) -> tuple[RunSalvage, dict[int, tuple[str, Any]]]:
        """What is salvaged, and by line status and image of the results of it."""
        found = RunSalvage(self.reader())
        results = map(msgspec.json.decode, found.result_lines())
        return found, {each["line"]: (each["status"], each.get("image", "")) for each in results}


DONE = ("succeeded", "")


def done(number: int) -> tuple[str, str]:
    return "succeeded", line_digest(image(number))


def in_doubt(number: int) -> tuple[str, str]:
    return "in_doubt", line_digest(image(number))


def test_what_is_whole_is_not_damaged_and_stays_as_it_is(tmp_path: Path) -> None:
    found, results = Chained(tmp_path).salvaged()
    assert (found.is_damaged, found.in_doubt, found.old) == (False, 0, 0)
    assert results == {1: done(1), 2: done(2), 3: DONE, 4: done(4)}
    assert list(found.image_lines()) == [image(1), image(2), image(4), image(5, lost=None)]


def test_of_a_lost_result_its_update_is_in_doubt_and_so_is_what_may_have_been_sent(
    tmp_path: Path,
) -> None:
    run = Chained(tmp_path)
    run.edit("results.jsonl", b'"line":2', b'"line":6')
    found, results = run.salvaged()
    assert (found.is_damaged, found.results_lost, found.in_doubt) == (True, 1, 2)
    begun = "in_doubt", line_digest(image(5, lost=None))  # it has an image, and no result
    assert results == {1: done(1), 2: in_doubt(2), 3: DONE, 4: done(4), 5: begun}


def test_as_many_as_are_lost_may_have_been_sent_where_no_image_says_which(tmp_path: Path) -> None:
    run = Chained(tmp_path)
    for name in ("results.jsonl", "before.jsonl"):
        path = run.path / name
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:1]))
    found, results = run.salvaged()
    assert (found.results_lost, found.images_lost) == (3, 3)
    unseen = "in_doubt", ""
    assert results == {1: done(1), 2: unseen, 3: unseen, 4: unseen}
    (run.path / "results.jsonl").unlink()
    (run.path / "before.jsonl").unlink()
    found, results = run.salvaged()
    assert (found.results_lost, found.images_lost, found.without_image) == (4, 4, 0)
    assert results == dict.fromkeys((1, 2, 3, 4), unseen)


def test_a_trigger_that_was_deleted_to_be_created_is_left_to_the_resume(tmp_path: Path) -> None:
    run = Chained(tmp_path, lost={"Tags": {}})
    run.edit("results.jsonl", b'"line":2', b'"line":6')
    assert 5 not in run.salvaged()[1]


def test_an_image_that_a_result_proves_is_taken_wherever_it_stands(tmp_path: Path) -> None:
    run = Chained(tmp_path)
    path = run.path / "before.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[2], lines[1], lines[0]]))
    found, results = run.salvaged()
    assert (found.images_lost, found.without_image, found.is_damaged) == (1, 0, True)
    assert sorted(found.image_lines()) == [image(1), image(2), image(4)]
    path.write_bytes(b"".join([*lines[2::-1], lines[3]]))
    assert RunSalvage(run.reader()).is_damaged
    path.write_bytes(b"".join([lines[0].replace(b"after-1", b"after-9"), *lines[1:]]))
    found, results = run.salvaged()
    assert (found.images_lost, found.without_image) == (1, 1)
    assert results[1] == ("succeeded", None)


def test_a_journal_of_another_run_is_refused(tmp_path: Path) -> None:
    run = Chained(tmp_path)
    lines = (run.path / "results.jsonl").read_bytes().splitlines()
    tip = ChainTip()
    foreign = [line.partition(b',"chain"')[0].replace(b":01.", b":02.") + b"}" for line in lines]
    (run.path / "results.jsonl").write_bytes(b"".join(map(tip.seal, foreign)))
    with pytest.raises(DamageError, match=r"run\.json knows another journal. Restore the one or"):
        run.salvaged()


def test_results_from_before_lines_were_chained_are_counted(tmp_path: Path) -> None:
    recorded = RecordedRun(tmp_path, [change(number) for number in range(3)])
    for line in (1, 2):
        recorded.add(line, "succeeded")
    path = recorded.write() / "results.jsonl"
    with path.open("ab") as file:
        file.write(b"garbage\n")
    found = RunSalvage(RunReader(recorded.path, line_reader(Settings(), any_target=True)))
    assert (found.old, found.results_lost, found.in_doubt) == (2, 1, 1)
