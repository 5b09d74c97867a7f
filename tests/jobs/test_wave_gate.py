"""Between two waves: what is left of the soak, what a check's exit code means, who is asked."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.config import resolve
from batcher.jobs.run import open_run
from batcher.jobs.run_order import RunOrder
from batcher.jobs.wave_gate import Nobody, WaveGate, WaveVerdict
from batcher.jobs.wave_plan import wave_plan
from batcher.jobs.waves import ChangedUpdates
from batcher.records import Seconds, Summary
from batcher.storage.wave_file import EndedWave

ENDED_AT = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
WAVE = EndedWave(number=2, of=3, changed=11, ended_at=ENDED_AT)
SUMMARY = Summary(total=20, succeeded=11, not_started=9, wall_seconds=1, rate=1, seconds=Seconds())


class Standing:
    """A clock that stands, but for what is slept."""

    def __init__(self, since_the_wave: float) -> None:
        self.at = ENDED_AT + timedelta(seconds=since_the_wave)
        self.slept: list[float] = []

    def now(self) -> float:
        return 0.0

    def wall(self) -> str:
        return self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Person(Nobody):
    """An Attendant with an answer, who remembers what he was told and asked."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.told: list[str] = []
        self.asked: list[str] = []

    def tell(self, text: str) -> None:
        self.told.append(text)

    async def agrees(self, question: str, summary: Summary, changed: ChangedUpdates) -> bool:
        self.asked.append(question)
        return self.answer


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Any]:
    with open_run("x.jsonl", tmp_path / "u.run", resolve({}), dry_run=True) as opened:

        def make(person: Nobody, clock: Standing, override: bool = False, **given: Any) -> WaveGate:
            settings = resolve({"waves": "1,10,rest", **given})
            order: RunOrder = msgspec.structs.replace(opened.order, settings=settings, clock=clock)
            return WaveGate(order, wave_plan(settings, 20), person, override=override)

        yield make


async def verdict(
    gate: Any, answer: bool | None = None, wave: EndedWave = WAVE, **given: Any
) -> tuple[WaveVerdict, Person]:
    person = Person(bool(answer))
    found = await gate(person, Standing(0), **given).verdict(wave, SUMMARY, ChangedUpdates())
    return found, person


@pytest.mark.parametrize(
    ("gone", "slept"),
    [(0, [900.0]), (840, [60.0]), (899.5, [0.5]), (900, []), (86_400, []), (-86_400, [900.0])],
)
async def test_a_soak_is_counted_from_the_end_of_the_wave(
    gate: Any, gone: float, slept: list[float]
) -> None:
    clock = Standing(gone)
    found = await gate(Person(False), clock, soak="15m").verdict(WAVE, SUMMARY, ChangedUpdates())
    assert (found.goes_on, clock.slept) == (True, slept)


async def test_what_it_waits_for_is_said_while_it_does(gate: Any) -> None:
    states: list[str | None] = []

    class Watching(Standing):
        """Looks at the gate while it soaks."""

        async def sleep(self, seconds: float) -> None:
            states.append(found.state)

    class Looking(Person):
        """Looks at the gate whenever something is told or asked."""

        def tell(self, text: str) -> None:
            states.append(found.state)

        async def agrees(self, question: str, summary: Summary, changed: ChangedUpdates) -> bool:
            states.append(found.state)
            return True

    found = gate(Looking(True), Watching(0), soak="15m", check="sh -c 'echo a; exit 75'")
    await found.verdict(WAVE, SUMMARY, ChangedUpdates())
    soak = f"soak until {(ENDED_AT + timedelta(minutes=15)).astimezone():%H:%M:%S}"
    assert states == [None, soak, soak, "check running", "question"]


