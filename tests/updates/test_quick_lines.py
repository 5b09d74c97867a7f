"""Many lines checked at one stroke: as each by itself is, or not at all."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from batcher.records import Update
from batcher.updates.line_reader import LineReader
from batcher.updates.quick_lines import is_an_object_each
from tests.updates.samples import MODEL, valid_lines

READER = LineReader(MODEL, "main", priority=3)
GOOD = b'{"DomainName":"acme","EventTriggerName":"cart"}'

spoilt_values = st.sampled_from(
    [
        *["", "a b", "acme\n", "\n", "x" * 65, "ä", "\0", "a\u0085", "\ud800", "a:b", '"', "007"],
        *[None, True, 0, -1, 1.0, 1.5, 61, 2**31, 2**63, 2**70, -(2**63), 1e999, [], {}, [{}]],
    ]
)


@st.composite
def spoilt_lines(draw: st.DrawFn) -> bytes:
    """A valid line with some value, name or byte of it changed, or given twice."""
    value = draw(valid_lines())
    inner: Any = value
    for _ in range(draw(st.integers(0, 6))):
        below = inner.values() if isinstance(inner, dict) else inner
        if not (lower := [each for each in below if isinstance(each, dict | list) and each]):
            break
        inner = draw(st.sampled_from(lower))
    names = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
    inner[draw(st.sampled_from(names))] = draw(spoilt_values)
    if draw(st.booleans()) and isinstance(inner, dict):
        inner[draw(st.sampled_from([*sorted(MODEL.constants), "id", "lost"]))] = draw(spoilt_values)
    raw = bytearray(json.dumps(value, ensure_ascii=draw(st.booleans())).encode("utf-8", "replace"))
    for at in draw(st.lists(st.integers(0, len(raw) - 1), max_size=1)):
        raw[at] = draw(st.integers(0, 255))
    return bytes(raw).replace(b"\n", b"")


good_lines = st.builds(
    lambda value, plain: json.dumps(value, ensure_ascii=plain).encode(),
    valid_lines(),
    st.booleans(),
)
odd_lines = st.sampled_from(
    [
        b"",
        b" " + GOOD,
        GOOD + b" ",
        GOOD + GOOD,
        GOOD[:-1],
        GOOD[1:],
        b"}",
        b"{",
        b"[" + GOOD + b"]",
        b'{"DomainName":"a","DomainName":"a","EventTriggerName":"x"}',
        b'{"DomainName":"a","EventTriggerName":"x","lost":{"a":{"b":1},"a":{"b":1}}}',
        b'{"DomainName":"a","EventTriggerName":"x","lost":{"a":1.0,"b":[[null]]},"priority":9}',
        b'{"DomainName":"a","EventTriggerName":"x","Description":"\\u003a","id":"row:1"}',
        b'{"DomainName":"a\xff","EventTriggerName":"x"}',
        b'{"\\u0044omainName":"a","EventTriggerName":"x"}',
    ]
)


def read_one_by_one(raws: list[bytes]) -> list[Any] | None:
    """What the reader says of each line by itself; None where it does not take all."""
    found = [READER.read(raw, line) for line, raw in enumerate(raws, 1)]
    return found if all(isinstance(each, Update) for each in found) else None


@settings(max_examples=60)
@given(
    st.lists(good_lines | spoilt_lines() | odd_lines, min_size=1, max_size=3),
    st.sampled_from([b"\n", b"\r\n"]),
)
@example([b'{"DomainName":', b'"a","EventTriggerName":"x"}' + GOOD], b"\n")
@example([b'{"DomainName":"a","EventTriggerName":"x\\n"}'], b"\n")
@example([b'{"DomainName":"a","EventTriggerName":"x","id":""}'], b"\n")
def test_what_is_taken_at_one_stroke_is_what_each_line_says_by_itself(
    lines: list[bytes], end: bytes
) -> None:
    raws = [line + end for line in lines]
    assert READER.read_all(raws, range(1, len(raws) + 1)) in (None, read_one_by_one(raws))
    quick = READER.read_quickly(b"".join(raws), len(raws))
    if quick is None:
        return
    slow = read_one_by_one(raws)
    assert slow is not None
    ids = [str(at) if each.id is UNSET else each.id for at, each in enumerate(quick, 1)]
    told = [(each.DomainName, each.EventTriggerName) for each in quick]
    assert ids == [update.id for update in slow]
    assert told == [(update.domain, update.trigger) for update in slow]
    assert READER.targets_of(quick) == [update.target for update in slow]
    assert READER.urgencies_of(quick) == [update.urgency for update in slow]


@given(st.lists(valid_lines(), min_size=1, max_size=3))
def test_lines_as_they_are_usually_written_are_taken_at_one_stroke(
    values: list[dict[str, Any]],
) -> None:
    raws = [json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values]
    assert READER.read_quickly(b"".join(raws), len(raws)) is not None


@pytest.mark.parametrize("odd", [b"", b" ", b"{}\n", b"{}\n }", b"{\n}", b'{"a":\n{}}{}'])
def test_an_object_that_goes_over_a_line_end_is_seen(odd: bytes) -> None:
    content = b"{}\n" + odd + b"\n"
    assert is_an_object_each(b"{}\n{}\n", 2)
    assert not is_an_object_each(content, content.count(b"\n"))


def test_lines_are_read_together_unless_one_is_wrong() -> None:
    right = [GOOD + b"\n"] * 2
    assert READER.read_all(right, [7, 8]) == [READER.read(right[0], 7), READER.read(right[0], 8)]
    assert READER.read_all([*right, b"{}\n"], [7, 8, 9]) is None


def test_a_target_that_is_not_known_is_left_to_the_one_that_explains() -> None:
    reader = LineReader(MODEL, "main", frozenset({"main", "other"}))
    named = b'{"DomainName":"a","EventTriggerName":"x","target":"%s"}\n'
    assert reader.read_quickly(named % b"other", 1) is not None
    assert reader.read_quickly(named % b"elsewhere", 1) is None
