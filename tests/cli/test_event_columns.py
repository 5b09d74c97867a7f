"""Whether events are a CSV, and that all of its columns that are needed are named."""

from typing import Any

import click
import pytest

from batcher.cli.event_columns import taken_columns
from batcher.sources.event_file import EventColumns

NONE: dict[str, Any] = dict.fromkeys(
    ("object_type", "profile_column", "time_column", "id_column", "ingested_column")
)
ALL = {"object_type": "Orders", "profile_column": "p", "time_column": "t"}


@pytest.mark.parametrize("events", ["events.jsonl", "-", "s3://bucket/events.jsonl.gz"])
def test_without_columns_events_are_json_lines_unless_they_are_called_otherwise(
    events: str,
) -> None:
    assert taken_columns(dict(NONE), events) is None
    found = taken_columns(NONE | ALL, events)
    assert found == EventColumns(object_type="Orders", profile="p", time="t")


@pytest.mark.parametrize("events", ["orders.csv", "s3://bucket/orders.csv.gz"])
def test_a_csv_without_its_columns_is_refused_with_the_flags_that_are_missing(events: str) -> None:
    with pytest.raises(click.UsageError, match="--profile-column, --time-column"):
        taken_columns(NONE | {"object_type": "Orders"}, events)
