"""The one record of numbers: each has a unit and a reason, is used, and can be varied alone."""

import ast
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

import batcher.quota
from batcher.quota import tuning
from batcher.quota.estimator import RateEstimator
from batcher.quota.feasible_rates import Call, feasible_rates
from batcher.quota.observation import Observation
from batcher.quota.probe import SaturationProbe
from batcher.quota.throttle_log import ThrottleLog
from batcher.quota.tuning import TUNING

ROOM = Path(batcher.quota.__file__).parent
SECTIONS = [getattr(TUNING, section.name) for section in fields(TUNING)]
UNIT = re.compile(
    r"# (per second|seconds|tokens|calls|accepted calls|answers|times|share|cycles|round trips"
    r"|count errors|log-odds|throttles|refusals|cuts|moments|samples|parts|steps|power)\b.*"
)


def reasons() -> dict[str, str]:
    """The comment of each number of the record, which stands behind it or above it."""
    found, above = {}, ""
    for line in Path(tuning.__file__).read_text().splitlines():
        code, _, comment = line.strip().partition("# ")
        if not code:
            above = f"{above} {comment}".strip()
        elif (name := re.match(r"(\w+): (?:float|int|tuple)", code)) is not None:
            found[name[1]] = above or comment
            above = ""
        else:
            above = ""
    return found


def test_every_number_has_a_unit_and_a_reason() -> None:
    found = reasons()
    names = {field.name for section in SECTIONS for field in fields(section)}
    assert found.keys() == names
    without = {name for name, reason in found.items() if not UNIT.match(f"# {reason}")}
    assert not without
    assert not {name for name, reason in found.items() if len(reason.split()) < 3}


def test_every_number_is_used() -> None:
    read = {
        node.attr
        for file in ROOM.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute)
    }
    assert reasons().keys() <= read


@pytest.mark.parametrize("file", sorted(ROOM.glob("*.py")), ids=lambda file: file.stem)
def test_no_other_number_is_in_the_logic(file: Path) -> None:
    """0, 1 and 2 say themselves; a constant of a module has its name and its reason there."""
    if file.stem == "tuning":
        return
    tree = ast.parse(file.read_text())
    named = [node.value for node in tree.body if isinstance(node, ast.Assign)]
    numbers = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
        and node not in named
    ]
    assert set(numbers) <= {0, 1, 2}


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("ramp", "steps", ((1, 7.0),)),
        ("pace", "catch_up", 0.0),
        ("rate", "guess_seconds", 4.0),
        ("strays", "unexplained", -2.0),
        ("log", "least_of_highest", 0.9),
        ("bucket", "latency_answers", 1),
    ],
)
def test_a_number_can_be_varied_alone_and_changes_what_is_sent(
    section: str, name: str, value: object
) -> None:
    varied = replace(TUNING, **{section: replace(getattr(TUNING, section), **{name: value})})
    as_it_is = paces(RateEstimator(now=0.0))
    assert paces(RateEstimator(now=0.0, tuning=TUNING)) == as_it_is
    assert paces(RateEstimator(now=0.0, tuning=varied)) != as_it_is


def paces(quota: RateEstimator) -> list[tuple[float, float]]:
    """Rate and time of 200 calls, each a little late; one in ten is refused."""
    now, found = 0.0, []
    for call in range(200):
        while (at := quota.next_send(now)) > now:
            now = at
        ticket = quota.sent(now)
        now += 0.01 * (1 + call % 3)
        refused = call % 10 == 9 or call == 52  # those two so close that nothing can be counted
        observation = Observation.THROTTLED if refused else Observation.ACCEPTED
        quota.answered(ticket, now, observation)
        found.append((quota.rate, now))
    return found


def test_the_numbers_of_a_measurement_can_be_varied_too() -> None:
    fast = replace(TUNING, ramp=replace(TUNING.ramp, steps=((1, 50.0),)))
    assert SaturationProbe(fast).rate == 50.0
    calls = [Call(n / 10, n / 10 + 0.02, n < 5 or n % 2 == 0) for n in range(40)]
    coarse = replace(TUNING.feasible, least_doubt=0.9)
    fine, doubted = feasible_rates(calls), feasible_rates(calls, coarse)
    assert fine is not None
    assert doubted is not None
    assert (fine.rate, fine.doubt < 0.9, doubted.doubt) == (doubted.rate, True, 0.9)


def test_a_log_keeps_as_many_moments_as_it_is_told() -> None:
    log = ThrottleLog(replace(TUNING.log, kept_moments=3))
    for number in range(9):
        log.sent += 1
        log.throttled(number, float(number), new_event=True)
    assert len(log) == 3
