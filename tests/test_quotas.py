"""What was found out about quotas outlives the run, other processes, and damage."""

import asyncio
import sys
from pathlib import Path

import pytest

from batcher.quotas import QuotaBook, QuotaKey, Remembered, state_directory
from batcher.rules.quota import Learned

KEY = QuotaKey(account="111122223333", region="eu-west-1", operation="UpdateEventTrigger")
MONDAY, TUESDAY, SUNDAY = "2026-03-02T12:00:00.000Z", "2026-03-03T12:00:00.000Z", "2026-03-01T12:00:00.000Z"


def remembered(account: str = KEY.account, rate: float = 5.0) -> Remembered:
    return Remembered(
        account=account,
        region=KEY.region,
        operation=KEY.operation,
        rate=rate,
        burst=15.0,
        doubt=0.01,
        learned_at=MONDAY,
        used_at=MONDAY,
    )


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def book(tmp_path: Path, warnings: list[str]) -> QuotaBook:
    return QuotaBook(tmp_path / "state" / "batcher", warnings.append)


def test_what_is_remembered_is_recalled_with_its_age_and_can_be_forgotten(book: QuotaBook, warnings: list[str]) -> None:
    assert (book.entries(), book.forget()) == ([], 0)
    assert not book.path.parent.exists()  # looking writes nothing
    book.remember([remembered(), remembered("999", rate=2.0)])
    found = book.recall(KEY)
    assert found is not None
    assert found.learned(TUESDAY) == Learned(rate=5.0, burst=15.0, doubt=0.01, age=86400.0)
    assert found.learned(SUNDAY).age == 0  # the clock was set back
    assert book.path.stat().st_mode & 0o777 == 0o600
    assert book.forget("999") == 1
    assert [entry.account for entry in book.entries()] == [KEY.account]
    assert book.forget() == 1
    assert (book.entries(), warnings) == ([], [])


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"quotas": [{"account": "1"}]}', b"\xff\xfe", b"directory"],
)
def test_a_damaged_file_is_one_warning_and_is_written_anew(book: QuotaBook, warnings: list[str], content: bytes) -> None:
    book.remember([remembered()])
    if content == b"directory":
        book.path.unlink()
        book.path.mkdir()
    else:
        book.path.write_bytes(content)
    assert book.recall(KEY) is None
    assert book.recall(KEY) is None
    assert len(warnings) == 1
    assert str(book.path) in warnings[0]
    book.remember([remembered()])
    assert len(warnings) == 1
    if content != b"directory":
        assert book.recall(KEY) == remembered()


@pytest.mark.parametrize("change", ['"rate": 0', '"rate": -1.0', '"learned_at": "yesterday"', '"burst": 0'])
def test_numbers_and_times_that_can_not_be_count_as_damage(book: QuotaBook, warnings: list[str], change: str) -> None:
    book.remember([remembered()])
    name = change.split(":")[0]
    lines = book.path.read_text().splitlines()
    book.path.write_text("\n".join(change + "," if line.strip().startswith(name) else line for line in lines))
    assert book.recall(KEY) is None
    assert len(warnings) == 1


def test_a_guess_does_not_replace_what_was_known(book: QuotaBook) -> None:
    guess = Learned(rate=0.5, burst=None, doubt=1.0)
    assert book.note(KEY, guess, TUESDAY) is None
    book.remember([remembered()])
    kept = book.note(KEY, guess, TUESDAY)
    assert kept is not None
    assert (kept.rate, kept.learned_at, kept.used_at) == (5.0, MONDAY, TUESDAY)
    better = book.note(KEY, Learned(rate=6.0, burst=6.0, doubt=0.02), TUESDAY)
    assert better is not None
    assert (better.rate, better.learned_at, better.used_at) == (6.0, TUESDAY, TUESDAY)


async def test_processes_that_write_at_once_lose_nothing(book: QuotaBook) -> None:
    script = """
import sys
from pathlib import Path
from batcher.quotas import QuotaBook
from tests.test_quotas import remembered
book = QuotaBook(Path(sys.argv[1]), print)
for number in range(20):
    book.remember([remembered(f"{sys.argv[2]}-{number}")])
"""
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(book.path.parent), str(n)) for n in range(4)
    ]
    assert [await writer.wait() for writer in writers] == [0] * 4
    assert len(book.entries()) == 4 * 20


def test_the_place_follows_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_directory({"XDG_STATE_HOME": "/elsewhere"}) == Path("/elsewhere/batcher")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert state_directory({}) == Path("/home/somebody/.local/state/batcher")
