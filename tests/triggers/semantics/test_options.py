"""The table of what AWS does not say, against the record of choices."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from batcher.triggers.semantics.options import (
    BY_NAME,
    UNKNOWNS,
    SemanticsOptions,
    Unknown,
    alternatives,
    assumption,
)

FIELDS = {field.name: field for field in msgspec.structs.fields(SemanticsOptions)}


def test_the_table_has_a_row_for_each_option() -> None:
    assert [unknown.name for unknown in UNKNOWNS] == list(FIELDS)


@pytest.mark.parametrize("unknown", UNKNOWNS, ids=lambda unknown: unknown.name)
def test_a_row_has_the_choices_and_the_default_of_its_option(unknown: Unknown) -> None:
    field = FIELDS[unknown.name]
    assert unknown.choices[0] == field.default
    if unknown.name != "timezone":
        known = (True, False) if field.type is bool else get_args(field.type)
        assert set(unknown.choices) == set(known)
        assert len(list(alternatives(SemanticsOptions(), unknown.name))) == len(known) - 1


def test_the_alternatives_of_a_time_zone_are_the_offsets_in_use() -> None:
    names = [
        each.timezone for each in alternatives(SemanticsOptions(timezone="+05:45"), "timezone")
    ]
    assert {"-12:00", "+00:00", "+05:30", "+14:00"} <= set(names)
    assert "+05:45" not in names


def test_no_two_rows_share_a_flag_a_label_or_an_assumption() -> None:
    flags = [flag for unknown in UNKNOWNS for flag in unknown.flag.split("/")]
    sentences = [text for unknown in UNKNOWNS for text in unknown.readings.values()]
    labels = [unknown.label for unknown in UNKNOWNS]
    assert all(len(set(each)) == len(each) for each in (flags, labels, sentences))


def test_the_docs_show_the_table() -> None:
    page = " ".join(Path("docs/semantics.md").read_text().split())
    for unknown in UNKNOWNS:
        first = unknown.flag.replace("/", "` `")
        assert f"| `{first}" in page, unknown.flag
        assert assumption(SemanticsOptions(), unknown) in page
        assert all(
            f"`{choice}`" in page for choice in unknown.choices if choice not in (True, False)
        )


def test_an_assumption_names_the_time_zone_that_was_chosen() -> None:
    said = assumption(SemanticsOptions(timezone="Asia/Tokyo"), BY_NAME["timezone"])
    assert said == "Dates without an offset, and the days of ON, are of the time zone Asia/Tokyo."
