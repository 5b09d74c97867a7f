"""What was found out about quotas outlives the run, other processes, and damage."""

import asyncio
import json
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from msgspec import structs

from batcher.quota.estimated_quota import EstimatedQuota
from batcher.storage.file_lock import locked
from batcher.storage.omission_records import OmissionPlace
from batcher.storage.quota_file import QuotaFile, QuotaKey

KEY = QuotaKey(account="111122223333", region="eu-west-1", operation="UpdateEventTrigger")
MONDAY, TUESDAY, SUNDAY = (
    "2026-03-02T12:00:00.000Z",
    "2026-03-03T12:00:00.000Z",
    "2026-03-01T12:00:00.000Z",
)


FOUND = EstimatedQuota(rate=5.0, burst=15.0, doubt=0.01)
GUESS = EstimatedQuota(rate=0.5, burst=None, doubt=1.0)


def account(number: str) -> QuotaKey:
    return structs.replace(KEY, account=number)


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def book(tmp_path: Path, warnings: list[str]) -> QuotaFile:
    return QuotaFile(tmp_path / "state" / "batcher", warnings.append)


def test_what_is_remembered_is_recalled_with_its_age_and_can_be_forgotten(
    book: QuotaFile, warnings: list[str]
) -> None:
    assert (book.entries(), book.forget()) == ([], 0)
    assert not book.path.parent.exists()  # looking writes nothing
    book.remember([(KEY, FOUND), (account("999"), FOUND)], MONDAY)
    found = book.recall(KEY)
    assert found is not None
    assert found.learned(TUESDAY) == EstimatedQuota(rate=5.0, burst=15.0, doubt=0.01, age=86400.0)
    assert found.learned(SUNDAY).age == 0  # the clock was set back
    assert book.path.stat().st_mode & 0o777 == 0o600
    assert book.forget("999") == 1
    assert [entry.account for entry in book.entries()] == [KEY.account]
    assert book.forget() == 1
    assert (book.entries(), warnings) == ([], [])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"quotas": [{"account": "1"}]}',
        b'{"x": ' + 10**5 * b"[",
        b"\xff\xfe",
        b"directory",
    ],
    ids=["empty", "cut", "list", "members", "deep", "bytes", "directory"],
)
def test_a_damaged_file_is_one_warning_and_is_written_anew(
    book: QuotaFile, warnings: list[str], content: bytes
) -> None:
    book.remember([(KEY, FOUND)], MONDAY)
    if content == b"directory":
        book.path.unlink()
        book.path.mkdir()
    else:
        book.path.write_bytes(content)
    assert book.recall(KEY) is None
    assert book.recall(KEY) is None
    assert len(warnings) == 1
    assert str(book.path) in warnings[0]
    book.remember([(KEY, FOUND)], MONDAY)
    assert len(warnings) == 1
    if content != b"directory":
        assert [entry.key for entry in book.entries()] == [KEY]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("rate", 0),
        ("rate", -1.0),
        ("rate", 1e-300),
        ("rate", 1e300),
        ("burst", 0),
        ("learned_at", "yesterday"),
        ("used_at", "2026-03-02T12:00:00"),
    ],
)
def test_numbers_and_times_that_can_not_be_count_as_damage(
    book: QuotaFile, warnings: list[str], member: str, value: object
) -> None:
    book.remember([(KEY, FOUND)], MONDAY)
    content = json.loads(book.path.read_bytes())
    content["quotas"][0][member] = value
    book.path.write_text(json.dumps(content))
    assert book.recall(KEY) is None
    assert len(warnings) == 1
    assert str(value) in warnings[0]


def test_what_is_asked_for_again_is_read_again_only_once_the_file_is_another(
    book: QuotaFile,
) -> None:
    elsewhere = QuotaFile(book.path.parent, print)
    assert book.recall(KEY) is None
    elsewhere.remember([(KEY, FOUND)], MONDAY)
    found = book.recall(KEY)
    assert found is not None
    assert book.recall(KEY) is found
    elsewhere.remember([(KEY, FOUND)], TUESDAY)
    assert book.recall(KEY) == structs.replace(found, used_at=TUESDAY)
    book.remember([(KEY, FOUND)], SUNDAY)
    assert book.recall(KEY) == structs.replace(found, used_at=SUNDAY)
    book.path.unlink()
    assert book.recall(KEY) is None


@pytest.mark.parametrize("content", [b"theirs", b""], ids=["theirs", "empty"])
def test_what_is_no_quota_file_is_told_of_and_kept_under_another_name(
    book: QuotaFile, warnings: list[str], content: bytes
) -> None:
    book.path.parent.mkdir(parents=True)
    book.path.write_bytes(content)
    assert book.remember([(KEY, FOUND)], MONDAY)
    (kept,) = book.path.parent.glob(".*.damaged")
    assert (kept.read_bytes(), len(book.entries())) == (content, 1)
    assert len(warnings) == 1


