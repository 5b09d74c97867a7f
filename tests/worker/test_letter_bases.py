"""Dead letters carry what they are based on; put back, they undo no newer update."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from batcher.emulator import Emulator
from batcher.records import BasedOn, Message, Result, Update
from batcher.testing import update as make_update
from batcher.worker.letter_bases import TRIGGERS_AT_MOST, LetterBases, with_base
from tests.conftest import Command, trigger
from tests.queues.conftest import Place
from tests.worker.test_worker import results_in, worker_of

FOUND = BasedOn(sha256="a" * 64)


def result(**members: Any) -> Result:
    base: dict[str, Any] = {"id": "u", "line": 1, "target": "", "domain": "acme", "trigger": "t"}
    times = {"started_at": "", "finished_at": ""}
    return Result(**{**base, "status": "failed", **times, **members})


def letter(base: str = "a", sent_at: float | None = 1.0, number: int = 1) -> Update:
    based_on = BasedOn(sha256=base * 64, sent_at=sent_at)
    return msgspec.structs.replace(make_update(number), based_on=based_on)


def body_of(message: Message, failed: Result) -> dict[str, Any]:
    return dict(msgspec.json.decode(with_base(message, failed).body))


def test_a_letter_has_the_state_it_found_and_when_its_update_was_first_sent() -> None:
    message = Message(id="m", body=b'{"DomainName":"acme","x":1.0}', handle="h", sent_at=7.5)
    first = body_of(message, result(based_on=FOUND))
    assert first == {
        "DomainName": "acme",
        "x": 1.0,
        "based_on": {"sha256": "a" * 64, "sent_at": 7.5},
    }
    # put back, it is another message of the queue, and fails of a later state
    again = Message(id="n", body=msgspec.json.encode(first), handle="h", sent_at=99.0)
    later = BasedOn(sha256="b" * 64)
    assert body_of(again, result(based_on=later))["based_on"] == {
        "sha256": "b" * 64,
        "sent_at": 7.5,
    }


@pytest.mark.parametrize("body", [b"{", b'{"DomainName":"acme"}', b"\xff"])
def test_what_nobody_looked_at_stays_byte_by_byte(body: bytes) -> None:
    message = Message(id="m", body=body, handle="h", sent_at=7.5)
    assert with_base(message, result()) is message


def test_letters_of_one_state_follow_each_other_and_only_from_older_to_newer() -> None:
    bases = LetterBases()
    bases.note(letter(sent_at=2.0), result(digest="b" * 64))
    assert bases.current(letter(sent_at=3.0)).based_on == BasedOn(sha256="b" * 64)
    assert bases.current(letter(sent_at=2.0)).based_on == BasedOn(sha256="b" * 64)
    for stays in (letter(sent_at=1.0), letter("c", sent_at=3.0), letter(sent_at=None)):
        assert bases.current(stays) is stays
    other = letter(sent_at=3.0, number=2)
    assert bases.current(other) is other
    bases.note(letter(sent_at=3.0), result(digest="d" * 64))
    assert bases.current(letter(sent_at=4.0)).based_on == BasedOn(sha256="d" * 64)
    stays = letter(sent_at=2.5)
    assert bases.current(stays) is stays


@pytest.mark.parametrize(
    ("update", "made"),
    [
        (letter(), None),
        (letter(), result()),
        (letter(sent_at=None), result(digest="b" * 64)),
        (make_update(1), result(digest="b" * 64)),
    ],
)
def test_what_made_nothing_or_is_no_letter_is_not_remembered(
    update: Update, made: Result | None
) -> None:
    bases = LetterBases()
    bases.note(update, made)
    later = letter(sent_at=9.0)
    assert bases.current(later) is later


def test_only_the_latest_triggers_are_remembered() -> None:
    bases = LetterBases()
    for number in range(TRIGGERS_AT_MOST + 1):
        bases.note(letter(number=number), result(digest="b" * 64))
    oldest = letter(sent_at=2.0, number=0)
    assert bases.current(oldest) is oldest
    assert bases.current(letter(sent_at=2.0, number=1)).based_on == BasedOn(sha256="b" * 64)
    assert result().digest is UNSET


class Fleet:
    """A queue with a worker that looks first, and a server with one trigger."""

    def __init__(self, place: Place, command: Command, emulator: Emulator, url: str) -> None:
        self.place = place
        self.command = command
        self.emulator = emulator
        self.url = url

    async def send(self, *segments: str, looks: bool = True, **members: str) -> None:
        """Send updates of the trigger, each after the other, and have them done or fail."""
        async with self.place.open() as opened:
            for segment in segments:
                sets = {"SegmentFilter": segment, **members}
                sent = msgspec.structs.replace(make_update(1, **sets), id=segment)
                await opened.producer.send([sent], segment)
        await self.work(looks=looks)

    async def work(self, *, looks: bool = True) -> None:
        more = [] if looks else ["--no-before"]
        ended = await self.command(
            *worker_of(self.place, self.url, "--once", "--max-attempts", "1", *more)
        )
        assert ended.code in (0, 1), ended.err

    async def redrive(self, *more: str) -> None:
        ended = await self.command("queue", "redrive", self.place.url, *more)
        assert ended.code == 0, ended.err

    def fail_next(self, count: int = 1) -> None:
        self.emulator.script("UpdateEventTrigger", ["internal"] * count)

    def segment(self) -> Any:
        return (self.emulator.trigger("acme", "t1") or {}).get("SegmentFilter")

    def statuses(self) -> list[tuple[str, str]]:
        return [(each["id"], each["status"]) for each in results_in(self.command.folder)]


@pytest.fixture
async def fleet(place: Place, batcher: Command) -> AsyncIterator[Fleet]:
    batcher.environ["AWS_REGION"] = "us-east-1"
    emulator = Emulator()
    emulator.seed([trigger(1)])
    async with emulator as url:
        yield Fleet(place, batcher, emulator, url)


@pytest.mark.parametrize("place", ["sqs", "redis"], indirect=True)
async def test_a_letter_that_is_put_back_undoes_no_newer_update_unless_forced(
    fleet: Fleet,
) -> None:
    fleet.fail_next()
    await fleet.send("older")
    await fleet.send("newer")
    await fleet.redrive()
    await fleet.work(looks=False)
    assert fleet.segment() == "newer"
    await fleet.redrive()  # stale once more
    await fleet.work()
    assert fleet.statuses() == [
        ("older", "failed"),
        ("newer", "succeeded"),
        ("older", "stale"),
        ("older", "stale"),
    ]
    await fleet.redrive("--force")
    await fleet.work()
    assert fleet.segment() == "older"


@pytest.mark.parametrize("place", ["sqs-fifo", "redis"], indirect=True)  # they keep an order
async def test_letters_of_one_trigger_that_are_put_back_end_as_the_newest(fleet: Fleet) -> None:
    fleet.fail_next(3)
    await fleet.send("one", "two", "three")
    await fleet.redrive()
    fleet.fail_next()  # the first of them fails again, and is the last of the letters by now
    await fleet.work()
    assert fleet.segment() == "three"
    await fleet.redrive()
    await fleet.work()
    assert fleet.segment() == "three"
    assert fleet.statuses()[3:] == [
        ("one", "failed"),
        ("two", "succeeded"),
        ("three", "succeeded"),
        ("one", "stale"),
    ]


@pytest.mark.parametrize("place", ["sqs", "redis"], indirect=True)
@pytest.mark.parametrize("looks", [False, True], ids=["never looked at", "unchanged since"])
async def test_an_ordinary_letter_goes_through(fleet: Fleet, looks: bool) -> None:
    fleet.fail_next(2)
    await fleet.send("one", looks=looks)
    await fleet.redrive()
    await fleet.work(looks=looks)  # fails again
    await fleet.redrive()
    await fleet.work(looks=looks)
    assert (fleet.segment(), fleet.statuses()[-1]) == ("one", ("one", "succeeded"))
