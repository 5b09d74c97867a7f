"""How many requests this machine can have under way."""

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from batcher.host_limits import MOST, OPERATIONS, connections_at_once, requests_at_once


@pytest.fixture
def descriptors() -> Iterator[Callable[[int], None]]:
    """Sets the soft limit of descriptors for the time of a test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield lambda most: resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(("most", "targets"), [(256, 1), (1024, 1), (1024, 4), (4096, 20)])
def test_all_targets_together_leave_descriptors_for_everything_else(
    descriptors: Callable[[int], None], most: int, targets: int
) -> None:
    descriptors(most)
    assert requests_at_once(targets, ()) >= 1
    assert requests_at_once(targets, ()) * OPERATIONS * targets <= most - 64
    assert connections_at_once() <= most - 64  # also where each target of thousands has one


def test_there_is_always_one_and_never_more_than_the_most(
    descriptors: Callable[[int], None],
) -> None:
    assert requests_at_once(1, ()) <= MOST
    descriptors(40)
    assert requests_at_once(1, ()) == 10
    assert requests_at_once(1000, ()) == 1


def test_a_small_container_has_fewer_in_flight(tmp_path: Path) -> None:
    small, unlimited = tmp_path / "memory.max", tmp_path / "unlimited"
    small.write_text(str(128 * 1024 * 1024))
    unlimited.write_text("max")
    assert requests_at_once(1, (tmp_path / "none", unlimited)) == requests_at_once(1, ())
    assert requests_at_once(1, (small,)) == 64
    assert requests_at_once(2, (small,)) == 32