def test_a_guess_does_not_replace_what_was_known(book: QuotaFile) -> None:
    assert book.remember([(KEY, GUESS)], MONDAY)
    assert not book.path.parent.exists()  # there was nothing to write
    book.remember([(KEY, FOUND)], MONDAY)
    book.remember([(KEY, GUESS)], TUESDAY)
    kept = book.recall(KEY)
    assert kept is not None
    assert (kept.rate, kept.learned_at, kept.used_at) == (5.0, MONDAY, TUESDAY)
    book.remember([(KEY, EstimatedQuota(rate=6.0, burst=6.0, doubt=0.02))], TUESDAY)
    better = book.recall(KEY)
    assert better is not None
    assert (better.rate, better.learned_at, better.used_at) == (6.0, TUESDAY, TUESDAY)


def test_a_guess_does_not_replace_what_is_noted_and_not_written_yet(book: QuotaFile) -> None:
    book.remember([(KEY, FOUND)], MONDAY)
    better = EstimatedQuota(rate=6.0, burst=6.0, doubt=0.02)
    book.note([(KEY, better)], TUESDAY)
    book.note([(KEY, GUESS)], TUESDAY)
    assert book.write()
    (kept,) = QuotaFile(book.path.parent, print).entries()
    assert (kept.rate, kept.burst, kept.learned_at) == (6.0, 6.0, TUESDAY)


def test_what_is_noted_is_known_at_once_and_written_all_together(book: QuotaFile) -> None:
    elsewhere = QuotaFile(book.path.parent, print)
    elsewhere.remember([(account("theirs"), FOUND)], MONDAY)
    before = book.path.read_bytes()
    place = OmissionPlace(account="1", region="eu-west-1", endpoint="https://one")
    for number in range(20):
        book.note([(account(f"{number}"), FOUND), (account(f"guess-{number}"), GUESS)], MONDAY)
        book.note_effects(place, {f"Member{number}": "kept"}, MONDAY)
    assert book.path.read_bytes() == before
    noted = [book.recall(account(f"{number}")) for number in range(20)]
    assert (len(noted), noted.count(None)) == (20, 0)
    assert book.recall(account("guess-1")) is None
    assert len(book.effects(place, TUESDAY)) == 20
    elsewhere.remember([(KEY, FOUND)], MONDAY)  # between the notes and the write
    assert book.write()
    found = QuotaFile(book.path.parent, print)
    assert (len(found.entries()), len(found.omissions())) == (22, 20)
    assert [found.recall(account(f"{number}")) for number in range(20)] == noted
    written = book.path.stat().st_mtime_ns
    assert book.write()
    assert book.path.stat().st_mtime_ns == written, "there was nothing to write"


def test_what_could_not_be_written_is_known_here_and_put_in_by_the_next_write(
    book: QuotaFile, warnings: list[str]
) -> None:
    book.path.parent.parent.mkdir()
    book.path.parent.write_bytes(b"in the way")
    assert not book.remember([(KEY, FOUND)], MONDAY)
    assert (book.recall(KEY) is None, len(warnings)) == (False, 1)
    book.path.parent.unlink()
    assert book.write()
    assert [entry.key for entry in QuotaFile(book.path.parent, print).entries()] == [KEY]


def test_what_another_process_found_meanwhile_outlives_a_run_that_only_guesses(
    book: QuotaFile,
) -> None:
    book.remember([(KEY, FOUND)], MONDAY)

    def late(path: Path) -> AbstractContextManager[None]:
        book.remember([(KEY, EstimatedQuota(rate=9.0, burst=9.0, doubt=0.01))], TUESDAY)
        return locked(path)

    QuotaFile(book.path.parent, print, lock=late).remember([(KEY, GUESS)], TUESDAY)
    found = book.recall(KEY)
    assert found is not None
    assert found.rate == 9.0


def test_forgetting_what_can_not_be_forgotten_is_told(book: QuotaFile, warnings: list[str]) -> None:
    book.remember([(KEY, FOUND)], MONDAY)
    book.path.with_suffix(".lock").unlink()
    book.path.with_suffix(".lock").mkdir()
    assert book.forget() is None
    assert (len(book.entries()), len(warnings)) == (1, 1)
    assert "can't be written" in warnings[0]


async def test_processes_that_write_at_once_lose_nothing(book: QuotaFile) -> None:
    script = """
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from batcher.storage.file_lock import locked
from batcher.storage.omission_records import OmissionPlace
from batcher.storage.quota_file import QuotaFile
from tests.storage.test_quota_file import FOUND, MONDAY, account
book = QuotaFile(Path(sys.argv[1]), print)
for number in range(20):
    book.remember([(account(f"{sys.argv[2]}-{number}"), FOUND)], MONDAY)
"""
    writers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, str(book.path.parent), str(n)
        )
        for n in range(4)
    ]
    assert [await writer.wait() for writer in writers] == [0] * 4
    assert len(book.entries()) == 4 * 20
