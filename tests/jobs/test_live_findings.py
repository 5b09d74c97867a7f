"""What live triggers showed adds up, whatever it was, and whatever was known of their updates."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from batcher.compact import LineSet
from batcher.jobs.live_findings import LiveFindings, Reads
from batcher.records import Error, Result, Status

SHOWN: list[tuple[Status, str | None]] = [
    ("succeeded", None),
    ("succeeded", "Partial"),
    ("succeeded", "MoreThanAsked"),
    ("succeeded", "ChangedSince"),
    ("in_doubt", "ChangedSince"),
    ("failed", "NotAsAsked"),
    ("failed", "ResourceNotFoundException"),
    ("failed", "AccessDeniedException"),
    ("in_doubt", "ReadTimeoutError"),
]
SAID = ("succeeded", "in_doubt", "deleted", "without_result")


def shown(line: int, status: Status, code: str | None) -> Result:
    return Result(
        id=str(line),
        line=line,
        target="eu",
        domain="acme",
        trigger=f"t{line}",
        status=status,
        error=None if code is None else Error(code=code, message="m"),
        started_at="2026-01-01T00:00:00.000Z",
        finished_at="2026-01-01T00:00:00.000Z",
    )


def of(said: list[str], *kinds: str) -> list[int]:
    return [line for line, kind in enumerate(said, 1) if kind in kinds]


@given(
    st.lists(st.tuples(st.sampled_from(SAID), st.sampled_from(SHOWN)), max_size=12),
    st.integers(0, 12),
    st.booleans(),
)
def test_each_live_trigger_counts_once(
    updates: list[tuple[str, tuple[Status, str | None]]], seen: int, has_images: bool
) -> None:
    said = [kind for kind, _ in updates]
    opened = of(said, "in_doubt", "deleted", "without_result")
    earlier = {line: [each for each in opened if each > line] for line in of(said, "succeeded")}
    found = LiveFindings(
        lines=LineSet(range(1, len(said) + 1)),
        doubtful=frozenset(of(said, "in_doubt", "deleted")),
        deleted=frozenset(of(said, "deleted")),
        started=LineSet(of(said, "without_result")),
        earlier={line: later for line, later in earlier.items() if later},
        superseded=0,
        on_look=None,
        names_targets=False,
        has_images=has_images,
    )
    found.read["eu"] = Reads(account=None, region="eu-west-1", endpoint="http://h")
    for line, (_, (status, code)) in enumerate(updates[:seen], 1):
        asyncio.run(found.append(shown(line, status, code)))
    found.close()
    together = found.as_asked + found.not_applied + found.differs.count + found.unread.count
    assert found.looked_at == together
    assert found.looked_at + found.set_again == min(seen, len(said))
    assert found.unseen == max(0, len(said) - seen)
    assert found.read["eu"].triggers == found.looked_at - found.unread.count
    assert found.settled.keys() <= set(of(said, "in_doubt", "deleted"))
    of_none = found.without_result
    assert of_none.updates == len(of(said, "without_result"))
    assert min(of_none.applied, of_none.not_applied, of_none.unclear, of_none.unread) >= 0
    assert of_none.first.count == of_none.applied + of_none.unclear
