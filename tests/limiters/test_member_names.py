"""Names of members: which of them a host knows to be dead."""

import os
import subprocess
import sys

import pytest

from batcher.limiters.member_names import is_dead, new_name


def test_a_process_that_ended_is_dead_and_one_that_lives_is_not() -> None:
    program = "from batcher.limiters.member_names import new_name; print(new_name(), flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", f"{program}; input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert not is_dead(name)
        process.kill()
    assert is_dead(name)


def test_one_that_had_the_number_of_this_process_is_dead_and_this_one_is_not() -> None:
    mine = new_name()
    assert not is_dead(mine)
    assert mine != new_name()
    assert is_dead(mine.rpartition(":")[0] + ":00000000")


@pytest.mark.parametrize(
    "name",
    ["", ":", "a:b", "other:1:x", "other:99999999:x", "{here}:x:y", f"{{here}}:{'9' * 30}:y"],
)
def test_of_others_nothing_is_known(name: str) -> None:
    here = new_name().partition(f":{os.getpid()}:")[0]
    assert not is_dead(name.format(here=here))
