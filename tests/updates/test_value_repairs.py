"""Values as other tools write them, and that the steps for jq mend them."""

import json
from pathlib import Path
from typing import Any

import pytest

from batcher.updates.value_repairs import Repairs, repairs
from tests.updates.mended_files import (
    MODEL,
    TEXT_LIMITS,
    UPDATES,
    WITH_LIMITS,
    assert_mended,
    lines,
)


def answered(update: dict[str, Any]) -> dict[str, Any]:
    """As ``aws customer-profiles get-event-trigger`` prints it."""
    rest = {name: value for name, value in update.items() if name != "DomainName"}
    return rest | {"CreatedAt": "2026-01-02T03:04:05+00:00", "LastUpdatedAt": 1.0, "Tags": {}}


@pytest.mark.parametrize(
    ("what", "content", "tool"),
    [
        ("what the API answers", lines(list(map(answered, UPDATES))), "jq"),
        ("what the API answers", json.dumps(answered(UPDATES[0]), indent=4).encode(), "jq"),
        (
            "what the API answers",
            json.dumps({"Items": list(map(answered, UPDATES)), "NextToken": None}).encode(),
            "jq",
        ),
        (
            'null or ""',
            lines([u | {"Description": None, "SegmentFilter": ""} for u in UPDATES]),
            "jq",
        ),
        ("numbers as texts", lines([u | TEXT_LIMITS for u in UPDATES]), "jq"),
        ("numbers as texts", lines([u | {"id": n} for n, u in enumerate(UPDATES)]), "jq"),
        (
            "what the API answers",
            lines([answered(u | TEXT_LIMITS | {"Description": None}) for u in UPDATES]),
            "jq",
        ),
    ],
)
def test_values_of_other_tools_are_told_and_jq_mends_them(
    tmp_path: Path, what: str, content: bytes, tool: str
) -> None:
    assert_mended(tmp_path, what, content, tool)


def test_updates_with_nothing_to_mend_get_no_steps() -> None:
    assert repairs(WITH_LIMITS, MODEL) == Repairs()


def test_of_what_is_nested_deep_only_so_many_levels_are_looked_at() -> None:
    deep: Any = ""
    for _ in range(900):
        deep = {"a": [deep]}
    assert repairs([{"DomainName": deep}], MODEL) == Repairs()
