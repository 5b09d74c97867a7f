"""Checks side by side: one that fails, hangs or is defective keeps no other from being told."""

import anyio

from batcher.errors import SettingsError
from batcher.jobs.diagnosis import AT_ONCE, CheckGroup, Diagnosis, Told, run_checks
from batcher.testing import in_virtual_time


async def fine(told: Told) -> None:
    told.ok("first", "it is there.")
    told.ok("second", "it is there.")


async def hangs(told: Told) -> None:
    told.ok("first", "it is there.")
    await anyio.sleep_forever()


async def refuses(told: Told) -> None:
    raise SettingsError("target a: a setting is wrong.")


async def breaks(told: Told) -> None:
    raise KeyError("SECRET")


async def is_away(told: Told) -> None:
    raise PermissionError(13, "Permission denied", "/x")


async def gives_up(told: Told) -> None:
    told.fault("first", "it is not there.", "Put it there.")


def test_each_check_is_told_once_whatever_becomes_of_the_others() -> None:
    finds = [fine, hangs, refuses, breaks, is_away, gives_up]
    groups = [
        CheckGroup(subject="target a", names=("first", "second", "third"), find=find)
        for find in finds
    ]
    checks = in_virtual_time(run_checks(groups, within=5.0))
    assert [check.name for check in checks] == ["first", "second", "third"] * len(finds)
    told = [(check.verdict, check.seen) for check in checks]
    assert told[0:2] == [("ok", "it is there.")] * 2
    assert told[4] == ("fault", "no answer within 5 s.")
    assert told[6] == ("fault", "a setting is wrong.")
    assert told[9] == ("fault", "the check itself failed (KeyError).")
    assert told[12] == ("fault", "Permission denied.")
    assert told[16:18] == [("untested", "see first.")] * 2
    assert "SECRET" not in str(checks)


def test_what_waits_for_its_turn_has_all_of_its_time_when_that_comes() -> None:
    running = most = 0

    async def takes_four_seconds(told: Told) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await anyio.sleep(4.0)
        running -= 1
        told.ok("first", "it is there.")

    group = CheckGroup(subject="target a", names=("first",), find=takes_four_seconds)
    checks = in_virtual_time(run_checks([group] * 5 * AT_ONCE, within=5.0))
    assert [check.verdict for check in checks] == ["ok"] * 5 * AT_ONCE
    assert most == AT_ONCE


def test_faults_are_mended_before_warnings_and_one_that_is_told_twice_once() -> None:
    told = Told("queue")
    told.warn("a", "slow.", "Wait.")
    told.fault("b", "away.", "Bring it back.")
    told.fault("c", "away.", "Bring it back.")
    told.ok("d", "there\x1b[2J.")
    diagnosis = Diagnosis(checks=tuple(told.checks), missing={})
    assert [check.name for check in diagnosis.to_mend] == ["b", "a"]
    assert diagnosis.has_faults
    assert "\x1b" not in told.checks[-1].seen
