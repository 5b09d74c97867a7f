"""A record of a message is found in whatever file it is, and no file is read twice."""

import os
from pathlib import Path

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings

from batcher.logs import logger
from batcher.records import Delivered
from batcher.storage.kept_records import KeptRecords
from batcher.storage.results_files import ResultsFiles
from tests.storage.test_results_directory import delivered


def name(number: int) -> str:
    return f"20260101T00000{number}.000000Z-host-1-00000000.jsonl"


def line(number: int, attempts: int = 0) -> bytes:
    record = msgspec.structs.replace(delivered(number), attempts=attempts)
    return msgspec.json.encode(record) + b"\n"


def of(folder: Path) -> KeptRecords[Delivered]:
    return KeptRecords(ResultsFiles(folder, logger()).results, Delivered)


def parts(kept: KeptRecords[Delivered], since: float = 0.0) -> int:
    """How many parts of files were read."""
    return len(list(kept.read_new(since)))


def found(kept: KeptRecords[Delivered], number: int, since: float = 0.0) -> Delivered | None:
    there = kept.find("sqs:updates", f"m{number}", since)
    return None if there is None else there.record


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(0, 3), st.integers(0, 4)),
        st.tuples(st.just("begin"), st.integers(0, 3), st.integers(0, 4)),
        st.tuples(st.just("complete"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("remove"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("look"), st.just(0), st.just(0)),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(steps=STEPS)
def test_it_finds_what_a_look_at_every_line_finds(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("results")
    kept = of(folder)
    whole: dict[int, list[tuple[int, int]]] = {}  # of each file: number and count of each record
    begun: dict[int, tuple[int, int]] = {}  # the record whose line is half there
    gone: set[int] = set()
    for count, (step, file, number) in enumerate([*steps, ("look", 0, 0)], 1):
        if file in gone:
            continue  # no name is used again
        path = folder / name(file)
        path = path if path.exists() else path.with_name(f"{path.name}.open")
        if step in ("append", "begin") and path.suffix == ".open":
            with path.open("ab") as opened:
                if (half := begun.pop(file, None)) is not None:
                    opened.write(line(*half)[20:])
                    whole.setdefault(file, []).append(half)
                if step == "append":
                    opened.write(line(number, count))
                    whole.setdefault(file, []).append((number, count))
                else:
                    opened.write(line(number, count)[:20])
                    begun[file] = (number, count)
        elif step == "complete" and path.suffix == ".open" and path.exists():
            path.rename(path.with_suffix(""))
        elif step == "remove" and path.exists():
            path.unlink()
            gone.add(file)
            whole.pop(file, None)
            begun.pop(file, None)
        elif step == "look":
            parts(kept)
            assert parts(kept) == 0, "nothing is read again"
            for each in range(5):
                last = [n for f in sorted(whole) for i, n in whole[f] if i == each]
                there = found(kept, each)
                assert (None if there is None else there.attempts) == (last[-1] if last else None)


def test_only_files_that_are_new_enough_are_read_and_each_is_once(tmp_path: Path) -> None:
    (tmp_path / name(1)).write_bytes(line(11) + line(1) + line(12))
    (tmp_path / f"{name(2)}.open").write_bytes(line(2))
    (tmp_path / "notes.jsonl").write_bytes(line(3))
    os.mkfifo(tmp_path / name(3))
    os.utime(tmp_path / name(1), (1000, 1000))
    kept = of(tmp_path)
    assert parts(kept, since=1001) == 1
    assert (found(kept, 1), found(kept, 2)) == (None, delivered(2))
    assert parts(kept, since=1000) == 1
    assert (found(kept, 1), found(kept, 3)) == (delivered(1), None)
    assert found(kept, 1, since=1001) is None
    assert kept.find("another queue", "m1", 0) is None
    assert parts(of(tmp_path / "gone")) == 0


def test_what_is_damaged_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / name(1)).write_bytes(line(1) + b"\xff{\n\n" + b"[" * 9999 + b"\n" + line(2))
    kept = of(tmp_path)
    parts(kept)
    assert (found(kept, 1), found(kept, 2)) == (delivered(1), delivered(2))


def test_what_is_written_while_it_is_read_is_found_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / f"{name(1)}.open"
    path.write_bytes(line(1) + line(2)[:20])
    kept = of(tmp_path)
    looking = kept.read_new(0.0)
    next(looking)
    with path.open("ab") as opened:
        opened.write(line(2)[20:] + line(3))
    list(looking)
    parts(kept)
    assert [found(kept, n) for n in (1, 2, 3)] == [delivered(n) for n in (1, 2, 3)]