@pytest.mark.parametrize(
    ("check", "answer", "goes_on", "outcome", "said"),
    [
        ("true", None, True, None, ""),
        ("false", True, False, "failed", "wave 2 of 3 failed (false: exit code 1)"),
        ("sh -c 'exit 75'", True, True, None, ""),
        ("sh -c 'exit 75'", False, False, "asks", "Run the same command again to go on"),
        ("sh -c 'exit 2'", True, False, None, "no verdict (sh …: exit code 2)"),
        ("sh -c 'exit 74'", True, False, None, "no verdict"),
        ("sh -c 'kill -9 $$'", True, False, None, "no verdict (sh …: it was ended by SIGKILL)"),
        ("/no/such", True, False, None, "no verdict (/no/such: it can't be started"),
        ("sleep 9", True, False, None, "no verdict (sleep …: it did not end within 1 s)"),
    ],
)
@pytest.mark.parametrize("rollback", [True, False])
async def test_what_the_end_of_a_check_means(
    gate: Any,
    check: str,
    answer: bool | None,
    goes_on: bool,
    outcome: str | None,
    said: str,
    rollback: bool,
) -> None:
    if check == "sleep 9" and rollback:
        return
    found, _ = await verdict(
        gate, answer, check=check, check_timeout="1s", rollback_on_failure=rollback
    )
    assert (found.goes_on, found.outcome) == (goes_on, outcome)
    assert said in found.stopped
    assert found.undo == (rollback and outcome == "failed"), "only a check that says 1 undoes"


async def test_a_check_is_told_of_the_run_and_of_the_wave_and_what_it_says_is_told(
    gate: Any, tmp_path: Path
) -> None:
    program = (
        "import json,os,sys; said = json.load(sys.stdin);"
        "print(json.dumps([said['succeeded'], said['wave'], os.environ['BATCHER_WAVE'],"
        " os.environ['BATCHER_RUN_DIR']]))"
    )
    _, person = await verdict(gate, check=f'{sys.executable} -c "{program}"')
    (line,) = [each.removeprefix("check: ") for each in person.told if "check: " in each]
    succeeded, wave, number, directory = json.loads(line)
    assert (succeeded, number, directory) == (11, "2", str(tmp_path / "u.run"))
    assert wave == {"number": 2, "of": 3, "changed": 11, "ended_at": "2026-01-01T03:00:00Z"}


@pytest.mark.parametrize(
    ("outcome", "answer", "override", "goes_on", "asks"),
    [
        ("failed", False, False, False, True),
        ("failed", True, False, True, True),
        ("failed", False, True, True, False),
        ("waits", False, False, True, False),
        ("asks", False, False, True, False),
    ],
)
@pytest.mark.parametrize("check", ["true", None])
async def test_a_resume_after_a_failed_check_needs_a_word_and_after_a_question_none(
    gate: Any,
    outcome: Any,
    answer: bool,
    override: bool,
    goes_on: bool,
    asks: bool,
    check: str | None,
) -> None:
    wave = msgspec.structs.replace(WAVE, outcome=outcome)
    found, person = await verdict(gate, answer, wave, check=check, override=override)
    assert (found.goes_on, bool(person.asked)) == (goes_on, asks)
    if not goes_on:
        assert (found.outcome, "--override-check" in found.stopped) == ("failed", True)


@pytest.mark.parametrize(
    ("of", "given", "has_after"),
    [
        (3, {"waves": None}, False),
        (3, {"waves": None, "check": "true"}, False),
        (3, {"waves": "100", "soak": "1m"}, False),  # all in one
        (3, {"waves": None, "canary": 1}, True),
        (1, {"waves": None, "check": "true"}, True),
        (1, {"waves": None}, False),
    ],
)
@pytest.mark.parametrize("outcome", ["asks", None])
async def test_a_command_without_the_waves_of_one_that_was_asked_about_needs_a_word(
    gate: Any, of: int, given: dict[str, Any], has_after: bool, outcome: Any
) -> None:
    wave = msgspec.structs.replace(WAVE, of=of, number=of, outcome=outcome)
    found, person = await verdict(gate, False, wave, **given)
    if not has_after:
        assert (found.goes_on, found.outcome, len(person.asked)) == (False, outcome, 1)
        assert "no waves or check, and nobody said to go on all the same" in found.stopped
        assert "--override-check" in found.stopped
    elif outcome == "asks":
        assert (found.goes_on, person.asked) == (True, [])
    assert (await verdict(gate, True, wave, **given))[0].goes_on
    assert (await verdict(gate, False, wave, override=True, **given))[0].goes_on or has_after


@pytest.mark.parametrize("answer", [True, False])
async def test_with_neither_soak_nor_check_somebody_is_asked(gate: Any, answer: bool) -> None:
    found, person = await verdict(gate, answer)
    assert (found.goes_on, person.asked) == (answer, ["Go on with the next wave?"])
    assert found.stopped == ("" if answer else "after wave 2 of 3 (--waves)")
