"""A map of domains is read from its text, and changes no other domain than those it names."""

import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import SettingsError
from batcher.records import Update
from batcher.updates.domain_map import DomainMap
from batcher.updates.line_reader import LineReader
from batcher.updates.violations import Violation
from tests.updates.samples import MODEL, valid_lines

DOMAINS = st.text(st.characters(exclude_characters="=,", exclude_categories=["Cs"]), min_size=1)


@given(st.dictionaries(DOMAINS, DOMAINS, min_size=1), DOMAINS)
def test_each_domain_is_renamed_and_others_stay(pairs: dict[str, str], other: str) -> None:
    found = DomainMap(",".join(f"{old}={new}" for old, new in pairs.items()))
    assert {old: found.renamed(old) for old in pairs} == pairs
    assert found.renamed(other) == pairs.get(other, other)


@pytest.mark.parametrize("text", ["", "a", "a=", "=b", "a=b,", "a=b=c", ",a=b"])
def test_anything_else_is_no_map(text: str) -> None:
    with pytest.raises(ValueError, match="does not match"):
        DomainMap(text)


def test_a_domain_can_be_given_twice_but_not_two_others() -> None:
    assert DomainMap("a=b,a=b").renamed("a") == "b"
    with pytest.raises(SettingsError, match="a can't be both b and c"):
        DomainMap("a=b,a=c")


@given(valid_lines())
def test_a_reader_changes_the_domain_and_nothing_else(line: dict[str, Any]) -> None:
    line = {name: value for name, value in line.items() if name != "domain_map"}
    plain = LineReader(MODEL, "main")
    mapped = LineReader(MODEL, "main", domains=DomainMap(f"{line['DomainName']}=globex"))
    raw = json.dumps(line).encode()
    before, after = plain.read(raw, 1), mapped.read(raw, 1)
    assert isinstance(before, Update)
    assert isinstance(after, Update)
    assert after.request == before.request | {"DomainName": "globex"}
    assert (after.id, after.target, after.based_on) == (before.id, before.target, before.based_on)
    assert mapped.from_mapping(line, 1) == after
    assert line["DomainName"] == before.domain


def reader(domains: str | None) -> LineReader:
    return LineReader(MODEL, "default", domains=None if domains is None else DomainMap(domains))


def read(line: object, domains: str | None) -> Update | list[Violation] | None:
    return reader(domains).read(json.dumps(line).encode(), 1)


@pytest.mark.parametrize("domains", ["a=b,b=c", "a=b,b=a", "a=b"])
def test_a_line_that_a_map_has_given_its_domain_is_not_mapped_by_it_again(domains: str) -> None:
    line = {"DomainName": "a", "EventTriggerName": "t", "SegmentFilter": "vip"}
    mapped = read(line, domains)
    assert isinstance(mapped, Update)
    assert (mapped.domain, mapped.domain_map) == ("b", domains)
    planned = mapped.as_line()
    for map_now in (domains, None):
        again = read(planned, map_now)
        assert isinstance(again, Update)
        assert (again.domain, again.as_line()) == ("b", planned)
    assert reader(domains).trigger_of(json.dumps(planned).encode()) == ("b", "t")
    (fault,) = cast("list[Violation]", read(planned, "b=x"))
    assert (fault.path, "make a new plan" in fault.message) == ("domain_map", True)
    assert isinstance(read(planned, "y=x"), Update), "that map leaves it as it is"


def test_without_a_map_or_a_change_a_line_is_not_marked() -> None:
    line = {"DomainName": "a", "EventTriggerName": "t", "SegmentFilter": "vip"}
    for domains in (None, "b=c", "a=a"):
        found = read(line, domains)
        assert isinstance(found, Update)
        assert "domain_map" not in found.as_line()
