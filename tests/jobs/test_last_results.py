"""Of the results of a trigger those count that say what it is now, and of images the last one."""

import itertools
import tracemalloc
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from batcher.compact import short_hash
from batcher.config import resolve
from batcher.jobs.last_results import LastImages, LastResults, RecordedState, key_in
from batcher.jobs.run_reader import RunReader
from batcher.records import Status
from batcher.wiring.line_readers import line_reader
from tests.conftest import change
from tests.jobs.conftest import RecordedRun

SETTINGS = resolve({"endpoint_url": "http://127.0.0.1:1", "region": "eu-west-1"})
DIGEST = "d" * 64


def reader(run: RecordedRun, images: list[tuple[str, str]] | None = None) -> RunReader:
    """``images``: id of the update and what SegmentFilter was."""
    path = run.write()
    if images is not None:
        kept = [{"id": id, **change(0, SegmentFilter=was)} for id, was in images]
        content = b"".join(msgspec.json.encode(each) + b"\n" for each in kept)
        (path / "before.jsonl").write_bytes(content)
    return RunReader(path, line_reader(SETTINGS, any_target=True))


def of_one_trigger(folder: Path, outcomes: list[tuple[Status, bool]]) -> RecordedRun:
    """A run whose updates are all of one trigger; with each status whether there is a digest."""
    run = RecordedRun(folder, [change(0, SegmentFilter=str(n)) for n in range(len(outcomes))])
    for line, (status, has_digest) in enumerate(outcomes, 1):
        result = run.add(line, status)
        run.results[-1] = replace(result, digest=DIGEST) if has_digest else result
    return run


@pytest.mark.parametrize(
    ("outcomes", "lines", "untold"),
    [
        ([("succeeded", True), ("succeeded", True)], [2], []),
        ([("succeeded", True), ("failed", False)], [1], []),
        ([("succeeded", True), ("unchanged", False), ("succeeded", False)], [1, 2, 3], []),
        ([("succeeded", False), ("succeeded", True), ("unchanged", False)], [2, 3], []),
        ([("succeeded", True), ("in_doubt", False)], [], ["InDoubt"]),
        ([("in_doubt", False), ("succeeded", True)], [2], []),
        ([("succeeded", True), ("in_doubt", False), ("unchanged", False)], [3], []),
        ([("differs", False)], [], ["NotAsAsked"]),
        ([("stale", False), ("failed", False)], [], []),
    ],
)
def test_those_results_count_that_say_what_the_trigger_is_now(
    tmp_path: Path, outcomes: list[tuple[Status, bool]], lines: list[int], untold: list[str]
) -> None:
    run = reader(of_one_trigger(tmp_path, outcomes))
    last = LastResults(run)
    assert list(last.lines()) == lines
    assert [each.code for each in last.untold.values()] == untold
    said = [(outcomes[n - 1][0], DIGEST if outcomes[n - 1][1] else msgspec.UNSET) for n in lines]
    assert list(last.read(lines).values()) == [RecordedState(*each) for each in said]
    assert all(line in last for line in lines)


def test_of_an_update_with_several_images_the_last_one_is_read(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(n) for n in range(3)])
    for line in (1, 2):
        run.add(line, "succeeded")
    images = [("1", "first"), ("2", "own"), ("3", "not sent"), ("1", "last"), ("x", "no update")]
    found = reader(run, images)
    last = LastResults(found)
    kept = LastImages(found, last).read(found.updates([1, 2, 3]))
    assert {line: each["SegmentFilter"] for line, each in kept.items()} == {1: "last", 2: "own"}
    assert repr(LastImages(found, last)) == "<LastImages of <2 lines>>"


def test_ids_that_pass_for_one_by_their_hash_do_not_mix_up_their_images(
    tmp_path: Path,
) -> None:
    names = alike()
    run = RecordedRun(tmp_path, [{"id": name, **change(n)} for n, name in enumerate(names)])
    for line, name in enumerate(names, 1):
        run.results.append(replace(run.add(line, "succeeded"), id=name))
        del run.results[-2]
    found = reader(run, [(names[1], "second"), (names[0], "first")])
    kept = LastImages(found, LastResults(found)).read(found.updates([1, 2]))
    said = {line: each["SegmentFilter"] for line, each in kept.items()}
    assert said == {1: "first", 2: "second"}


def test_the_image_of_an_update_that_is_not_of_the_run_is_no_other_ones(tmp_path: Path) -> None:
    own, strange = alike()
    run = RecordedRun(tmp_path, [{"id": own, **change(0)}])
    run.results = [replace(run.add(1, "succeeded"), id=own)]
    found = reader(run, [(strange, "strange")])
    assert LastImages(found, LastResults(found)).read(found.updates([1])) == {}


def alike() -> tuple[str, str]:
    """Two ids with one short hash in this process."""
    known = dict[int, str]()
    for name in map("id-{}".format, itertools.count()):
        if (other := known.setdefault(short_hash(name), name)) != name:
            return other, name
    raise AssertionError


def test_a_result_takes_few_bytes(tmp_path: Path) -> None:
    count = 5_000
    run = RecordedRun(tmp_path, [change(n) for n in range(count)])
    run.results = [
        replace(run.add(line, "succeeded"), digest=DIGEST) for line in range(1, count + 1)
    ]
    found = reader(run)
    list(found.named())  # what reading takes by itself
    tracemalloc.start()
    try:
        last = LastResults(found)
        taken, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(list(last.lines())) == count
    assert taken < 8 * count + 100_000
    assert peak < 100 * count + 3_000_000, "a chunk of results is read at once"
    assert key_in(found, "default", "acme", "t1").trigger == "t1"
